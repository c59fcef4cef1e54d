import { pearsonMode } from '../stats/clipped-moments.ts';

/** Bins of a cell's histogram over mean ± 5 sigma. */
const BINS = 512;

/** Least number of pixels below the mode for sigma to be taken from them alone. */
const LEAST_BELOW = 50;

/** Work space of `cellStatistics`, one per thread. */
export interface CellScratch {
  readonly values: Float32Array;
  readonly sums: Float64Array;
}

export function cellScratch(cellPixels: number): CellScratch {
  return { values: new Float32Array(cellPixels), sums: new Float64Array(3 * (BINS + 1)) };
}

/** Least number of good pixels for a cell to have a value of its own: a fifth of the cell, at most all. */
export function leastGoodPixels(cellPixels: number): number {
  return Math.max(1, Math.floor(0.2 * cellPixels));
}

/**
 * Most probable value and sigma of `scratch.values[0..n)`. First the range is found with moments clipped at 3 sigma; then a histogram
 * over mean ± 5 sigma is clipped around its median until the limits stay, and gives the mode; sigma is the root mean square distance
 * of the values below the mode, which faint stars hardly touch.
 *
 * @param truncation - factor of `truncationFactor(clipSigma)` by which the clip shrinks sigma
 * Source: Bertin & Arnouts 1996, A&AS 117, 393, section 4; Da Costa 1992, ASP Conf. 23, 90. Sigma from the lower half is ours.
 */
export function cellStatistics(
  { values, sums }: CellScratch,
  n: number,
  clipSigma: number,
  truncation: number,
): { level: number; rms: number } {
  let lo = -3e38;
  let hi = 3e38;
  let mean = values[0]!;
  let sd = 0;
  for (let pass = 0, before = 0; pass < 8; pass++) {
    const pivot = mean;
    let k = 0;
    let s1 = 0;
    let s2 = 0;
    for (let i = 0; i < n; i++) {
      const v = values[i]!;
      if (v >= lo && v <= hi) {
        const d = v - pivot;
        k++;
        s1 += d;
        s2 += d * d;
      }
    }
    mean = pivot + s1 / k;
    sd = Math.sqrt(Math.max(s2 / k - (s1 / k) * (s1 / k), 0));
    lo = mean - 3 * sd;
    hi = mean + 3 * sd;
    if (sd === 0 || (pass > 0 && before - k <= k >> 6)) break; // the histogram does the rest
    before = k;
  }
  if (!(sd > 1e-7 * Math.abs(mean))) return { level: mean, rms: 0 };

  const start = mean - 5 * sd;
  const scale = BINS / (10 * sd);
  const count = sums.subarray(0, BINS + 1).fill(0);
  const first = sums.subarray(BINS + 1, 2 * BINS + 2);
  const second = sums.subarray(2 * BINS + 2);
  for (let i = 0; i < n; i++) {
    const b = (values[i]! - start) * scale;
    if (b >= 0 && b < BINS) {
      const j = (b | 0) + 1;
      count[j] = count[j]! + 1;
    }
  }
  first[0] = second[0] = 0;
  for (let b = 0; b < BINS; b++) {
    const c = count[b + 1]!;
    const at = b + 0.5;
    count[b + 1] = count[b]! + c;
    first[b + 1] = first[b]! + c * at;
    second[b + 1] = second[b]! + c * at * at;
  }
  let a = 0;
  let z = BINS;
  let median = 0;
  let mu = 0;
  let sigma = 0;
  for (let i = 0; i < 30; i++) {
    const k = count[z]! - count[a]!;
    const half = count[a]! + 0.5 * k;
    let low = a;
    let high = z - 1; // first bin whose cumulative count reaches half
    while (low < high) {
      const m = (low + high) >> 1;
      if (count[m + 1]! >= half) high = m;
      else low = m + 1;
    }
    const inBin = count[low + 1]! - count[low]!;
    median = low + (inBin > 0 ? (half - count[low]!) / inBin : 0.5);
    mu = (first[z]! - first[a]!) / k;
    sigma = Math.sqrt(Math.max((second[z]! - second[a]!) / k - mu * mu, 0));
    const na = Math.max(0, Math.floor(median - clipSigma * sigma));
    const nz = Math.min(BINS, Math.ceil(median + clipSigma * sigma));
    if ((na === a && nz === z) || nz <= na) break;
    a = na;
    z = nz;
  }
  const mode = pearsonMode(mu, median, sigma);
  // Noise from below the mode only, where no star adds light; 4 sigma keeps the whole lower half of a normal distribution.
  const from = Math.max(0, Math.floor(mode - 4 * sigma));
  const to = Math.min(Math.max(Math.floor(mode), from), BINS);
  const part = to < BINS ? Math.max(mode - to, 0) : 0; // of the bin that holds the mode
  const inBin = to < BINS ? count[to + 1]! - count[to]! : 0;
  const whole = count[to]! - count[from]!;
  const k = whole + part * inBin;
  const s1 = first[to]! - first[from]!;
  const square = (second[to]! - second[from]! - 2 * mode * s1 + mode * mode * whole + (inBin * part ** 3) / 3) / k;
  return { level: start + mode / scale, rms: (k >= LEAST_BELOW ? Math.sqrt(Math.max(square, 0)) : sigma / truncation) / scale };
}
