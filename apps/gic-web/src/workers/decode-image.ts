import { type CardValue, type FitsFile, type Hdu, openFits, readImage } from '@colibri/fits';
import { sortedSample } from '../components/image-viewer/levels.ts';
import { halveBits, halveMean, type Level, pyramid } from '../components/image-viewer/pyramid.ts';

export type CardRow = readonly [keyword: string, value: string | number | boolean | null, comment: string];

/** A FITS image made ready for the screen. */
export interface DecodedImage {
  readonly width: number;
  readonly height: number;
  readonly unit: string;
  /** Finest first; `block` counts from 1 for the finest. */
  readonly levels: readonly Level[];
  readonly mask: readonly Level<Uint16Array>[] | null;
  readonly sorted: Float32Array;
  readonly cards: readonly CardRow[];
}

/** Reads SCI (or the first image) and MASK of a FITS file, with their pyramids and a sorted sample of the values. */
export async function decodeImage(bytes: Uint8Array, name: string): Promise<DecodedImage> {
  const file = await openFits(bytes, { name });
  const science = find(file, 'SCI') ?? file.firstImage();
  const image = await readImage(science, { as: 'float32' });
  const [width, height] = [image.shape[0] ?? 0, image.shape[1] ?? 1];
  const maskHdu = find(file, 'MASK');
  const mask = maskHdu === null || maskHdu === science ? null : await readMask(maskHdu, width, height);
  const plane = image.data.length === width * height ? image.data : image.data.subarray(0, width * height);
  return {
    width,
    height,
    unit: image.unit,
    levels: pyramid({ width, height, block: 1, data: plane }, halveMean),
    mask,
    sorted: sortedSample(plane),
    cards: science.header.cards().map((card) => [card.keyword, plain(card.value), card.comment ?? '']),
  };
}

const find = (file: FitsFile, name: string): Hdu | null =>
  file.hdus.find((hdu) => hdu.name.toUpperCase() === name && (hdu.kind === 'image' || hdu.kind === 'compressed-image')) ?? null;

async function readMask(hdu: Hdu, width: number, height: number): Promise<Level<Uint16Array>[] | null> {
  if (hdu.shape[0] !== width || hdu.shape[1] !== height) return null;
  const { data } = await readImage(hdu);
  return pyramid({ width, height, block: 1, data: Uint16Array.from(data as ArrayLike<number>) }, halveBits);
}

function plain(value: CardValue | undefined): string | number | boolean | null {
  return typeof value === 'bigint' ? Number(value) : (value ?? null);
}

/** The buffers of a decoded image, each once, to be handed over rather than copied. */
export const buffersOf = (image: DecodedImage): ArrayBuffer[] =>
  [
    ...new Set([
      ...image.levels.map((level) => level.data.buffer),
      ...(image.mask ?? []).map((level) => level.data.buffer),
      image.sorted.buffer,
    ]),
  ] as ArrayBuffer[];
