import { fieldSigma, fitPolynomialField, fitSimilarity, polynomialTermCount } from '@colibri/numerics';
import { frameX, frameY, mapPlate, type PlateModel, pixelScale, plateToPlaneColumns } from './plate-model.ts';
import type { PlanePositions } from './tangent-plane.ts';

/** A plate fitted beside a start. */
export interface PlateDelta {
  readonly model: PlateModel;
  readonly kind: 'shift' | 'similarity' | 'polynomial';
  /** Fitted parameters, for one axis. */
  readonly parameters: number;
  /** Formal error [arcsec] at (x, y) in [−1, 1]. */
  readonly sigmaAt: (x: number, y: number) => number;
}

/** Many matches: a polynomial beside the start. */
export function polynomialDelta(
  base: PlateModel,
  x: Float64Array,
  y: Float64Array,
  truth: PlanePositions,
  weights: Float64Array,
  maxOrder: number,
): PlateDelta | null {
  const now = plateToPlaneColumns(base, x, y);
  const field = fitPolynomialField(
    x.map((v) => frameX(base, v)),
    y.map((v) => frameY(base, v)),
    [truth.xi.map((v, k) => v - now.xi[k]!), truth.eta.map((v, k) => v - now.eta[k]!)],
    weights,
    { maxOrder },
  );
  if (!field) return null;
  const order = Math.max(base.order, field.order);
  const terms = polynomialTermCount(order);
  const sum = (p: Float64Array, q: Float64Array): Float64Array =>
    Float64Array.from({ length: terms }, (_, k) => (p[k] ?? 0) + (q[k] ?? 0));
  return {
    model: { ...base, order, xi: sum(base.xi, field.coefficients[0]!), eta: sum(base.eta, field.coefficients[1]!) },
    kind: 'polynomial',
    parameters: field.effectiveParameters,
    sigmaAt: (u, v) => fieldSigma(field, u, v),
  };
}

/** A handful of matches: the start's own shape, shifted, or also turned and scaled. */
export function fewDelta(
  base: PlateModel,
  x: Float64Array,
  y: Float64Array,
  truth: PlanePositions,
  weights: Float64Array,
): PlateDelta | null {
  const now = plateToPlaneColumns(base, x, y);
  const n = x.length;
  const sum = weights.reduce((a, b) => a + b, 0);
  const mean = (values: Float64Array): number => values.reduce((total, v, k) => total + weights[k]! * v, 0) / sum;
  if (n < 4) {
    const map = { a: 1, b: 0, c: mean(truth.xi) - mean(now.xi), d: 0, e: 1, f: mean(truth.eta) - mean(now.eta) };
    return { model: mapPlate(base, map), kind: 'shift', parameters: 1, sigmaAt: () => Math.sqrt(1 / sum) };
  }
  const map = fitSimilarity(now.xi, now.eta, truth.xi, truth.eta, weights, 1);
  if (!map) return null;
  const mx = mean(now.xi);
  const my = mean(now.eta);
  const spread = now.xi.reduce((total, v, k) => total + weights[k]! * ((v - mx) ** 2 + (now.eta[k]! - my) ** 2), 0);
  const half = (pixelScale(base) * Math.max(base.width, base.height)) / 2;
  return {
    model: mapPlate(base, map),
    kind: 'similarity',
    parameters: 2,
    sigmaAt: (u, v) => Math.sqrt(1 / sum + ((u * half - mx) ** 2 + (v * half - my) ** 2) / spread),
  };
}
