import { medianOf } from '@colibri/numerics';

/** One axis of a match: `sigma² = (factor · centroid error)² + floor²` [arcsec]. */
export interface ErrorLaw {
  /** What centroid errors understate: galaxies, blends. Between 1 and 3. */
  readonly factor: number;
  /** Catalogue errors, and whatever else does not depend on brightness. */
  readonly floor: number;
}

/** Stars and extended entries each have their law. */
export interface MatchErrors {
  readonly stars: ErrorLaw;
  readonly extended: ErrorLaw;
}

/** Before any residual has been seen. */
export const firstErrors = (scale: number): MatchErrors => ({
  stars: { factor: 1, floor: 0.15 * scale },
  extended: { factor: 1.5, floor: 0.3 * scale },
});

export const sigmaOf = (law: ErrorLaw, centroid: number): number => Math.sqrt((law.factor * centroid) ** 2 + law.floor ** 2);

/** Squared residuals of both axes [arcsec²], centroid errors of one axis [arcsec], and 1 where the entry is extended. */
export interface MatchResiduals {
  readonly squared: Float64Array;
  readonly centroid: Float64Array;
  readonly extended: Uint8Array;
}

/**
 * The laws under which the residuals are what two Gaussian axes give: the median of d²/sigma² is 2 ln 2, in the half of small centroid
 * errors (which fixes the floor) and in the half of large ones (which fixes the factor). A class below 30 shares the law of all.
 *
 * @param parameters - fitted, for one axis: residuals are smaller than errors by that much freedom
 * @param scale - [arcsec/pix]
 */
export function estimateErrors(residuals: MatchResiduals, parameters: number, scale: number): MatchErrors {
  const freedom = Math.max(0.3, 1 - parameters / residuals.squared.length);
  const n = residuals.squared.length;
  const all = new Int32Array(n).map((_, k) => k);
  const of = (which: Int32Array): ErrorLaw => estimateLaw(which, residuals, 2 * Math.LN2 * freedom, scale);
  const common = of(all);
  const stars = all.filter((k) => residuals.extended[k] === 0);
  const extended = all.filter((k) => residuals.extended[k] === 1);
  return { stars: stars.length >= 30 ? of(stars) : common, extended: extended.length >= 30 ? of(extended) : common };
}

function estimateLaw(which: Int32Array, { squared, centroid }: MatchResiduals, goal: number, scale: number): ErrorLaw {
  const errors = new Float64Array(which.length);
  for (let i = 0; i < which.length; i++) errors[i] = centroid[which[i]!]!;
  const middle = which.length >= 30 ? medianOf(errors) : Infinity;
  const sharp = which.filter((k) => centroid[k]! <= middle);
  const vague = which.filter((k) => centroid[k]! > middle);
  const wishes = new Float64Array(Math.max(sharp.length, vague.length));
  // each match alone would ask for this floor² or factor²: the median of the wishes makes the median of d²/sigma² the goal
  const floorFor = (factor: number): number => {
    for (let i = 0; i < sharp.length; i++) wishes[i] = squared[sharp[i]!]! / goal - (factor * centroid[sharp[i]!]!) ** 2;
    const wish = medianOf(wishes.subarray(0, sharp.length));
    // no detector is flatter than a few thousandths of a pixel
    return Math.min(3 * scale, Math.max(0.003 * scale, Math.sqrt(Math.max(0, wish))));
  };
  const factorFor = (floor: number): number => {
    if (vague.length === 0) return 1;
    for (let i = 0; i < vague.length; i++) wishes[i] = (squared[vague[i]!]! / goal - floor * floor) / centroid[vague[i]!]! ** 2;
    const wish = medianOf(wishes.subarray(0, vague.length));
    return Math.min(3, Math.sqrt(Math.max(1, wish)));
  };
  let factor = 1;
  let floor = floorFor(factor);
  for (let round = 0; round < 4; round++) {
    factor = factorFor(floor);
    floor = floorFor(factor);
  }
  return { factor, floor };
}

/** With few matches the spread itself is uncertain: one law, never below a twentieth of a pixel. */
export function estimateFewErrors({ squared, centroid }: MatchResiduals, parameters: number, scale: number): MatchErrors {
  const n = squared.length;
  const freedom = Math.max(0.25, 1 - parameters / n);
  let excess = 0;
  for (let k = 0; k < n; k++) excess += squared[k]! / (2 * freedom) - centroid[k]! ** 2;
  const law = { factor: 1, floor: Math.max(0.05 * scale, Math.sqrt(Math.max(0, excess / n))) };
  return { stars: law, extended: law };
}
