import { finiteValues, type Numbers, quantileInPlace } from './quantile.ts';

/** What is left of a sample after clipping. */
export interface ClippedMoments {
  readonly mean: number;
  readonly median: number;
  /** Standard deviation of the kept values, corrected for the tails that the clip cuts from a normal distribution. */
  readonly sigma: number;
  readonly count: number;
}

/**
 * Mean, median and sigma of the finite values within `clipSigma` of the median (in sigmas of what is kept), repeated until
 * the set stays; starts from the median
 * and the MAD, so that half of the sample may be wrong. All NaN for an empty sample.
 */
export function clippedMoments(values: Numbers, { clipSigma = 3, iterations = 20 } = {}): ClippedMoments {
  const sorted = finiteValues(values).sort();
  const n = sorted.length;
  if (n === 0) return { mean: NaN, median: NaN, sigma: NaN, count: 0 };
  const truncation = truncationFactor(clipSigma);
  let median = 0.5 * (sorted[(n - 1) >> 1]! + sorted[n >> 1]!);
  const deviations = sorted.map((v) => Math.abs(v - median));
  let sigma = 1.4826022185056018 * quantileInPlace(deviations, 0.5) * truncation;
  let from = 0;
  let to = n;
  let mean = median;
  for (let i = 0; i < iterations; i++) {
    const low = lowerBound(sorted, median - clipSigma * sigma);
    const high = Math.max(upperBound(sorted, median + clipSigma * sigma), low + 1);
    if (i > 0 && low === from && high === to) break;
    from = low;
    to = high;
    let s1 = 0;
    let s2 = 0;
    for (let k = from; k < to; k++) {
      const d = sorted[k]! - median;
      s1 += d;
      s2 += d * d;
    }
    const shift = s1 / (to - from);
    mean = median + shift;
    sigma = Math.sqrt(Math.max(s2 / (to - from) - shift * shift, 0));
    median = 0.5 * (sorted[(from + to - 1) >> 1]! + sorted[(from + to) >> 1]!);
  }
  return { mean, median, sigma: sigma / truncation, count: to - from };
}

/**
 * Most probable value by Pearson's rule, 2.5 median − 1.5 mean of the clipped values, where the sample is not crowded
 * (|mean − median| < 0.3 sigma); the median otherwise. Source: Bertin & Arnouts 1996, A&AS 117, 393, section 4.
 */
export function modeEstimate(values: Numbers, options: { clipSigma?: number } = {}): number {
  const { mean, median, sigma } = clippedMoments(values, options);
  return pearsonMode(mean, median, sigma);
}

export function pearsonMode(mean: number, median: number, sigma: number): number {
  return Math.abs(mean - median) < 0.3 * sigma ? 2.5 * median - 1.5 * mean : median;
}

const factors = new Map<number, number>();

/** Sigma of a normal distribution clipped repeatedly at ±k times its own sigma, in units of the true one (0.985 for k = 3). */
export function truncationFactor(k: number): number {
  let factor = factors.get(k);
  if (factor === undefined) {
    factor = solveTruncation(k);
    if (factors.size < 100) factors.set(k, factor);
  }
  return factor;
}

function solveTruncation(k: number): number {
  let f = 1;
  for (let i = 0; i < 50; i++) {
    const a = k * f;
    const inside = erf(a / Math.SQRT2);
    f = Math.sqrt(Math.max(1 - (2 * a * Math.exp(-0.5 * a * a)) / Math.sqrt(2 * Math.PI) / inside, 0.01));
  }
  return f;
}

/** Abramowitz & Stegun 7.1.26 for x ≥ 0, error below 1.5e-7. */
function erf(x: number): number {
  const t = 1 / (1 + 0.3275911 * x);
  const p = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return 1 - p * Math.exp(-x * x);
}

function lowerBound(sorted: Float32Array | Float64Array, v: number): number {
  let lo = 0;
  let hi = sorted.length;
  while (lo < hi) {
    const m = (lo + hi) >> 1;
    if (sorted[m]! < v) lo = m + 1;
    else hi = m;
  }
  return lo;
}

function upperBound(sorted: Float32Array | Float64Array, v: number): number {
  let lo = 0;
  let hi = sorted.length;
  while (lo < hi) {
    const m = (lo + hi) >> 1;
    if (sorted[m]! <= v) lo = m + 1;
    else hi = m;
  }
  return lo;
}
