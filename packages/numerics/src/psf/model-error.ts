import { medianOf } from '../stats/quantile.ts';
import type { StarStamp } from './psf-stars.ts';

/** Nobody's flat field and sampling are better [1]. */
const LEAST_ERROR = 0.001;
/** Where too few stars tell [1]. */
const UNKNOWN_ERROR = 0.02;

/** Nor does a model fail by more that still has stars which agree [1]. */
const LARGEST_ERROR = 0.05;
const LEAST_STARS = 4;
/** Stars farther off than this have another trouble than the model [sigma]. */
const CLIP = 4;

/** Radii of the two fits whose fluxes are compared [FWHM]. */
const CORE_FWHM = 0.5;
const WHOLE_FWHM = 1.5;

/** How much more flux the core of a star asks for than all of it, relative to it, and the variance of that by the noise alone. */
export interface ModelTest {
  readonly share: number;
  readonly variance: number;
}

/**
 * Relative error of fluxes that a model makes [1, rms]: the scatter of the tests from star to star beyond their noise; what is common to all is
 * left out (a zero point takes it up). The excess is the one for which χ² is what it should be.
 *
 * Source: Paule & Mandel 1982, J. Res. NBS 87, 377.
 */
export function modelError(stars: readonly ModelTest[]): number {
  let kept = stars;
  let excess = 0;
  for (let round = 0; round < 3; round++) {
    if (kept.length < LEAST_STARS) return UNKNOWN_ERROR;
    // The first look is a robust one.
    const middle = round === 0 ? medianOf(Float64Array.from(kept, (s) => s.share)) : weightedMean(kept, excess);
    excess = round === 0 ? robustExcess(kept, middle) : excessOf(kept);
    kept = stars.filter(({ share, variance }) => (share - middle) ** 2 <= CLIP ** 2 * (variance + excess));
  }
  return Math.min(Math.max(Math.sqrt(excess), LEAST_ERROR), LARGEST_ERROR);
}

/** The excess variance under which the middle of the squares is that of Gaussian numbers. */
function robustExcess(stars: readonly ModelTest[], middle: number): number {
  return Math.max(medianOf(Float64Array.from(stars, ({ share, variance }) => (share - middle) ** 2 / 0.4549 - variance)), 0);
}

function weightedMean(stars: readonly ModelTest[], excess: number): number {
  let sum = 0;
  let weight = 0;
  for (const { share, variance } of stars) {
    sum += share / (variance + excess);
    weight += 1 / (variance + excess);
  }
  return sum / weight;
}

/** The excess variance for which Σ (share − mean)² / (variance + excess) = stars − 1, by bisection; 0: the noise explains all. */
function excessOf(stars: readonly ModelTest[]): number {
  let low = 0;
  let high = LARGEST_ERROR ** 2;
  if (chi2Of(stars, low) <= stars.length - 1) return 0;
  for (let step = 0; step < 40; step++) {
    const middle = 0.5 * (low + high);
    if (chi2Of(stars, middle) > stars.length - 1) low = middle;
    else high = middle;
  }
  return high;
}

function chi2Of(stars: readonly ModelTest[], excess: number): number {
  const mean = weightedMean(stars, excess);
  return stars.reduce((sum, { share, variance }) => sum + (share - mean) ** 2 / (variance + excess), 0);
}

/**
 * Tests a model on stars: a fit to the core sees another flux than a fit to all where the width is wrong, by less than the fault of the flux
 * itself; it is scaled by the ratio that a widening of the PSF would make. Neither sees much of the sky, nor of neighbours.
 *
 * @param stamps - of unit flux, as the model has them at the places of the stars
 * @param covarianceFactor - variance of sums over the sum of the pixels' variances
 */
export function modelTests(
  stars: readonly StarStamp[],
  stamps: readonly Float64Array[],
  fwhmPix: number,
  covarianceFactor: number,
): ModelTest[] {
  return stars.flatMap((star, k) => {
    const whole = fitWithin(star, stamps[k]!, WHOLE_FWHM * fwhmPix);
    const core = fitWithin(star, stamps[k]!, CORE_FWHM * fwhmPix);
    const asked = (core.flux - whole.flux) / whole.flux;
    const ratio = core.widening / whole.widening - 1;
    const variance = (covarianceFactor * (1 / core.information - 1 / whole.information)) / whole.flux ** 2;
    return whole.flux > 0 && ratio > 0.1 && variance > 0 ? [{ share: asked / ratio, variance: variance / ratio ** 2 }] : [];
  });
}

/** Flux by the pixels within `reach`, their information [1/flux²], and how the flux follows a widening of the PSF [relative, any unit]. */
function fitWithin(star: StarStamp, stamp: Float64Array, reach: number): { flux: number; information: number; widening: number } {
  const { radius, x, y, cx, cy, data, skyVariance, lightVariance } = star;
  const side = 2 * radius + 1;
  const most = Math.min(Math.ceil(reach) + 1, radius - 1);
  let pp = 0;
  let pd = 0;
  let pl = 0;
  for (let j = -most; j <= most; j++) {
    for (let i = -most; i <= most; i++) {
      if ((i + cx - x) ** 2 + (j + cy - y) ** 2 >= reach * reach) continue;
      const p = (j + radius) * side + i + radius;
      const v = skyVariance[p]!;
      if (!(v > 0)) continue;
      const value = stamp[p]!;
      const w = value / (v + lightVariance * Math.max(star.flux * value, 0));
      pp += w * value;
      pd += w * data[p]!;
      pl += w * (stamp[p - 1]! + stamp[p + 1]! + stamp[p - side]! + stamp[p + side]! - 4 * value);
    }
  }
  return { flux: pd / pp, information: pp, widening: pl / pp };
}
