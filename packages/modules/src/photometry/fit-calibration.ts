import { madSigma, medianOf, normalEquations, solveNormal } from '@colibri/numerics';
import type { PhotometricCalibration } from '@colibri/pipeline';

/** Stars seen and known; columns of one length. */
export interface CalibrationSample {
  /** Place in the image scaled to [−1, 1]. */
  readonly u: Float64Array;
  readonly v: Float64Array;
  /** −2.5 log10(total flux [electron/s]) and its error [mag]. */
  readonly instrumentalMag: Float64Array;
  readonly instrumentalErr: Float64Array;
  readonly referenceMag: Float64Array;
  readonly referenceErr: Float64Array;
  /** [mag]; NaN: not known. null: the catalogue has no colour. */
  readonly colour: Float64Array | null;
}

export type CalibrationFit = Omit<PhotometricCalibration, 'band' | 'catalog' | 'transformation' | 'note' | 'colour'> & {
  readonly usesColour: boolean;
  /** Indices of the stars that stayed. */
  readonly kept: readonly number[];
};

export const FEWEST_STARS = 5;
/** Errors that catalogues don't state [mag]. */
const UNKNOWN_ERR = 0.02;
/** A colour term wants so many stars, and so wide a range of colours [mag, robust sigma]. */
const STARS_FOR_COLOUR = 12;
const SPREAD_FOR_COLOUR = 0.1;
const STARS_PER_TERM = 10;

/**
 * Zero point, colour term, polynomial of the place and intrinsic scatter, all at once: weighted least squares with the scatter of maximum
 * likelihood in the weights, stars beyond 3 sigma left out in turns until nothing changes. The order of the polynomial (0, 1 or 2) is the
 * one of the least BIC. A fifth of the stars is then held out to judge a fit to the others. null: fewer than five stars agree.
 *
 * Sources: Karpov 2021 (STDPipe, ascl:2112.006); Schwarz 1978, Ann. Statist. 6, 461 (BIC).
 */
export function fitCalibration(sample: CalibrationSample, maxSpatialOrder = 2): CalibrationFit | null {
  const n = sample.u.length;
  const difference = Float64Array.from({ length: n }, (_, k) => sample.referenceMag[k]! - sample.instrumentalMag[k]!);
  const variance = Float64Array.from(
    { length: n },
    (_, k) => sample.instrumentalErr[k]! ** 2 + (sample.referenceErr[k]! > 0 ? sample.referenceErr[k]! : UNKNOWN_ERR) ** 2,
  );
  const usable = Array.from({ length: n }, (_, k) => k).filter(
    (k) => Number.isFinite(difference[k]!) && Number.isFinite(variance[k]!),
  );
  if (usable.length < FEWEST_STARS) return null;
  const coloured = sample.colour === null ? [] : usable.filter((k) => Number.isFinite(sample.colour![k]!));
  const colours = Float64Array.from(coloured, (k) => sample.colour![k]!);
  const usesColour =
    coloured.length >= STARS_FOR_COLOUR && coloured.length > 0.7 * usable.length && madSigma(colours) > SPREAD_FOR_COLOUR;
  const stars = usesColour ? coloured : usable;
  const defaultColourMag = coloured.length > 0 ? medianOf(colours) : 0;
  const data: Data = { sample, difference, variance, usesColour };
  let best: { fit: Fit; order: number; bic: number } | null = null;
  for (let order = maxSpatialOrder; order >= 0; order--) {
    if (order > 0 && stars.length < STARS_PER_TERM * terms(order)) continue;
    // Lower orders are judged on the stars that the highest kept, so that likelihoods compare.
    const fit: Fit | null = best === null ? clippedFit(data, stars, order) : fitKept(data, best.fit.kept, order);
    if (!fit) continue;
    const bic: number = fit.minusTwoLogL + (fit.parameters.length + 1) * Math.log(fit.kept.length);
    if (best === null || bic < best.bic) best = { fit, order, bic };
  }
  if (best === null) return null;
  const order = best.order;
  const fit = clippedFit(data, stars, order) ?? best.fit;
  const p = Array.from(fit.parameters);
  const at = usesColour ? 2 : 1;
  const size = p.length + (usesColour ? 0 : 1);
  // [zero point, colour term, spatial …]: a row of zeros where no colour term is fitted.
  const covariance = Array.from({ length: size * size }, () => 0);
  const where = (i: number): number => (usesColour || i === 0 ? i : i + 1);
  for (let i = 0; i < p.length; i++)
    for (let j = 0; j < p.length; j++) covariance[where(i) * size + where(j)] = fit.covariance[i * p.length + j]!;
  return {
    zeroPointMag: p[0]!,
    zeroPointErrMag: Math.sqrt(errorAt(fit.covariance, p.length, usesColour, defaultColourMag)),
    colourTerm: usesColour ? p[1]! : 0,
    colourTermErr: usesColour ? Math.sqrt(fit.covariance[p.length + 1]!) : 0,
    defaultColourMag,
    spatial: order === 0 ? [0] : [0, ...p.slice(at)],
    spatialOrder: order,
    covariance,
    intrinsicScatterMag: fit.scatter,
    stars: fit.kept.length,
    heldOut: heldOut(data, fit.kept, order),
    usesColour,
    kept: fit.kept,
  };
}

