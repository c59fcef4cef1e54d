import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { type Header, openFits, readImage } from '@colibri/fits';
import { MaskPlane, madSigma, medianOf, rejectCosmicRays } from '@colibri/numerics';
import { parseWcs, type Wcs } from '@colibri/sky';
import type { HeldImage } from '../held-image.ts';

/** An image of another telescope, in the planes that our modules work with [electron]. */
export interface ForeignImage extends HeldImage {
  readonly name: string;
  readonly exposureSec: number;
  readonly startedAt: string;
  /** null: the header says nothing of the sky. */
  readonly wcs: Wcs | null;
}

async function readPlane(path: string) {
  const file = await openFits(new Uint8Array(readFileSync(path)), { name: basename(path) });
  const hdu = file.hdus.find((candidate) => candidate.kind !== 'bintable' && (candidate.header.number('NAXIS') ?? 0) === 2);
  if (!hdu) throw new Error(`${basename(path)} holds no image.`);
  const { data, shape } = await readImage(hdu, { as: 'float32' });
  return { primary: file.hdus[0]!.header, header: hdu.header, data: Float32Array.from(data), shape };
}

const numberIn = (header: Header, key: string): number => {
  const value = header.number(key);
  if (value === undefined || value === null) throw new Error(`The header has no ${key}.`);
  return value;
};

/** A cut-out of the DECam community pipeline [adu], with its data-quality plane where there is one (0: good); cosmic rays found as `reduction` finds them. */
export async function readDecam(path: string, qualityPath: string | null): Promise<ForeignImage> {
  const { primary, header, data, shape } = await readPlane(path);
  const [width, height] = shape as [number, number];
  const gain = (numberIn(header, 'GAINA') + numberIn(header, 'GAINB')) / 2;
  const readNoise = (numberIn(header, 'RDNOISEA') + numberIn(header, 'RDNOISEB')) / 2;
  const quality = qualityPath ? (await readPlane(qualityPath)).data : null;
  const saturation = gain * numberIn(header, 'SATURATE');
  const electrons = data.map((adu) => adu * gain);
  const variance = electrons.map((e) => Math.max(e, 0) + readNoise ** 2);
  const mask = Uint16Array.from(electrons, (e, i) => maskOf(e, saturation, quality?.[i] ?? 0));
  rejectCosmicRays(electrons, variance, mask, { width, height });
  return {
    name: basename(path),
    width,
    height,
    data: electrons,
    variance,
    mask,
    saturation,
    exposureSec: numberIn(primary, 'EXPTIME'),
    startedAt: `${primary.text('DATE-OBS') ?? ''}Z`,
    wcs: parseWcs(header),
  };
}

const maskOf = (value: number, saturation: number, quality: number): number =>
  (Number.isFinite(value) ? 0 : MaskPlane.NO_DATA) |
  (value >= saturation ? MaskPlane.SATURATED : 0) |
  (quality !== 0 ? MaskPlane.BAD : 0);

/**
 * A raw frame of the amateur camera that saw M13: its electronics add a level to each row and each column, which is taken off. Nothing says
 * what its gain is: the unit stays [adu], and the noise is measured from differences of pixels two apart.
 */
export async function readStriped(path: string): Promise<ForeignImage> {
  const { primary, data, shape } = await readPlane(path);
  const [width, height] = shape as [number, number];
  for (let y = 0; y < height; y++) {
    const level = medianOf(data.slice(y * width, (y + 1) * width));
    for (let x = 0; x < width; x++) data[y * width + x]! -= level;
  }
  for (let x = 0; x < width; x++) {
    const level = medianOf(new Float32Array(height).map((_, y) => data[y * width + x]!));
    for (let y = 0; y < height; y++) data[y * width + x]! -= level;
  }
  const noise = madSigma(new Float32Array(data.length - 2).map((_, i) => (data[i + 2]! - data[i]!) / Math.SQRT2));
  return {
    name: basename(path),
    width,
    height,
    data,
    variance: new Float32Array(data.length).fill(noise * noise),
    mask: new Uint16Array(data.length),
    saturation: Number.POSITIVE_INFINITY,
    exposureSec: numberIn(primary, 'EXPTIME'),
    startedAt: `${primary.text('DATE-OBS') ?? ''}Z`,
    wcs: null,
  };
}
