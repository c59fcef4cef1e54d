import type { ScoreTerm } from '@colibri/contracts';
import { chanceText } from './chance-text.ts';

/** What the score is made of; null: not known, then the term is 0. */
export interface ScoreFacts {
  /** In no catalogue; else what it is there. */
  readonly entry: 'none' | 'star' | 'galaxy';
  /** Share of steady sources of this brightness that the catalogue knows [1]. */
  readonly knownShare: number;
  readonly hostArcsec: number | null;
  readonly frames: number;
  readonly detectedFrames: number;
  /** Frames where it should show if it were steady. */
  readonly expectedFrames: number;
  /** Share of its whole signal that one frame gives, over what that frame gives of a steady source [1]. */
  readonly singleFrame: boolean;
  readonly onDifference: {
    readonly snr: number;
    readonly dipole: number;
    readonly realBogus: number;
    readonly flags: number;
  } | null;
  /** A difference was made. */
  readonly hasDifference: boolean;
  /** Trend: index or slope over its error; negative: fading. */
  readonly trendSigma: number | null;
  readonly isVariable: boolean;
  readonly falseAlarm: number | null;
  /** By how many sigma the light curve excludes a fading as t⁻¹, that of a young afterglow; null: it cannot say. */
  readonly againstFading: number | null;
  readonly alertArcsec: number | null;
  readonly alertRadiusArcsec: number;
  readonly isAlertRadiusKnown: boolean;
  /** Light outside the PSF in its sigma; χ² per pixel. */
  readonly spreadSigma: number | null;
  readonly chi2Psf: number | null;
  readonly fwhmRatio: number | null;
  readonly flags: readonly string[];
  readonly isNearBrightStar: boolean;
}

/** logit(score) with nothing known: one in eight. First guess of svom.md §4.12, as are the weights below. */
const BASE = -2;

/**
 * The score of a candidate as a logistic sum of terms, each with what was measured and what it adds.
 *
 * Source: svom.md §4.12 (first-guess weights), with its catalogue term made continuous: +2 where the catalogue knows all stars, 0 where it
 * knows half, negative beyond its reach.
 */
export function scoreOf(facts: ScoreFacts): { score: number; terms: ScoreTerm[] } {
  const terms: Omit<ScoreTerm, 'share'>[] = [
    { name: 'base', value: 'before anything is known', contribution: BASE },
    catalogTerm(facts),
    framesTerm(facts),
    trendTerm(facts),
    variabilityTerm(facts),
    alertTerm(facts),
    shapeTerm(facts),
    differenceTerm(facts),
    placeTerm(facts),
  ].filter((term) => term !== null);
  const total = terms.reduce((sum, { contribution }) => sum + Math.abs(contribution), 0);
  const logit = terms.reduce((sum, { contribution }) => sum + contribution, 0);
  return {
    score: 1 / (1 + Math.exp(-logit)),
    terms: terms.map((term) => ({ ...term, share: total > 0 ? Math.abs(term.contribution) / total : 0 })),
  };
}

type Term = Omit<ScoreTerm, 'share'> | null;

function catalogTerm({ entry, knownShare, hostArcsec }: ScoreFacts): Term {
  const name = 'catalogue depth';
  if (entry === 'star') return { name, value: 'a catalogued star', contribution: -1 };
  if (entry === 'galaxy') return { name, value: 'on a catalogued galaxy', contribution: 0.5 };
  const odds = Math.log((knownShare + 0.02) / (1 - knownShare + 0.02));
  const near = hostArcsec !== null && hostArcsec < 2 ? `; a galaxy ${hostArcsec.toFixed(1)}″ away` : '';
  return {
    name,
    value: `no entry; the catalogue knows ${(100 * knownShare).toFixed(0)} % of such sources${near}`,
    contribution: Math.max(-2.5, Math.min(2, 0.65 * odds)),
  };
}

function framesTerm({ frames, detectedFrames, expectedFrames, singleFrame }: ScoreFacts): Term {
  const name = 'detections';
  if (frames === 0) return null;
  const value = `seen in ${detectedFrames} of ${frames} frames${expectedFrames < frames ? `, ${expectedFrames.toFixed(0)} expected` : ''}`;
  if (singleFrame) return { name, value: `${value}: one frame gives nearly all the light`, contribution: -2 };
  if (detectedFrames >= 2) return { name, value, contribution: 1 };
  return { name, value, contribution: expectedFrames >= 2 ? -1 : 0 };
}

