import { numericsArgument, numericsShape } from '../errors.ts';

export interface ClippedMeanOptions {
  /** Clipping limit [sigma]; default 3. */
  readonly clipSigma?: number;
  /** Rounds of clipping after the first; default 4. */
  readonly iterations?: number;
  /** What is subtracted from each frame, then what it is multiplied by; default 0 and 1. One value per frame. */
  readonly offsets?: Float32Array;
  readonly scales?: Float32Array;
  /** Known 1 sigma of one sample after scaling: the clip never goes below it. 0 or absent: unknown. */
  readonly noise?: number;
}

export interface CombinedPlanes {
  /** Clipped mean; NaN where no frame has a value. */
  readonly mean: Float32Array;
  /** Variance of the mean: sample variance / count; noise² / count for one sample, NaN if that is unknown. */
  readonly variance: Float32Array;
  /** Samples that were averaged. */
  readonly count: Uint16Array;
}

/** Most frames at once; more are combined in groups. */
export const MOST_FRAMES = 255;

/**
 * Mean of the same pixel in several frames without outliers: starts from median and MAD, then clips around the mean with the sample
 * sigma until the rounds are over. NaN samples are missing. Two samples that differ by more than the clip allows for the known noise
 * are a hit and a clean pixel: the lower one stands.
 *
 * @param frames - 1 … 255 arrays of the length of the outputs
 */
export function clippedMean(frames: readonly Float32Array[], options: ClippedMeanOptions, out: CombinedPlanes): CombinedPlanes {
  assertCombination(frames, options, out);
  const { clipSigma = 3, iterations = 4, offsets, scales, noise = 0 } = options;
  const n = frames.length;
  const sorted = new Float32Array(n);
  const deviations = new Float32Array(n);
  for (let i = 0; i < out.mean.length; i++) {
    let m = 0;
    for (let k = 0; k < n; k++) {
      const v = Math.fround(Math.fround(frames[k]![i]! - (offsets?.[k] ?? 0)) * (scales?.[k] ?? 1));
      if (v - v === 0) insert(sorted, m++, v);
    }
    if (m === 0) {
      out.mean[i] = out.variance[i] = NaN;
      out.count[i] = 0;
      continue;
    }
    if (m === 2 && noise > 0 && sorted[1]! - sorted[0]! > clipSigma * Math.SQRT2 * noise) m = 1;
    let center = 0.5 * (sorted[(m - 1) >> 1]! + sorted[m >> 1]!);
    for (let k = 0; k < m; k++) insert(deviations, k, Math.abs(sorted[k]! - center));
    const mad = 0.5 * (deviations[(m - 1) >> 1]! + deviations[m >> 1]!);
    // MAD of few samples is uncertain and may be 0: no tighter than the known noise, and nothing is clipped where it is 0.
    let limit = clipSigma * Math.max(1.4826022 * mad, noise);
    if (!(limit > 0) || m < 3) limit = Infinity;
    let kept = 0;
    let s2 = 0;
    for (let round = 0; round <= iterations; round++) {
      let c = 0;
      let s1 = 0;
      s2 = 0;
      for (let k = 0; k < m; k++) {
        const d = sorted[k]! - center;
        if (Math.abs(d) <= limit) {
          c++;
          s1 += d;
          s2 += d * d;
        }
      }
      if (c === 0) break; // keeps the last centre
      const shift = s1 / c;
      center += shift;
      s2 = Math.max(s2 - c * shift * shift, 0);
      if (c === kept) break;
      kept = c;
      if (m < 3) break;
      const sigma = c > 1 ? Math.sqrt(s2 / (c - 1)) : 0;
      limit = clipSigma * Math.max(sigma, noise);
      if (!(limit > 0)) break;
    }
    out.mean[i] = center;
    out.count[i] = kept;
    out.variance[i] = kept > 1 ? s2 / (kept - 1) / kept : noise > 0 ? (noise * noise) / kept : NaN;
  }
  return out;
}

function insert(sorted: Float32Array, n: number, v: number): void {
  let j = n;
  while (j > 0 && sorted[j - 1]! > v) {
    sorted[j] = sorted[j - 1]!;
    j--;
  }
  sorted[j] = v;
}

export function assertCombination(frames: readonly Float32Array[], options: ClippedMeanOptions, out: CombinedPlanes): void {
  if (frames.length < 1 || frames.length > MOST_FRAMES) {
    throw numericsArgument({ what: 'The number of frames', found: String(frames.length), expected: `1 to ${MOST_FRAMES}` });
  }
  const expected = out.mean.length;
  for (const [what, array] of [
    ...frames.map((f, k) => [`Frame ${k + 1}`, f] as const),
    ['The variance', out.variance] as const,
    ['The count', out.count] as const,
  ]) {
    if (array.length !== expected) throw numericsShape({ what, found: array.length, expected });
  }
  for (const list of [options.offsets, options.scales]) {
    if (list !== undefined && list.length !== frames.length) {
      throw numericsShape({ what: 'The list of offsets or scales', found: list.length, expected: frames.length });
    }
  }
}