/** Variance of the zero point in the middle of the image for a star of the usual colour [mag²]. */
function errorAt(covariance: Float64Array, n: number, usesColour: boolean, colour: number): number {
  if (!usesColour) return covariance[0]!;
  return covariance[0]! + 2 * colour * covariance[1]! + colour * colour * covariance[n + 1]!;
}

interface Data {
  readonly sample: CalibrationSample;
  readonly difference: Float64Array;
  readonly variance: Float64Array;
  readonly usesColour: boolean;
}
interface Fit {
  readonly parameters: Float64Array;
  readonly covariance: Float64Array;
  readonly scatter: number;
  readonly kept: readonly number[];
  readonly minusTwoLogL: number;
}

const terms = (order: number): number => ((order + 1) * (order + 2)) / 2;

/** 1, colour, u, v, u², uv, v² … of star k. */
function rowOf({ sample, usesColour }: Data, k: number, order: number): number[] {
  const row = [1];
  if (usesColour) row.push(sample.colour![k]!);
  for (let degree = 1; degree <= order; degree++)
    for (let j = 0; j <= degree; j++) row.push(sample.u[k]! ** (degree - j) * sample.v[k]! ** j);
  return row;
}

function clippedFit(data: Data, stars: readonly number[], order: number): Fit | null {
  const start = medianOf(Float64Array.from(stars, (k) => data.difference[k]!));
  const spread = Math.max(madSigma(Float64Array.from(stars, (k) => data.difference[k]!)), 0.02);
  let kept = stars.filter((k) => Math.abs(data.difference[k]! - start) < 5 * Math.hypot(spread, Math.sqrt(data.variance[k]!)));
  let fit: Fit | null = null;
  for (let round = 0; round < 20; round++) {
    fit = fitKept(data, kept, order);
    if (!fit) return null;
    const { parameters, scatter } = fit;
    const next = stars.filter(
      (k) => Math.abs(residual(data, k, parameters, order)) <= 3 * Math.sqrt(data.variance[k]! + scatter * scatter),
    );
    if (next.length === kept.length && next.every((k, i) => k === kept[i])) break;
    kept = next;
  }
  return fit;
}

function residual(data: Data, k: number, parameters: Float64Array, order: number): number {
  let model = 0;
  for (const [j, value] of rowOf(data, k, order).entries()) model += value * parameters[j]!;
  return data.difference[k]! - model;
}

/** Parameters and the scatter for which Σ w² r² = Σ w (n − p) / n, by bisection. */
function fitKept(data: Data, kept: readonly number[], order: number): Fit | null {
  const cols = rowCount(data, order);
  const n = kept.length;
  if (n < Math.max(FEWEST_STARS, cols + 2)) return null;
  const design = Float64Array.from(kept.flatMap((k) => rowOf(data, k, order)));
  const values = Float64Array.from(kept, (k) => data.difference[k]!);
  const at = (scatter: number) => {
    const weights = Float64Array.from(kept, (k) => 1 / (data.variance[k]! + scatter * scatter));
    const solution = solveNormal(normalEquations(design, cols, [values], weights));
    if (!solution) return null;
    const parameters = solution.coefficients[0]!;
    let excess = 0;
    let minusTwoLogL = 0;
    for (let i = 0; i < n; i++) {
      let model = 0;
      for (let j = 0; j < cols; j++) model += design[i * cols + j]! * parameters[j]!;
      const r = values[i]! - model;
      const w = weights[i]!;
      excess += w * w * r * r - (w * (n - cols)) / n;
      minusTwoLogL += w * r * r - Math.log(w);
    }
    return { parameters, covariance: solution.covariance, excess, minusTwoLogL, scatter, kept };
  };
  let result = at(0);
  if (!result || result.excess <= 0) return result;
  let low = 1e-4;
  let high = 1;
  for (let step = 0; step < 30; step++) {
    const middle = Math.sqrt(low * high);
    result = at(middle);
    if (!result) return null;
    if (result.excess > 0) low = middle;
    else high = middle;
  }
  return at(high);
}

const rowCount = ({ usesColour }: Data, order: number): number => terms(order) + (usesColour ? 1 : 0);

function heldOut(data: Data, kept: readonly number[], order: number): PhotometricCalibration['heldOut'] {
  const out = kept.filter((_, i) => i % 5 === 4);
  const fit =
    out.length < 4
      ? null
      : fitKept(
          data,
          kept.filter((_, i) => i % 5 !== 4),
          order,
        );
  if (!fit) return null;
  const residuals = Float64Array.from(out, (k) => residual(data, k, fit.parameters, order));
  return { offsetMag: medianOf(residuals), scatterMag: madSigma(residuals), stars: out.length };
}
