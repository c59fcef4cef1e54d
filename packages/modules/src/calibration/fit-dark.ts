import type { Compute } from '@colibri/numerics';
import type { CalibrationFrame, Master, MasterKey } from '@colibri/pipeline';
import { calmDark, hotPixels, type MasterPixels, medianOf, pairNoise, prepareFrame, steadyVariance } from './build-master.ts';

export interface DarkPixels extends MasterPixels {
  /** [adu]; null: the darks have one exposure time only. */
  readonly offset: Float32Array | null;
  /** Exposure times, shortest first, and the medians of rate [adu/s] and offset [adu]. */
  readonly exposuresSec: readonly number[];
  readonly medianRate: number;
  readonly medianOffset: number | null;
}

/**
 * Dark current from darks of several exposure times: `counts = offset + rate · time` for every pixel, by least squares over the clipped
 * mean of each time. The times are weighted by their typical noise, so that the error of a pixel follows from those of its means. With
 * one time the rate is what is left after the bias.
 *
 * Frames of one exposure time are in memory together, the others are not.
 *
 * @param key - of the rate: `exposureSec` null
 * @returns rate [adu/s] with variance and mask (BAD: hot), and offset [adu]
 */
export async function fitDark(
  frames: readonly CalibrationFrame[],
  key: MasterKey,
  bias: Master | null,
  compute: Compute,
): Promise<DarkPixels> {
  const exposuresSec = [...new Set(frames.map(({ meta }) => meta.exposureSec))].sort((a, b) => a - b);
  const count = key.width * key.height;
  const groups: { time: number; mean: Float32Array; variance: Float32Array; weight: number }[] = [];
  for (const time of exposuresSec) {
    const own = frames.filter(({ meta }) => meta.exposureSec === time);
    const planes: Float32Array[] = [];
    for (const frame of own) planes.push(prepareFrame(await frame.load(), key, { bias, dark: null }, compute).data);
    const out = { mean: compute.float32(count), variance: compute.float32(count), count: compute.uint16(count) };
    // Of two frames a pixel tells a cosmic ray by the noise of its fellows.
    const noise = own.length > 1 ? pairNoise(planes[0]!, planes[1]!) : 0;
    await compute.clippedMean(planes, { clipSigma: 4, noise }, out);
    for (const plane of planes) compute.free(plane);
    compute.free(out.count);
    steadyVariance(out.variance, own.length);
    const typical = medianOf(out.variance);
    groups.push({ time, mean: out.mean, variance: out.variance, weight: typical > 0 ? 1 / typical : 0 });
  }
  // One frame of its time has no variance of its own: that of the others, by their numbers.
  const known = groups.find(({ weight }) => weight > 0);
  for (const group of groups) {
    if (group.weight > 0) continue;
    group.weight = known ? known.weight / frames.filter(({ meta }) => meta.exposureSec === known.time).length : 1;
    group.variance.fill(1 / group.weight);
  }
  const shares = lineShares(groups);
  const rate = combine(groups, shares.rate, compute);
  const offset = shares.offset ? combine(groups, shares.offset, compute) : null;
  for (const { mean, variance } of groups) {
    compute.free(mean);
    compute.free(variance);
  }
  const shape = { width: key.width, height: key.height };
  const mask = hotPixels(rate.value, exposuresSec.at(-1) ?? 1);
  const medianRate = medianOf(rate.value),
    medianOffset = offset ? medianOf(offset.value) : null;
  await calmDark(rate.value, rate.variance, mask, shape, compute);
  if (offset) {
    await calmDark(offset.value, offset.variance, mask, shape, compute);
    compute.free(offset.variance);
  }
  return {
    ...shape,
    data: rate.value,
    variance: rate.variance,
    mask,
    offset: offset?.value ?? null,
    exposuresSec,
    medianRate,
    medianOffset,
  };
}

/** What each mean contributes to slope and intercept of the weighted line; one time alone gives its mean over its time. */
export function lineShares(groups: readonly { readonly time: number; readonly weight: number }[]): {
  rate: number[];
  offset: number[] | null;
} {
  if (groups.length === 1) return { rate: [1 / groups[0]!.time], offset: null };
  let s = 0,
    st = 0,
    stt = 0;
  for (const { time, weight } of groups) {
    s += weight;
    st += weight * time;
    stt += weight * time * time;
  }
  const determinant = s * stt - st * st;
  return {
    rate: groups.map(({ time, weight }) => (weight * (s * time - st)) / determinant),
    offset: groups.map(({ time, weight }) => (weight * (stt - st * time)) / determinant),
  };
}

function combine(
  groups: readonly { mean: Float32Array; variance: Float32Array }[],
  shares: readonly number[],
  compute: Compute,
): { value: Float32Array; variance: Float32Array } {
  const count = groups[0]!.mean.length;
  const value = compute.float32(count),
    variance = compute.float32(count);
  value.fill(0);
  variance.fill(0);
  groups.forEach((group, k) => {
    const share = shares[k]!;
    for (let i = 0; i < count; i++) {
      value[i]! += share * group.mean[i]!;
      variance[i]! += share * share * group.variance[i]!;
    }
  });
  return { value, variance };
}
