import type { Candidate, EventBandFlux, EventSummary, UnitSummary } from '@colibri/contracts';
import { separationArcsec } from '@colibri/sky';
import { eventRedshift } from './event-redshift.ts';

/** Effective wavelengths of COLIBRI's filters [nm], for the order and the axis of an SED only. */
export const WAVELENGTH_NM: Readonly<Record<string, number>> = {
  B: 440,
  g: 480,
  gri: 620,
  r: 620,
  w: 620,
  i: 760,
  z: 890,
  zy: 920,
  y: 980,
  J: 1250,
  H: 1640,
};

/** One place seen in several filters. */
export interface MergedCandidate {
  readonly best: Candidate;
  readonly byFilter: ReadonlyMap<string, Candidate>;
  /** Highest score, raised where several filters agree: 1 − Π(1 − score). */
  readonly score: number;
}

/** A unit of the event, and the SHA-256 of its summary.json. */
export interface EventUnit {
  readonly summary: UnitSummary;
  readonly sha256: string;
}

/** Two candidates closer than this are one, errors added [arcsec]. */
const SAME_ARCSEC = 1;
/** Places that are told with their fluxes. */
const MOST = 100;
/** Places whose redshift is estimated: it takes about a second each. */
const MOST_REDSHIFTS = 3;

/** What stands on the page of an event, and what does not. */
export interface EventUnits {
  readonly shown: readonly EventUnit[];
  readonly leftOut: EventSummary['leftOut'];
}

/** Units of one target's newest night by wavelength, each filter once: of two cameras with one filter the deeper. */
export function unitsByFilter(all: readonly EventUnit[]): EventUnits {
  const newest = all.reduce((night, { summary: { nightId } }) => (nightId > night ? nightId : night), '');
  const units = all.filter(({ summary }) => summary.nightId === newest);
  const depth = ({ summary }: EventUnit): number => summary.verdict.limitMag5Sigma ?? Number.NEGATIVE_INFINITY;
  const best = new Map<string, EventUnit>();
  for (const unit of units.toSorted((a, b) => (a.summary.unit < b.summary.unit ? -1 : 1))) {
    const before = best.get(unit.summary.filter);
    if (!before || depth(unit) > depth(before)) best.set(unit.summary.filter, unit);
  }
  const nm = ({ summary: { filter } }: EventUnit): number => WAVELENGTH_NM[filter] ?? 1e4;
  const shown = [...best.values()].sort((a, b) => nm(a) - nm(b) || (a.summary.filter < b.summary.filter ? -1 : 1));
  const leftOut = all
    .filter((unit) => !shown.includes(unit))
    .map(({ summary: { unit, nightId, filter }, sha256 }) => ({
      unit,
      sha256,
      reason: nightId === newest ? `another camera is deeper in ${filter}` : `of night ${nightId}`,
    }));
  return { shown, leftOut };
}

/** Joins the candidates of several filters by place; those of the highest joint score first. Known kinds, and what is fainter than the catalogue, keep the highest of their scores. */
export function mergeCandidates(summaries: readonly UnitSummary[]): MergedCandidate[] {
  const groups: { filter: string; candidate: Candidate }[][] = [];
  for (const { filter, candidates } of summaries) {
    for (const candidate of candidates.candidates) {
      const group = groups.find(
        (members) =>
          !members.some((member) => member.filter === filter) &&
          members.some(
            (member) =>
              separationArcsec(member.candidate.raDeg, member.candidate.decDeg, candidate.raDeg, candidate.decDeg) <=
              Math.hypot(SAME_ARCSEC, 3 * (member.candidate.errArcsec ?? 0.3), 3 * (candidate.errArcsec ?? 0.3)),
          ),
      );
      if (group) group.push({ filter, candidate });
      else groups.push([{ filter, candidate }]);
    }
  }
  return groups
    .map((members) => {
      const best = members.reduce((a, b) => (b.candidate.score > a.candidate.score ? b : a)).candidate;
      const score =
        best.score <= 0.05 || best.class === 'faint'
          ? best.score
          : 1 - members.reduce((product, { candidate }) => product * (1 - candidate.score), 1);
      return { best, byFilter: new Map(members.map(({ filter, candidate }) => [filter, candidate])), score };
    })
    .sort((a, b) => b.score - a.score || (a.best.name < b.best.name ? -1 : 1));
}

/**
 * What the units of one target and night say together.
 *
 * @param units - by `unitsByFilter`; at least one is shown
 * @param photoZ - whether redshifts of new sources are estimated
 */
export function mergeEvent({ shown: units, leftOut }: EventUnits, { photoZ }: { readonly photoZ: boolean }): EventSummary {
  const summaries = units.map(({ summary }) => summary);
  const first = summaries[0]!;
  return {
    schema: 'colibri.event-summary/1',
    target: first.target,
    nightId: first.nightId,
    triggeredAt: first.triggeredAt,
    startedAt: summaries.map(({ startedAt }) => startedAt).sort()[0]!,
    isFinal: summaries.every(({ isFinal }) => isFinal),
    units: units.map(({ summary: { unit, camera, filter, isFinal, verdict }, sha256 }) => ({
      unit,
      camera,
      filter,
      isFinal,
      limitMag5Sigma: verdict.limitMag5Sigma,
      sha256,
    })),
    leftOut,
    candidates: mergeCandidates(summaries)
      .slice(0, MOST)
      .map((merged, rank) => {
        const { best, byFilter, score } = merged;
        const fluxes = bandFluxes(summaries, byFilter);
        return {
          name: best.name,
          class: best.class,
          score,
          raDeg: best.raDeg,
          decDeg: best.decDeg,
          names: Object.fromEntries([...byFilter].map(([filter, { name }]) => [filter, name])),
          fluxes,
          photoZ:
            photoZ && rank < MOST_REDSHIFTS && best.entry === null && best.class !== 'faint'
              ? eventRedshift(merged, fluxes)
              : null,
        };
      }),
  };
}

const microJy = (mag: number): number => 10 ** (-0.4 * (mag - 23.9));

/** Flux of the stack in each filter; where the place is no candidate, zero within the limit. */
function bandFluxes(summaries: readonly UnitSummary[], byFilter: ReadonlyMap<string, Candidate>): EventBandFlux[] {
  return summaries.flatMap(({ filter, verdict, midSinceTriggerSec, midMjdUtc }): EventBandFlux[] => {
    const { mag = null, magErr = null } = byFilter.get(filter) ?? {};
    const middle = { filter, midSinceTriggerSec, midMjdUtc };
    if (mag !== null) {
      const fluxMicroJy = microJy(mag);
      return [{ ...middle, fluxMicroJy, errMicroJy: (fluxMicroJy * (magErr ?? 0.1)) / 1.0857, isLimit: false }];
    }
    const limit = verdict.limitMag3Sigma;
    return limit === null ? [] : [{ ...middle, fluxMicroJy: 0, errMicroJy: microJy(limit) / 3, isLimit: true }];
  });
}
