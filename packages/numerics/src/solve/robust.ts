import { medianOf } from '../stats/quantile.ts';
import { weightedLeastSquares } from './least-squares.ts';

/** Tukey's biweight of a standardised residual: 1 at 0, 0 beyond `cut` sigma. */
export function tukeyWeight(residualSigma: number, cut = 4.685): number {
  const t = residualSigma / cut;
  return Math.abs(t) < 1 ? (1 - t * t) ** 2 : 0;
}

/** Huber's weight: 1 within `cut` sigma, cut/|r| beyond. */
export function huberWeight(residualSigma: number, cut = 1.345): number {
  const r = Math.abs(residualSigma);
  return r <= cut ? 1 : cut / r;
}

/** Weight of a 2-D residual under Student's t with ν degrees of freedom, from its squared length in sigma² (per axis). */
export function studentWeight2d(chi2: number, nu = 5): number {
  return (nu + 2) / (nu + chi2);
}

/**
 * Linear fit by iteratively reweighted least squares with Tukey's biweight; the scale is 1.4826 × the median absolute residual in
 * units of the given errors, not below 1 when `errorsAreKnown`.
 *
 * Source: Holland & Welsch, Comm. Statist. A6, 813 (1977).
 */
export function robustLinearFit(
  design: Float64Array,
  cols: number,
  values: Float64Array,
  sigma: Float64Array,
  { iterations = 30, errorsAreKnown = false } = {},
): {
  readonly coefficients: Float64Array;
  readonly covariance: Float64Array;
  readonly weights: Float64Array;
  readonly scale: number;
} | null {
  const rows = values.length;
  const weights = sigma.map((s) => 1 / (s * s));
  let fit = weightedLeastSquares(design, cols, values, weights);
  let scale = 1;
  const pulls = new Float64Array(rows);
  for (let iteration = 0; fit && iteration < iterations; iteration++) {
    for (let i = 0; i < rows; i++) {
      let model = 0;
      for (let j = 0; j < cols; j++) model += design[i * cols + j]! * fit.coefficients[j]!;
      pulls[i] = (values[i]! - model) / sigma[i]!;
    }
    scale = 1.4826 * medianOf(pulls.map(Math.abs)) * Math.sqrt(rows / Math.max(1, rows - cols));
    if (errorsAreKnown) scale = Math.max(1, scale);
    if (!(scale > 0)) break; // an exact fit
    for (let i = 0; i < rows; i++) weights[i] = tukeyWeight(pulls[i]! / scale) / sigma[i]! ** 2;
    const next = weightedLeastSquares(design, cols, values, weights);
    if (!next) break;
    const moved = next.coefficients.some(
      (c, j) => Math.abs(c - fit!.coefficients[j]!) > 1e-6 * Math.sqrt(next.covariance[j * cols + j]!),
    );
    fit = next;
    if (!moved) break;
  }
  return fit && { coefficients: fit.coefficients, covariance: fit.covariance.map((c) => c * scale * scale), weights, scale };
}
