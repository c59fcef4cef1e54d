import { medianOf } from '@colibri/numerics';

/** What steady stars of a field show: their brightness (log of S/N) and a statistic that grows with variability. */
export interface FieldStatistic {
  readonly logSnr: Float64Array;
  readonly value: Float64Array;
}

/** Stars of similar brightness that a source is compared with, and fewest that say anything. */
const NEIGHBOURS = 150;
export const FEWEST_REFERENCE = 30;

/**
 * Builds `p(logSnr, x, dof)`: the probability that a steady source as bright shows at least `x`.
 *
 * The field's own stars say it, those of similar brightness, since what is wrong with errors (flat, PSF, scale) depends on it: counted up to
 * their 90th percentile, beyond it an exponential whose scale is the median excess over that percentile, which half of the tail's stars may
 * spoil by being variable themselves. The scale is at least 2, that of χ² with perfect errors. Fewer than 30 stars: χ² itself.
 */
export function falseAlarmOf(field: FieldStatistic): (logSnr: number, x: number, dof: number) => number {
  const order = Array.from(field.value.keys())
    .filter((i) => Number.isFinite(field.value[i]!) && Number.isFinite(field.logSnr[i]!))
    .sort((a, b) => field.logSnr[a]! - field.logSnr[b]!);
  const brightness = order.map((i) => field.logSnr[i]!);
  const values = order.map((i) => field.value[i]!);
  return (logSnr, x, dof) => {
    if (values.length < FEWEST_REFERENCE) return chiSquareTail(x, dof);
    const count = Math.min(NEIGHBOURS, values.length);
    let from = Math.max(0, Math.min(values.length - count, lowerBound(brightness, logSnr) - (count >> 1)));
    while (from > 0 && logSnr - brightness[from - 1]! < brightness[from + count - 1]! - logSnr) from--;
    while (from + count < values.length && brightness[from + count]! - logSnr < logSnr - brightness[from]!) from++;
    const near = values.slice(from, from + count).sort((a, b) => a - b);
    const at = Math.floor(0.9 * count);
    const threshold = near[at]!;
    if (x <= threshold) return (1 + count - lowerBound(near, x)) / (count + 1);
    const excess = medianOf(Float64Array.from(near.slice(at), (value) => value - threshold));
    return 0.1 * Math.exp(-(x - threshold) / Math.max(2, excess / Math.LN2));
  };
}

/** Of `trials` independent looks, that at least one is so by chance. */
export const amongTrials = (p: number, trials: number): number =>
  -Math.expm1(Math.max(1, trials) * Math.log1p(-Math.min(p, 1 - 1e-15)));

/** P(χ² > x) for `dof` degrees of freedom; by Wilson & Hilferty (1931) beyond one, good to a few per cent of itself up to about 6 sigma. */
export function chiSquareTail(x: number, dof: number): number {
  if (!(x > 0) || !(dof > 0)) return 1;
  if (dof === 1) return 2 * normalTail(Math.sqrt(x));
  const spread = 2 / (9 * dof);
  return normalTail((Math.cbrt(x / dof) - (1 - spread)) / Math.sqrt(spread));
}

/** P(z > x) of a normal; Numerical Recipes' erfc (fractional error below 1.2e-7). */
export function normalTail(x: number): number {
  const z = Math.abs(x) / Math.SQRT2;
  const t = 1 / (1 + 0.5 * z);
  const series = [1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587, -0.82215223, 0.17087277];
  let sum = 0;
  for (let k = series.length - 1; k >= 0; k--) sum = series[k]! + t * sum;
  const half = 0.5 * t * Math.exp(-z * z - 1.26551223 + t * sum);
  return x >= 0 ? half : 1 - half;
}

function lowerBound(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
