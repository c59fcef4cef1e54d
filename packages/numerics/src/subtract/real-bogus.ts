import type { Change } from './measure-changes.ts';

/** Why a change is believed: the terms of the logistic, in natural logarithms of the odds, and the probability. */
export interface RealBogus {
  readonly score: number;
  readonly terms: Readonly<Record<keyof typeof REAL_BOGUS_WEIGHTS, number>>;
}

/**
 * Weights of the terms. Signs and scales follow from what each measures; the values were set by hand, not fitted: on the first four frames of
 * the simulated night (cosmic rays and hot pixels of a single template against stars of S/N 10 put on galaxies) and, for the odds to begin
 * with, on fields of the seeds 101 to 112. Fields 201 to 214 were not looked at before (`bench/subtraction.ts`).
 */
export const REAL_BOGUS_WEIGHTS = {
  /** S/N above what noise alone reaches once in twenty such fields [per sigma]. */
  strength: 3,
  /** Gain in χ² of a sharper or wider profile, above 9, over 9. */
  shape: -1.5,
  /** Reduced χ² above 1.5: three sigma for the pixels of a usual star. */
  chi2: -6,
  /** Share of an opposite lobe. */
  dipole: -8,
  /** ln of the light of the nearest star at this place, falling as 1 / (1 + (d / 0.75 FWHM)²), over the change's, above 10. */
  star: -2,
  /** Share of the star's image on masked pixels. */
  masked: -25,
  /** Nearness of the border, of saturated or missing pixels: 1 at 0.5 FWHM, 0 from 1.5 FWHM on. */
  edge: -3,
} as const;
/**
 * Log odds of a change at the noise limit that has nothing against it. Remnants of cosmic rays in stacks of few frames make more peaks just
 * above the limit than Gaussian noise does: even odds are reached two thirds of a sigma higher.
 */
const BEGIN = -2;
const CAP = 8;

/**
 * How probable it is that a change on the difference is one on the sky: a logistic of terms that each say what they mean.
 *
 * @param noiseLimit - S/N that noise alone reaches 0.05 times in such a field, see `noisePeakLimit`
 */
export function realBogus(change: Change, fwhmPix: number, noiseLimit: number): RealBogus {
  const w = REAL_BOGUS_WEIGHTS;
  const capped = (v: number): number => Math.min(CAP, Math.max(-CAP, v));
  const here = change.starRatio / (1 + (change.starDistancePix / (0.75 * fwhmPix)) ** 2);
  const terms = {
    strength: capped(w.strength * (Math.abs(change.snr) - noiseLimit)),
    shape: capped(w.shape * Math.max(0, change.shapeGain / 9 - 1)),
    chi2: capped(w.chi2 * Math.max(0, change.chi2Psf - 1.5)),
    dipole: capped(w.dipole * change.dipole),
    star: capped(here > 10 ? w.star * Math.log(here / 10) : 0),
    masked: capped(w.masked * change.maskedShare),
    edge: capped(w.edge * Math.min(1, Math.max(0, 1.5 - change.edgePix / fwhmPix))),
  };
  const sum = Object.values(terms).reduce((a, b) => a + b, BEGIN);
  return { score: 1 / (1 + Math.exp(-sum)), terms };
}

/**
 * The S/N above which Gaussian noise, seen through the filter of a star, makes `expected` peaks in an image of `pixels` pixels.
 *
 * Source: Adler & Hasofer 1976, Ann. Prob. 4, 1; peaks of height u of a field whose correlation is that of two star images of sigma s each:
 * n(u) ≈ pixels / (2π)^1.5 · u exp(−u²/2) / (2 s²).
 */
export function noisePeakLimit(pixels: number, fwhmPix: number, expected = 0.05): number {
  const s = fwhmPix / 2.3548;
  const rate = pixels / ((2 * Math.PI) ** 1.5 * 2 * s * s);
  let u = 5;
  for (let i = 0; i < 50; i++) u = Math.sqrt(2 * Math.log((rate * Math.max(u, 1)) / expected));
  return Number.isFinite(u) ? Math.max(u, 3) : 3;
}
