import { type Compute, MaskPlane } from '@colibri/numerics';
import type { Master, MasterKey, RawFrame } from '@colibri/pipeline';
import { wrongShape } from '../detector/errors.ts';
import { measureLevels } from '../detector/overscan.ts';
import { cutSection, frameGeometry, sectionHeight, sectionWidth } from '../detector/sections.ts';

/** Pixels of a new master, with what is known of them. */
export type MasterPixels = Pick<Master, 'width' | 'height' | 'data' | 'variance' | 'mask'>;

/** Masters that a dark or a flat needs itself. */
export interface Helpers {
  readonly bias: Master | null;
  readonly dark: Master | null;
}

/**
 * A master from raw frames: each has its overscan level removed (and bias, dark · t for the later kinds), then a sigma-clipped mean
 * over the frames for every pixel. Flats are brought to median 1 first; twilight flats differ in level by factors, and the clipping
 * then removes the stars, which moved between them.
 *
 * @returns bias [adu], dark [adu/s], flat [1]; variance of the mean in the same unit squared; mask BAD and NO_FLAT
 */
export async function buildMaster(
  frames: readonly RawFrame[],
  key: MasterKey,
  helpers: Helpers,
  compute: Compute,
): Promise<MasterPixels> {
  const planes: Float32Array[] = [];
  let width = 0,
    height = 0;
  for (const frame of frames) {
    const prepared = prepareFrame(frame, key, helpers, compute);
    scaleFrame(prepared.data, key, frame.meta.exposureSec);
    if (planes.length > 0 && (prepared.width !== width || prepared.height !== height)) {
      throw wrongShape({
        frame: frame.meta.frameId,
        what: `fellow ${key.type} frames`,
        found: `${prepared.width} × ${prepared.height}`,
        expected: `${width} × ${height}`,
      });
    }
    width = prepared.width;
    height = prepared.height;
    planes.push(prepared.data);
  }
  const count = width * height;
  const out = { mean: compute.float32(count), variance: compute.float32(count), count: compute.uint16(count) };
  // The MAD of a few samples is often far too small: without a floor good samples are clipped, and the variance comes out too low.
  const noise = planes.length > 1 ? pairNoise(planes[0]!, planes[1]!) : 0;
  const { mean, variance } = await compute.clippedMean(planes, { clipSigma: key.type === 'flat' ? 3 : 4, noise }, out);
  steadyVariance(variance, planes.length);
  compute.free(out.count);
  for (const plane of planes) compute.free(plane);
  const mask = key.type === 'dark' ? hotPixels(mean, key.exposureSec ?? 1) : key.type === 'flat' ? weakPixels(mean) : null;
  if (key.type === 'dark') await calmDark(mean, variance, mask!, { width, height }, compute);
  if (key.type === 'flat') normalise(mean, variance, mask!);
  return { width, height, data: mean, variance, mask };
}

/** One raw frame without its level, the bias, and for flats the dark [adu]; in memory of `compute`. */
export function prepareFrame(
  frame: RawFrame,
  key: MasterKey,
  { bias, dark }: Helpers,
  compute: Compute,
): { data: Float32Array; width: number; height: number } {
  const geometry = frameGeometry(frame);
  const width = sectionWidth(geometry.data),
    height = sectionHeight(geometry.data);
  for (const [what, master] of [
    ['bias', bias],
    ['dark', dark],
  ] as const) {
    if (master && (master.width !== width || master.height !== height)) {
      throw wrongShape({
        frame: frame.meta.frameId,
        what,
        found: `${width} × ${height}`,
        expected: `${master.width} × ${master.height}`,
      });
    }
  }
  const { levels } = measureLevels(frame, geometry);
  const data = compute.float32(width * height);
  const counts = frame.data instanceof Float32Array ? frame.data : Float32Array.from(frame.data);
  cutSection(counts, frame.width, geometry.data, data);
  const exposure = frame.meta.exposureSec;
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      let value = data[i]! - levels[2 * y + (x < width >> 1 ? 0 : 1)]!;
      if (bias) value -= bias.data[i]!;
      if (dark && key.type === 'flat') value -= dark.data[i]! * exposure + (dark.offset?.[i] ?? 0);
      data[i] = value;
    }
  }
  return { data, width, height };
}

/** Darks per second, flats to median 1. */
function scaleFrame(data: Float32Array, key: MasterKey, exposureSec: number): void {
  const scale = key.type === 'dark' ? exposureSec : key.type === 'flat' ? medianOf(data) : 1;
  if (scale !== 1) for (let i = 0; i < data.length; i++) data[i]! /= scale;
}