function trendTerm({ trendSigma, falseAlarm }: ScoreFacts): Term {
  if (trendSigma === null) return null;
  const value = `${trendSigma < 0 ? 'fading' : 'rising'} at ${Math.abs(trendSigma).toFixed(1)} σ`;
  const isReal = falseAlarm === null || falseAlarm < 0.3;
  if (Math.abs(trendSigma) < 3 || !isReal) {
    return { name: 'fading', value: isReal ? value : `${value}, but stars of the field do so too`, contribution: 0 };
  }
  return { name: 'fading', value, contribution: trendSigma < 0 ? 2.5 : 1.5 };
}

function variabilityTerm({ falseAlarm, isVariable, againstFading }: ScoreFacts): Term {
  if (falseAlarm === null) return null;
  const value = isVariable
    ? `chance ${chanceText(falseAlarm)} among all sources of the field`
    : `as steady as the field's stars (chance ${chanceText(falseAlarm)})`;
  if (!isVariable && againstFading !== null && againstFading > 3) {
    return {
      name: 'variability',
      value: `${value}; fading as t^−1 is excluded at ${againstFading.toFixed(0)} σ`,
      contribution: -1.5,
    };
  }
  return { name: 'variability', value, contribution: isVariable ? 1 : 0 };
}

function alertTerm({ alertArcsec, alertRadiusArcsec, isAlertRadiusKnown }: ScoreFacts): Term {
  if (alertArcsec === null) return null;
  const radii = alertArcsec / alertRadiusArcsec;
  // Density of a 2-D normal whose 90 % radius is the circle, against one spread over a field three radii wide: 1 inside, falling beyond.
  const contribution = radii <= 1 ? 1 : Math.max(-2, 1 - 1.15 * (radii ** 2 - 1));
  const assumed = isAlertRadiusKnown ? '' : ' (assumed)';
  return {
    name: 'distance to the alert',
    value: `${alertArcsec.toFixed(1)}″ of ${alertRadiusArcsec.toFixed(0)}″${assumed}`,
    contribution,
  };
}

function shapeTerm({ spreadSigma, chi2Psf, fwhmRatio, flags }: ScoreFacts): Term {
  const parts: string[] = [];
  if (chi2Psf !== null) parts.push(`χ² ${chi2Psf.toFixed(2)}`);
  if (spreadSigma !== null) parts.push(`spread ${spreadSigma.toFixed(1).replace('-', '−')} σ`);
  if (fwhmRatio !== null) parts.push(`${fwhmRatio.toFixed(2)} × the FWHM of stars`);
  if (parts.length === 0) return null;
  const value = parts.join(', ') + (flags.length > 0 ? ` (${flags.join(', ')})` : '');
  const isSharp = (spreadSigma !== null && spreadSigma < -4) || (fwhmRatio !== null && fwhmRatio < 0.6);
  const isBad = (chi2Psf !== null && chi2Psf > 5) || (fwhmRatio !== null && fwhmRatio > 3);
  const isWide = spreadSigma !== null && spreadSigma > 5;
  if (isSharp) return { name: 'shape', value: `${value}: sharper than a star`, contribution: -2 };
  if (isBad) return { name: 'shape', value: `${value}: no point source`, contribution: -2 };
  if (isWide) return { name: 'shape', value: `${value}: extended`, contribution: -0.5 };
  return { name: 'shape', value: `${value}: like a star`, contribution: 0.5 };
}

function differenceTerm({ onDifference, hasDifference }: ScoreFacts): Term {
  const name = 'difference image';
  if (!hasDifference) return null;
  if (!onDifference) return { name, value: 'not on it', contribution: -0.5 };
  const { snr, dipole, realBogus } = onDifference;
  const value = `${snr.toFixed(1)} σ, opposite lobe ${(100 * dipole).toFixed(0)} %, real with ${realBogus.toFixed(2)}`;
  const belief = Math.log((realBogus + 0.02) / (1 - realBogus + 0.02));
  return { name, value, contribution: Math.max(-2.5, Math.min(2.5, 0.65 * belief)) - (dipole > 0.3 ? 1 : 0) };
}

function placeTerm({ isNearBrightStar, flags }: ScoreFacts): Term {
  if (isNearBrightStar) return { name: 'place', value: 'beside a bright star', contribution: -1 };
  if (flags.length > 0) return { name: 'place', value: flags.join(', '), contribution: -0.5 };
  return null;
}
