import type { Change } from './measure-changes.ts';
import { REAL_BOGUS_WEIGHTS } from './real-bogus-weights.ts';

export { REAL_BOGUS_WEIGHTS };

type Measure = Exclude<keyof typeof REAL_BOGUS_WEIGHTS, 'begin'>;

/** Why a change is believed: the terms of the logistic, in natural logarithms of the odds, and the probability. */
export interface RealBogus {
  readonly score: number;
  readonly terms: Readonly<Record<Measure, number>>;
}

/** Beyond these a measure says nothing more: noise is out of the question one sigma above its limit, and a cosmic ray may be of any height. */
const MOST_STRENGTH = 1.5;
const MOST_GAIN = 60;
const MOST_CHI2 = 4;
/** 1 − width over a star's, from which most cosmic rays are; what the PSF has wrong is less. */
const RAY_SHARPNESS = 0.29;

/**
 * What the score is made of, each 0 or small for a faint star that has nothing against it.
 *
 * @param noiseLimit - S/N that noise alone reaches 0.05 times in such a field, see `noisePeakLimit`
 */
export function realBogusMeasures(change: Change, fwhmPix: number, noiseLimit: number): Record<Measure, number> {
  const here = change.starRatio / (1 + (change.starDistancePix / (0.75 * fwhmPix)) ** 2);
  const gain = Math.min(change.shapeGain, MOST_GAIN);
  return {
    /** S/N above what noise alone reaches once in twenty such fields [sigma]. */
    strength: Math.max(-1, Math.min(MOST_STRENGTH, Math.abs(change.snr) - noiseLimit)),
    /** Gain in χ² of a sharper profile, in full where it is as sharp as a cosmic ray, and of a wider one. */
    sharp: gain * Math.min(1, Math.max(0, 1 - change.widthRatio) / RAY_SHARPNESS),
    wide: change.widthRatio > 1 ? gain : 0,
    /** Reduced χ² above 1. */
    chi2: Math.min(MOST_CHI2, Math.max(0, change.chi2Psf - 1)),
    /** Share of an opposite lobe. */
    dipole: change.dipole,
    /** ln of the light of the nearest star at this place, falling as 1 / (1 + (d / 0.75 FWHM)²), over the change's, above 10. */
    star: here > 10 ? Math.log(here / 10) : 0,
    /** Share of the star's image on masked pixels. */
    masked: change.maskedShare,
    /** Nearness of the border, of saturated or missing pixels: 1 at 0.5 FWHM, 0 from 1.5 FWHM on. */
    edge: Math.min(1, Math.max(0, 1.5 - change.edgePix / fwhmPix)),
  };
}

/** How probable it is that a change on the difference is one on the sky: a logistic of terms that each say what they mean. */
export function realBogus(change: Change, fwhmPix: number, noiseLimit: number): RealBogus {
  const measures = realBogusMeasures(change, fwhmPix, noiseLimit);
  const terms = { ...measures };
  let sum: number = REAL_BOGUS_WEIGHTS.begin;
  for (const name of Object.keys(measures) as Measure[]) {
    terms[name] = REAL_BOGUS_WEIGHTS[name] * measures[name];
    sum += terms[name];
  }
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
