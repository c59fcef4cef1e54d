import type { Candidate, CandidateClass, Variability } from '@colibri/contracts';
import { DifferenceFlag, type Unit } from '@colibri/pipeline';
import { withError } from '../summary/format.ts';
import { chanceText } from './chance-text.ts';
import type { ScoreFacts } from './score.ts';
import type { Tracklet } from './tracklets.ts';

export interface Evidence {
  readonly facts: ScoreFacts;
  readonly unit: Unit;
  readonly track: Tracklet | null;
  readonly body: { readonly name: string; readonly arcsec: number } | null;
  readonly bodiesFailure: string | null;
  readonly highProperMotion: { readonly masYr: number; readonly arcsec: number } | null;
  readonly hosts: Candidate['hosts'];
  readonly variability: Variability | null;
  readonly snr: number;
  readonly depthMag: number | null;
  readonly score: number;
}

export interface Verdict {
  readonly class: CandidateClass;
  readonly reason: string;
  /** Highest score that such a thing may have: 0.05 where it needs no follow-up as a transient, 0.3 where nothing says that it is new. */
  readonly mostScore: number;
}

/** Puts a candidate into a class, with the sentence that says why. The first that fits, from what is surest. */
export function classify(evidence: Evidence): Verdict {
  const { facts, track, body, bodiesFailure, highProperMotion, variability, snr } = evidence;
  const as = (kind: CandidateClass, reason: string, isKnown = false): Verdict => ({
    class: kind,
    reason,
    mostScore: isKnown ? 0.05 : kind === 'faint' ? 0.3 : 1,
  });

  if (track) {
    const speed = Math.hypot(track.raRateArcsecH, track.decRateArcsecH);
    const motion = `moves ${speed.toFixed(1)} ± ${track.errArcsecH.toFixed(1)}″/h in a straight line over ${track.members.length} frames`;
    if (track.followsDetector) return as('artefact', 'Moves as the telescope did: it stands still on the detector.');
    if (body) return as('minor planet', `${body.name}: ${motion}, ${body.arcsec.toFixed(1)}″ from its ephemeris.`, true);
    const known = bodiesFailure === null ? 'no known body is there' : `not compared with ephemerides: ${bodiesFailure}`;
    return as('moving source', `It ${motion}; ${known}.`, true);
  }
  if (body) return as('minor planet', `${body.name} by its ephemeris, ${body.arcsec.toFixed(1)}″ away.`, true);
  const artefact = artefactReason(evidence);
  if (artefact) return as('artefact', artefact);
  if (highProperMotion) {
    return as(
      'high proper motion star',
      `A star that moves ${highProperMotion.masYr.toFixed(0)} mas/yr is expected ${highProperMotion.arcsec.toFixed(1)}″ away.`,
      true,
    );
  }

  const change = changeSentence(facts, variability);
  if (facts.entry === 'star') {
    return change
      ? as('variable star', `A catalogued star; ${change}.`, true)
      : as('unknown', 'A catalogued star with a doubtful change.');
  }
  if (facts.entry === 'galaxy' && !change) return as('unknown', 'A catalogued galaxy with a doubtful change.');
  const where = facts.entry === 'galaxy' ? 'On a catalogued galaxy' : 'In no catalogue';
  const isNear = facts.alertArcsec === null || facts.alertArcsec <= facts.alertRadiusArcsec;
  const hasEvent = evidence.unit.triggeredAt !== null || evidence.unit.alert !== null;
  if (change) return as(hasEvent && isNear ? 'afterglow candidate' : 'transient', `${where}; ${change}.`);
  const share = (100 * facts.knownShare).toFixed(0);
  if (facts.knownShare >= 0.9 && snr >= 7) {
    const sentence = `In no catalogue, although ${share} % of sources as bright are; steady within its errors.`;
    const isCandidate = hasEvent && isNear && facts.alertArcsec !== null && facts.spreadSigma !== null && facts.spreadSigma < 5;
    return as(isCandidate ? 'afterglow candidate' : 'unknown', sentence);
  }
  if (facts.knownShare >= 0.75 && snr >= 10)
    return as('unknown', `In no catalogue; ${share} % of sources as bright are. Steady within its errors.`);
  const depth = evidence.depthMag === null ? '' : ` (half are at ${evidence.depthMag.toFixed(1)} mag)`;
  return as(
    'faint',
    `In no catalogue, but only ${share} % of sources as faint are${depth}; ${facts.hasDifference ? 'neither variable nor on the difference' : 'not variable'}.`,
  );
}

/** How it changed, in words, when that is beyond doubt; null when not. */
function changeSentence(facts: ScoreFacts, variability: Variability | null): string | null {
  const { onDifference } = facts;
  if (variability?.isVariable) {
    const law = variability.powerLaw;
    const chance = `chance ${chanceText(variability.falseAlarm)} among all sources of the field`;
    const trend = facts.trendSigma !== null && Math.abs(facts.trendSigma) >= 3;
    const isLaw = law !== null && law.chi2 < 3 * Math.max(1, variability.points - 2);
    if (law && isLaw && trend) return `its light goes as t^${withError(law.index, law.indexErr)} (${chance})`;
    if (variability.slopePerHour !== null && trend && law === null) {
      return `its light changes by ${(100 * variability.slopePerHour).toFixed(0)} ± ${(100 * (variability.slopePerHourErr ?? 0)).toFixed(0)} % of its mean per hour (${chance})`;
    }
    return `its light varies, χ² ${variability.chi2Constant.toFixed(0)} for ${variability.points} points (${chance})`;
  }
  if (onDifference && onDifference.realBogus >= 0.5) {
    const way = onDifference.snr > 0 ? 'brighter' : 'fainter';
    return `${way} than in the template at ${Math.abs(onDifference.snr).toFixed(1)} σ`;
  }
  return null;
}

function artefactReason({ facts, variability }: Evidence): string | null {
  const { onDifference: found } = facts;
  const isSharp = (facts.spreadSigma !== null && facts.spreadSigma < -4) || (facts.fwhmRatio !== null && facts.fwhmRatio < 0.6);
  if (facts.flags.includes('at the edge')) return 'Cut by the edge of the stack.';
  if (facts.singleFrame && isSharp) return 'One frame gives all its light and it is sharper than a star: a cosmic ray.';
  if (facts.singleFrame && facts.entry === 'none' && !(found && found.realBogus >= 0.5))
    return 'One frame gives all its light, and no difference confirms it: a cosmic ray or a flash.';
  if (facts.flags.includes('satellite trail')) return 'On a satellite trail.';
  if (facts.entry === 'none' && isSharp && !variability?.isVariable) return 'Sharper than a star: a cosmic ray or a bad pixel.';
  if (found && !variability?.isVariable) {
    if (found.flags & DifferenceFlag.EDGE) return 'At the edge of the difference.';
    if (found.flags & DifferenceFlag.MASKED) return 'On masked pixels of the difference.';
    if (found.flags & DifferenceFlag.DIPOLE)
      return `A dipole: ${(100 * found.dipole).toFixed(0)} % of its light has an opposite lobe.`;
    if (found.flags & DifferenceFlag.STAR_RESIDUAL) return 'Residual of a bright star.';
    if (found.realBogus < 0.3) return `On the difference, but real with ${found.realBogus.toFixed(2)} only.`;
  }
  if (facts.isNearBrightStar && facts.entry === 'none' && !variability?.isVariable && (facts.spreadSigma ?? 0) > 5)
    return 'Extended and beside a bright star: part of its halo.';
  return null;
}
