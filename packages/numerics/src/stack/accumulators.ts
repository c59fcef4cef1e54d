import { MaskPlane } from '../mask-plane.ts';
import type { ResampledPlanes } from '../resample/resample.ts';
import { assertPlane } from '../shape.ts';

/** What the frames of one stack add up to, pixel by pixel: enough to go on with the next frame. */
export interface StackSums {
  /** Σ w·d and Σ w. */
  readonly sum: Float32Array;
  readonly weight: Float32Array;
  /** Σ w²·v. */
  readonly noise: Float32Array;
  /** Seconds of exposure that gave good pixels. */
  readonly coverage: Float32Array;
  /** OR of the frames' masks, whose planes are eight or less. */
  readonly bits: Uint8Array;
}

/** What a frame is compared with: sums over all frames, unclipped, and the highest value at each place, which is left out. */
export interface ReferenceSums {
  readonly sum: Float32Array;
  readonly weight: Float32Array;
  readonly top: Float32Array;
  /** Weight of the highest; 0: no frame yet. */
  readonly topWeight: Float32Array;
}

/** Mean of the frames without the highest of each pixel, and the weight of those in it. NaN and 0: fewer than two frames. */
export interface ReferencePlanes {
  readonly mean: Float32Array;
  readonly rest: Float32Array;
}

/** A share of the weight that saturated pixels get, so that the middle of a star that is saturated in all frames is not empty. */
export const SATURATED_SHARE = 1e-6;
/** Below this share of the weights the top one is all there is [1]: rounding in single precision is 1e-7. */
const LEAST_REST = 1e-4;

export interface FrameShare {
  readonly weight: number;
  readonly seconds: number;
}

/** Adds one resampled frame. Its pixels with a mask bit count nothing, saturated ones next to nothing. */
export function addFrame({ data, variance, mask }: ResampledPlanes, { weight, seconds }: FrameShare, out: StackSums): StackSums {
  assertSums(Object.values(out), data.length);
  for (let i = 0; i < data.length; i++) {
    const m = mask[i]!;
    out.bits[i]! |= m;
    const w = m === 0 ? weight : m === MaskPlane.SATURATED ? weight * SATURATED_SHARE : 0;
    if (w === 0) continue;
    out.sum[i]! += w * data[i]!;
    out.weight[i]! += w;
    out.noise[i]! += w * w * variance[i]!;
    if (m === 0) out.coverage[i]! += seconds;
  }
  return out;
}

/** Adds one resampled frame to what others are compared with. */
export function addReference(data: Float32Array, mask: Uint16Array, weight: number, out: ReferenceSums): ReferenceSums {
  assertSums(Object.values(out), data.length);
  for (let i = 0; i < data.length; i++) {
    if (mask[i] !== 0) continue;
    const d = data[i]!;
    out.sum[i]! += weight * d;
    out.weight[i]! += weight;
    if (out.topWeight[i] === 0 || d > out.top[i]!) {
      out.top[i] = d;
      out.topWeight[i] = weight;
    }
  }
  return out;
}

/** The mean that a frame is compared with. Leaving out the highest keeps a cosmic ray out of the reference of its own and other frames. */
export function reference({ sum, weight, top, topWeight }: ReferenceSums, out: ReferencePlanes): ReferencePlanes {
  assertSums([weight, top, topWeight, out.mean, out.rest], sum.length);
  for (let i = 0; i < sum.length; i++) {
    const left = weight[i]! - topWeight[i]!;
    const enough = left > LEAST_REST * weight[i]!;
    out.mean[i] = enough ? (sum[i]! - topWeight[i]! * top[i]!) / left : NaN;
    out.rest[i] = enough ? left : 0;
  }
  return out;
}

/** The mean of sums of frames that were clipped, as what a further frame is compared with. NaN and 0: no frame. */
export function meanOfSums(parts: readonly StackSums[], out: ReferencePlanes): ReferencePlanes {
  assertSums([...parts.flatMap(({ sum, weight }) => [sum, weight]), out.rest], out.mean.length);
  for (let i = 0; i < out.mean.length; i++) {
    let sum = 0;
    let weight = 0;
    for (const part of parts) {
      sum += part.sum[i]!;
      weight += part.weight[i]!;
    }
    out.mean[i] = weight > 0 ? sum / weight : NaN;
    out.rest[i] = weight;
  }
  return out;
}

/**
 * Indices of good pixels further than `sigmas` from what they are compared with, by the noise of both.
 *
 * @param mean - NaN where nothing is known
 * @param noise - variance of the mean over that of the frame [1]
 */
export function outliers(
  { data, variance, mask }: ResampledPlanes,
  mean: Float32Array,
  noise: number,
  sigmas: number,
): Int32Array {
  assertSums([variance, mask, mean], data.length);
  const found: number[] = [];
  for (let i = 0; i < data.length; i++) {
    const r = data[i]! - mean[i]!;
    if (mask[i] === 0 && r * r > sigmas * sigmas * (1 + noise) * variance[i]!) found.push(i);
  }
  return Int32Array.from(found);
}

export function assertSums(planes: readonly { readonly length: number }[], length: number): void {
  for (const plane of planes) assertPlane(plane, { width: length, height: 1 }, 'A plane of the sums');
}
