import type { Candidate, CandidateList, UnitSummary } from '@colibri/contracts';
import type { Unit, UnitPhotometry } from '@colibri/pipeline';
import { fixed, sinceTrigger, withError } from './format.ts';

/** A candidate is the answer when it is more likely real than not. */
const LEAST_SCORE = 0.5;

/** The answer of a unit: the best candidate of the kind that was looked for, or the limit. */
export function verdictOf(
  unit: Unit,
  photometry: UnitPhotometry,
  list: CandidateList,
  times: { readonly startSec: number | null; readonly endSec: number | null },
): UnitSummary['verdict'] {
  const stack = photometry.forced.images.find(({ kind }) => kind === 'stack');
  const limit5 = stack?.limitMag5Sigma ?? median(photometry.limitMap.mag5Sigma);
  const limit3 = stack?.limitMag3Sigma ?? (limit5 === null ? null : limit5 + 2.5 * Math.log10(5 / 3));
  const band = photometry.calibration?.band ?? unit.filter;
  const found = bestCandidate(list);
  const rest = {
    band,
    catalog: photometry.calibration?.catalog ?? null,
    limitMag5Sigma: limit5,
    limitMag3Sigma: limit3,
  };
  const interval =
    times.startSec === null || times.endSec === null
      ? ''
      : ` between ${sinceTrigger(times.startSec)} and ${sinceTrigger(times.endSec)}`;
  if (found) {
    const law = found.variability?.isVariable ? found.variability.powerLaw : null;
    const trend = law ? ` Its light goes as t^${withError(law.index, law.indexErr)}.` : '';
    const mag = found.mag === null ? 'without a magnitude' : `${band} = ${withError(found.mag, found.magErr, 2)}`;
    return { kind: 'detection', sentence: `${capital(found.class)}: ${mag}${interval}.${trend}`, candidate: found.name, ...rest };
  }
  if (limit5 !== null) {
    const where = unit.alert ? 'inside the alert circle' : 'in the field';
    return {
      kind: 'limit',
      sentence: `Nothing new ${where} down to ${band} > ${fixed(limit5, 2)} (5 σ)${interval}.`,
      candidate: null,
      ...rest,
    };
  }
  return {
    kind: 'nothing measured',
    sentence: 'No magnitude can be given: the unit has no zero point.',
    candidate: null,
    ...rest,
  };
}

export function bestCandidate({ candidates }: CandidateList): Candidate | null {
  return (
    candidates.find(
      ({ class: kind, score }) => (kind === 'afterglow candidate' || kind === 'transient') && score >= LEAST_SCORE,
    ) ?? null
  );
}

const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);

function median(values: Float32Array): number | null {
  const known = Array.from(values)
    .filter((value) => Number.isFinite(value))
    .sort((a, b) => a - b);
  return known[known.length >> 1] ?? null;
}
