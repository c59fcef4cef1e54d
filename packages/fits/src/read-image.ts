import { fromBigEndian } from './big-endian.ts';
import { fitsBadRequest, fitsWrongKind } from './errors.ts';
import { type Hdu, isImageKind, placeOf } from './hdu.ts';
import type { Header } from './header.ts';
import { allocate, imageScaling, type PixelArray, type PixelType, pixelTypeOf, type Scaling, storedType } from './pixels.ts';
import { checkSection, runsOf, type Section, sectionShape } from './section.ts';
import { readExactly, readExactlyInto } from './source.ts';
import { storePhysical } from './store.ts';
import { readCompressedImage } from './tiles/read-compressed-image.ts';

export interface ReadImageOptions {
  /** Only this part; the rest is not read (of a tile-compressed image: not unpacked). */
  readonly section?: Section;
  /**
   * `physical` (default): BSCALE, BZERO and BLANK applied; integers that are only shifted stay integers (BZERO = 32768
   * gives Uint16Array), scaled 8 and 16-bit integers become Float32Array, wider ones Float64Array.
   * `stored`: the integers as they stand in the file. `float32`, `float64`: physical values in that type.
   */
  readonly as?: 'physical' | 'stored' | 'float32' | 'float64';
  /** Filled instead of a new array (it may lie on shared memory); its type decides that of the values. */
  readonly out?: PixelArray;
}

export interface FitsImage<T extends PixelArray = PixelArray> {
  /** Row-major, NAXIS1 fastest: pixel (x, y), 0-based, is `data[y * shape[0] + x]`. NaN where blank. */
  readonly data: T;
  /** Of what was read: [NAXIS1, NAXIS2 …], or of the section. */
  readonly shape: readonly number[];
  readonly header: Header;
  readonly unit: string;
}

/** Reads the pixels of an image, plain or tile-compressed, or a section of them. */
export async function readImage(hdu: Hdu, options: ReadImageOptions & { as: 'float32' }): Promise<FitsImage<Float32Array>>;
export async function readImage(hdu: Hdu, options: ReadImageOptions & { as: 'float64' }): Promise<FitsImage<Float64Array>>;
export async function readImage<T extends PixelArray>(hdu: Hdu, options: ReadImageOptions & { out: T }): Promise<FitsImage<T>>;
export async function readImage(hdu: Hdu, options?: ReadImageOptions): Promise<FitsImage>;
export async function readImage(hdu: Hdu, options: ReadImageOptions = {}): Promise<FitsImage> {
  if (!isImageKind(hdu.kind)) {
    throw fitsWrongKind({ ...placeOf(hdu, hdu.headerOffset), what: `the HDU is of kind ${hdu.kind}, not an image.` });
  }
  const section = checkSection(hdu, options.section);
  const shape = sectionShape(section);
  const length = shape.reduce((product, size) => product * size, 1);
  const scaling = scalingFor(hdu, options);
  const out = options.out ?? allocate(scaling.type, length);
  if (out.length < length) {
    throw fitsBadRequest({ ...placeOf(hdu), what: `the output array has room for ${out.length} of ${length} pixels.` });
  }
  if (length > 0) {
    if (hdu.kind === 'compressed-image') await readCompressedImage(hdu, section, scaling, out);
    else await readPlainImage(hdu, section, scaling, out);
  }
  return { data: out, shape, header: hdu.header, unit: hdu.unit };
}

/** The bytes of a plain image as they stand in the file, big-endian; `into` has room for all of them. */
export async function readStoredBytes(hdu: Hdu, into: Uint8Array): Promise<void> {
  if (hdu.kind !== 'image' || into.length !== hdu.dataLength) {
    const what = `${into.length} bytes are no room for the ${hdu.dataLength} of an HDU of kind ${hdu.kind}.`;
    throw fitsBadRequest({ ...placeOf(hdu), what });
  }
  await readExactlyInto(hdu.source, hdu.dataOffset, into, hdu.index);
}

function scalingFor(hdu: Hdu, { as = 'physical', out }: ReadImageOptions): Scaling {
  const physical = imageScaling(hdu.header, hdu.bitpix);
  if (as === 'stored') return { scale: 1, zero: 0, blank: undefined, type: storedType(hdu.bitpix) };
  const type: PixelType = out ? pixelTypeOf(out) : as === 'physical' ? physical.type : as;
  return { ...physical, type };
}

/** Bytes taken at a time: small enough for the cache, large enough for the disk. */
const CHUNK = 2 ** 21;

async function readPlainImage(hdu: Hdu, section: Section, scaling: Scaling, out: PixelArray): Promise<void> {
  const size = Math.abs(hdu.bitpix) / 8;
  const stored = storedType(hdu.bitpix);
  const scratch = allocate(stored, CHUNK / size);
  const isPlainCopy = scaling.scale === 1 && scaling.zero === 0 && scaling.blank === undefined && pixelTypeOf(out) === stored;
  for (const span of spans(hdu.shape, section, CHUNK / size)) {
    const { from, to, length } = span.runs[0]!;
    if (isPlainCopy && length === span.length) {
      // The bytes become numbers where they are to lie.
      const place = new Uint8Array(out.buffer, out.byteOffset + to * size, length * size);
      await readExactlyInto(hdu.source, hdu.dataOffset + from * size, place, hdu.index);
      fromBigEndian(place, stored, length, out.subarray(to, to + length));
      continue;
    }
    const bytes = await readExactly(hdu.source, hdu.dataOffset + span.from * size, span.length * size, hdu.index);
    for (const run of span.runs) {
      const piece = bytes.subarray((run.from - span.from) * size, (run.from - span.from + run.length) * size);
      if (isPlainCopy) fromBigEndian(piece, stored, run.length, out.subarray(run.to, run.to + run.length));
      else storePhysical(fromBigEndian(piece, stored, run.length, scratch), 0, run.length, scaling, out, run.to);
    }
  }
}

interface Span {
  readonly from: number;
  readonly length: number;
  readonly runs: { from: number; to: number; length: number }[];
}

/** Groups runs that lie close together into one read of at most `most` pixels; longer runs are cut. */
function* spans(shape: readonly number[], section: Section, most: number): Generator<Span> {
  let runs: Span['runs'] = [];
  let from = 0;
  let end = 0;
  for (const whole of runsOf(shape, section)) {
    for (let done = 0; done < whole.length; done += most) {
      const run = { from: whole.from + done, to: whole.to + done, length: Math.min(most, whole.length - done) };
      const isNear = run.from - end <= 4 * run.length && run.from + run.length - from <= most;
      if (runs.length > 0 && !isNear) {
        yield { from, length: end - from, runs };
        runs = [];
      }
      if (runs.length === 0) from = run.from;
      end = run.from + run.length;
      const last = runs.at(-1);
      if (last && last.from + last.length === run.from && last.to + last.length === run.to) last.length += run.length;
      else runs.push(run);
    }
  }
  if (runs.length > 0) yield { from, length: end - from, runs };
}
