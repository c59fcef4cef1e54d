import { type Compute, MaskPlane, madSigma, quantile } from '@colibri/numerics';
import type { Master, MasterKey, RawFrame } from '@colibri/pipeline';
import { wrongShape } from '../detector/errors.ts';
import { measureLevels } from '../detector/overscan.ts';
import { frameGeometry, sectionHeight, sectionWidth } from '../detector/sections.ts';

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
  return combineFrames(
    frames.map((frame) => prepareFrame(frame, key, helpers, compute)),
    key,
    compute,
  );
}

/** The clipped mean of prepared frames, which are freed. */
export async function combineFrames(prepared: readonly PreparedFrame[], key: MasterKey, compute: Compute): Promise<MasterPixels> {
  const { width, height } = prepared[0]!;
  const planes = prepared.map(({ data, meta, ...shape }) => {
    if (shape.width !== width || shape.height !== height) {
      throw wrongShape({
        frame: meta.frameId,
        what: `fellow ${key.type} frames`,
        found: `${shape.width} × ${shape.height}`,
        expected: `${width} × ${height}`,
      });
    }
    scaleFrame(data, key, meta.exposureSec);
    return data;
  });
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

export interface PreparedFrame {
  readonly meta: RawFrame['meta'];
  readonly data: Float32Array;
  readonly width: number;
  readonly height: number;
}

/** One raw frame without its level, the bias, and for flats the dark [adu]; in memory of `compute`. */
export function prepareFrame(frame: RawFrame, key: MasterKey, { bias, dark }: Helpers, compute: Compute): PreparedFrame {
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
  const exposure = frame.meta.exposureSec;
  const offset = dark?.offset ?? null;
  for (let y = 0; y < height; y++) {
    const row = y * width;
    data.set(frame.data.subarray((geometry.data.y0 + y) * frame.width + geometry.data.x0).subarray(0, width), row);
    for (const side of [0, 1] as const) {
      const level = levels[2 * y + side]!;
      const end = row + (side === 0 ? width >> 1 : width);
      for (let i = row + (side === 0 ? 0 : width >> 1); i < end; i++) data[i] = data[i]! - level;
    }
    if (bias) for (let i = row; i < row + width; i++) data[i] = data[i]! - bias.data[i]!;
    if (dark && key.type === 'flat') {
      for (let i = row; i < row + width; i++) data[i] = data[i]! - dark.data[i]! * exposure;
      if (offset) for (let i = row; i < row + width; i++) data[i] = data[i]! - offset[i]!;
    }
  }
  return { meta: frame.meta, data, width, height };
}

/** Darks per second, flats to median 1. */
function scaleFrame(data: Float32Array, key: MasterKey, exposureSec: number): void {
  const scale = key.type === 'dark' ? exposureSec : key.type === 'flat' ? medianOf(data) : 1;
  if (scale === 1) return;
  const factor = 1 / scale;
  for (let i = 0; i < data.length; i++) data[i] = data[i]! * factor;
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
  const prior = (20 * typical) / (20 + freedom);
  const share = freedom / (20 + freedom);
  for (let i = 0; i < variance.length; i++) {
    const own = variance[i]!;
    variance[i] = Number.isNaN(own) ? typical : prior + share * own;
  }
}

/** 1 sigma of one frame [its unit] from the differences of two, by their median in every 17th pixel: rays and hot pixels do not matter. */
export function pairNoise(a: Float32Array, b: Float32Array): number {
  const differences = new Float32Array(Math.ceil(a.length / 17));
  for (let i = 0, n = 0; i < a.length; i += 17) differences[n++] = a[i]! - b[i]!;
  return madSigma(differences) / Math.SQRT2;
}

/** Median of every 17th pixel: 250,000 of 4 million give it to 0.3 % of the pixel scatter. */
export function medianOf(data: Float32Array): number {
  const sample = new Float32Array(Math.ceil(data.length / 17));
  for (let i = 0, n = 0; i < data.length; i += 17) sample[n++] = data[i]!;
  return quantile(sample, 0.5);
}

/** 1 sigma about a level by the median deviation of every 17th pixel. */
function scatterAbout(data: Float32Array, level: number): number {
  const sample = new Float32Array(Math.ceil(data.length / 17));
  for (let i = 0, n = 0; i < data.length; i += 17) sample[n++] = data[i]!;
  return madSigma(sample, level);
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
  const limit = Math.max(10 * scatterAbout(rate, median), 10 / exposureSec);
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
  const good = new Float32Array(flat.length);
  let n = 0;
  for (let i = 0; i < flat.length; i++) if (mask[i] === 0) good[n++] = flat[i]!;
  const scale = medianOf(good.subarray(0, n));
  if (!(scale > 0)) return;
  const [perFlux, perVariance] = [1 / scale, 1 / scale ** 2];
  for (let i = 0; i < flat.length; i++) {
    flat[i] = flat[i]! * perFlux;
    variance[i] = variance[i]! * perVariance;
  }
}
