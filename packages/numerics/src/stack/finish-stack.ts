import { MaskPlane } from '../mask-plane.ts';
import type { StackSums } from './accumulators.ts';

export interface StackPlanes {
  readonly data: Float32Array;
  readonly variance: Float32Array;
  readonly mask: Uint16Array;
  readonly coverageSec: Float32Array;
}

/**
 * Weighted mean of one or more sums of frames. NaN and NO_DATA where no frame gave light; SATURATED where any frame was saturated. Planes of `out` may be
 * those of a part: its sums are lost then.
 */
export function finishStack(parts: readonly StackSums[], out: StackPlanes): StackPlanes {
  const n = out.data.length;
  for (let i = 0; i < n; i++) {
    let sum = 0;
    let weight = 0;
    let noise = 0;
    let coverage = 0;
    let bits = 0;
    for (const part of parts) {
      sum += part.sum[i]!;
      weight += part.weight[i]!;
      noise += part.noise[i]!;
      coverage += part.coverage[i]!;
      bits |= part.bits[i]!;
    }
    out.coverageSec[i] = coverage;
    if (weight > 0) {
      out.data[i] = sum / weight;
      out.variance[i] = noise / (weight * weight);
      out.mask[i] = bits & MaskPlane.SATURATED;
    } else {
      out.data[i] = out.variance[i] = NaN;
      out.mask[i] = bits | MaskPlane.NO_DATA;
    }
  }
  return out;
}