/**
 * The sample variance of a handful of frames is itself uncertain by tens of percent, and would weight pixels at random. Each is drawn
 * towards the typical one as if that had been learnt from 20 frames; a pixel that is truly unsteady keeps most of its excess.
 */
export function steadyVariance(variance: Float32Array, frames: number): void {
  const freedom = Math.max(frames - 1, 0);
  // The median of chi² with ν degrees of freedom is about ν (1 − 2/(9 ν))³.
  const typical = freedom > 0 ? medianOf(variance) / (1 - 2 / (9 * freedom)) ** 3 : Number.NaN;
  if (!(typical >= 0)) return;
  for (let i = 0; i < variance.length; i++) {
    const own = variance[i]!;
    variance[i] = !Number.isNaN(own) ? (20 * typical + freedom * own) / (20 + freedom) : typical;
  }
}

/** 1 sigma of one frame [its unit] from the differences of two, by their median: rays and hot pixels do not matter. */
export function pairNoise(a: Float32Array, b: Float32Array): number {
  const differences = new Float32Array(a.length);
  for (let i = 0; i < a.length; i++) differences[i] = a[i]! - b[i]!;
  const middle = medianOf(differences);
  for (let i = 0; i < a.length; i++) differences[i] = Math.abs(differences[i]! - middle);
  return (1.4826022 * medianOf(differences)) / Math.SQRT2;
}

/** Median of every 17th pixel: 250,000 of 4 million give it to 0.3 % of the pixel scatter. */
export function medianOf(data: Float32Array): number {
  const sample = new Float32Array(Math.ceil(data.length / 17));
  let n = 0;
  for (let i = 0; i < data.length; i += 17) if (!Number.isNaN(data[i])) sample[n++] = data[i]!;
  const sorted = sample.subarray(0, n).sort();
  return n > 0 ? (sorted[(n - 1) >> 1]! + sorted[n >> 1]!) / 2 : Number.NaN;
}

/**
 * A dark of a few frames is mostly read noise, and would add it to every frame. Dark current and glow are smooth, so a pixel within
 * 3 sigma of its neighbourhood takes the level of the neighbourhood; one that truly stands out keeps its own value and error.
 */
export async function calmDark(
  rate: Float32Array,
  variance: Float32Array,
  mask: Uint16Array,
  shape: { width: number; height: number },
  compute: Compute,
): Promise<void> {
  await compute.scope(async () => {
    const mesh = await compute.measureBackground(rate, mask, { ...shape, meshPix: 64 });
    const level = await compute.expandMesh(mesh.level, mesh, shape, compute.float32(rate.length));
    for (let i = 0; i < rate.length; i++) {
      if ((rate[i]! - level[i]!) ** 2 > 9 * variance[i]!) continue;
      rate[i] = level[i]!;
      variance[i]! /= 1000; // the level comes from some thousand pixels
    }
  });
}

/** BAD where a dark is far above its fellows: 10 robust sigma, and more than 10 adu in the exposure. */
export function hotPixels(rate: Float32Array, exposureSec: number): Uint16Array {
  const median = medianOf(rate);
  const deviation = medianOf(rate.map((value) => Math.abs(value - median)));
  const limit = Math.max(10 * 1.4826 * deviation, 10 / exposureSec);
  const mask = new Uint16Array(rate.length);
  for (let i = 0; i < rate.length; i++) if (!(Math.abs(rate[i]! - median) <= limit)) mask[i] = MaskPlane.BAD;
  return mask;
}

/** NO_FLAT where less than half of the light of the neighbourhood arrives (dead columns, dust that covers all). */
function weakPixels(flat: Float32Array): Uint16Array {
  const mask = new Uint16Array(flat.length);
  for (let i = 0; i < flat.length; i++) if (!(flat[i]! > 0.5 && flat[i]! < 2)) mask[i] = MaskPlane.NO_FLAT;
  return mask;
}

/** Brings the median of the good pixels to 1. */
function normalise(flat: Float32Array, variance: Float32Array, mask: Uint16Array): void {
  const good = flat.filter((_, i) => mask[i] === 0);
  const scale = medianOf(good);
  if (!(scale > 0)) return;
  for (let i = 0; i < flat.length; i++) {
    flat[i]! /= scale;
    variance[i]! /= scale * scale;
  }
}
