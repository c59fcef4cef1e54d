import { type ByteSource, type FitsFile, type Hdu, openFits, verifyChecksums } from '@colibri/fits';
import type { Compute } from '@colibri/numerics';
import { frameBlank, notAnImage } from './errors.ts';
import type { FrameMeta, HeaderValues, RawFrame } from './frame.ts';
import { type FrameMetaOptions, frameIdOf, frameMeta } from './frame-meta.ts';
import { readPixels } from './read-pixels.ts';

/** A raw frame's header and size, its pixels not yet read: enough to decide where it goes. */
export interface FrameHead {
  readonly meta: FrameMeta;
  readonly header: HeaderValues;
  readonly width: number;
  readonly height: number;
  readonly warnings: readonly string[];
}

/** Reads the headers only. */
export async function readFrameHead(
  source: ByteSource | Uint8Array,
  path: string,
  sha256: string,
  options: FrameMetaOptions,
): Promise<FrameHead> {
  const { file, hdu } = await openImage(source, path);
  return headOf(file, hdu, path, sha256, options);
}

/**
 * Reads headers and pixels. Counts stay integers where the file has unsigned 16-bit ones, else they become float32. With `compute` they
 * lie in its memory and are the caller's to free.
 */
export async function readRawFrame(
  source: ByteSource | Uint8Array,
  path: string,
  sha256: string,
  options: FrameMetaOptions,
  compute: Compute | null = null,
): Promise<{ readonly raw: RawFrame; readonly warnings: readonly string[] }> {
  const { file, hdu } = await openImage(source, path);
  const head = headOf(file, hdu, path, sha256, options);
  const sums = await checkSums(file);
  const data = await readPixels(hdu, compute);
  const { meta, width, height } = head;
  try {
    refuseBlank(meta.frameId, data);
  } catch (error) {
    compute?.free(data);
    throw error;
  }
  const header = new Map(head.header).set('RAWSUM', sums.verdict);
  return { raw: { meta, header, width, height, data }, warnings: [...head.warnings, ...sums.warnings] };
}

/**
 * DATASUM and CHECKSUM against the bytes. A mismatch is told, not refused: tools that edit headers leave stale sums behind, and pixels
 * that are damaged in earnest fail to unpack. The verdict goes into the card RAWSUM of the products.
 */
async function checkSums(file: FitsFile): Promise<{ verdict: string; warnings: string[] }> {
  const warnings: string[] = [];
  let isSigned = false;
  for (const hdu of file.hdus) {
    const { datasum, checksum } = await verifyChecksums(hdu);
    isSigned ||= datasum === 'ok' || checksum === 'ok';
    const bad = datasum === 'bad' ? 'DATASUM' : checksum === 'bad' ? 'CHECKSUM' : null;
    if (bad)
      warnings.push(
        `${bad} of HDU ${hdu.index} does not agree with its bytes: the file was changed or damaged after it was signed.`,
      );
  }
  return { verdict: warnings.length > 0 ? 'mismatch' : isSigned ? 'verified' : 'unverified', warnings };
}

function headOf(file: FitsFile, hdu: Hdu, path: string, sha256: string, options: FrameMetaOptions): FrameHead {
  const header = headerValues(file, hdu);
  const { meta, warnings } = frameMeta(header, path, sha256, options);
  const [width, height] = [hdu.shape[0]!, hdu.shape[1]!];
  return { meta, header, width, height, warnings: [...file.warnings.map(({ message }) => message), ...warnings] };
}

/** The image of a raw file: the extension SCI where there is one, else the first HDU with pixels; of two axes (more of length 1 pass). */
async function openImage(source: ByteSource | Uint8Array, path: string): Promise<{ file: FitsFile; hdu: Hdu }> {
  const file = await openFits(source, { name: path });
  const hdu = file.hdus.find((candidate) => candidate.name === 'SCI' && candidate.shape.length > 0) ?? file.firstImage();
  if (hdu.shape.length < 2 || hdu.shape.slice(2).some((size) => size !== 1)) {
    const shape = hdu.shape.join(' × ');
    throw notAnImage({
      frame: frameIdOf(path),
      what: `HDU ${hdu.index} has ${hdu.shape.length} axes (${shape}), two are expected`,
    });
  }
  return { file, hdu };
}

/** Values of the image's header; those of an empty primary HDU before it stand where the image's own do not. */
export function headerValues(file: FitsFile, hdu: Hdu): HeaderValues {
  const values = new Map<string, string | number | boolean | null>();
  const headers = hdu.index === 0 ? [hdu.header] : [file.hdus[0]!.header, hdu.header];
  for (const header of headers) {
    const own = new Set<string>();
    for (const { keyword, value } of header.cards()) {
      if (keyword === '' || value === undefined || own.has(keyword)) continue; // of repeated keywords the first counts
      own.add(keyword);
      values.set(keyword, typeof value === 'bigint' ? Number(value) : value);
    }
  }
  return values;
}

/** A frame without one finite pixel, or of one value throughout, holds no exposure. */
function refuseBlank(frame: string, data: Uint16Array | Float32Array): void {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    if (value < least) least = value;
    if (value > most) most = value;
    if (least < most) return;
  }
  if (least > most) throw frameBlank({ frame, what: `not one of its ${data.length} pixels has a value (NaN throughout)` });
  if (least === most) throw frameBlank({ frame, what: `all of its ${data.length} pixels have the value ${least}` });
}
