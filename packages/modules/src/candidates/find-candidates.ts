import type { Candidate, CandidateList, RejectedDetection } from '@colibri/contracts';
import type { Stack } from '@colibri/pipeline';
import { localGeometry } from '@colibri/sky';
import { catalogReach } from './catalog-reach.ts';
import { gatherSeeds } from './gather-seeds.ts';
import type { CandidateInputs, CandidateOptions } from './inputs.ts';
import { judgeOf } from './judge-seed.ts';
import { type FieldVariability, judgeVariability } from './judge-variability.ts';
import { lightCurves } from './light-curves.ts';
import { looseDetections } from './loose-detections.ts';
import { snrOf } from './numbers.ts';
import { referenceField } from './reference-field.ts';
import { referenceKind, shapeFlags } from './source-flags.ts';
import { linkTracklets } from './tracklets.ts';

export interface FoundCandidates {
  readonly list: CandidateList;
  /** Of every source that was tested, candidate or not. */
  readonly variability: FieldVariability;
}

/**
 * The candidates of a unit: sources in no catalogue on stack and difference (one entry for one place), things that move between frames,
 * catalogued sources that vary; each with light curve, variability, hosts, score and class; and all that was set aside, with the reason.
 */
export function findCandidates(inputs: CandidateInputs, options: CandidateOptions): FoundCandidates {
  const { unit, alignment, stack, photometry, bodies } = inputs;
  const { sources } = photometry;
  const field = referenceField(inputs.stars, unit.filter, stack.midMjdUtc);
  const curves = lightCurves(photometry.forced, unit.triggeredAt);
  const variables = judgeVariability(curves, (number) => referenceKind(sources, number - 1), options);
  const reach = catalogReach(
    sources.magPsf,
    (i) => sources.catalogIndex[i]! >= 0,
    (i) => snrOf(sources.fluxPsf, sources.fluxPsfErr, i) >= 5 && shapeFlags(sources, i).length === 0,
  );
  const center = centerOf(stack);
  const scaleArcsec = localGeometry(stack.wcs, stack.width / 2, stack.height / 2).pixelScaleArcsec;
  const loose = looseDetections(unit, alignment, field);
  const tracks = linkTracklets(
    loose,
    unit.frames.map(({ meta }) => meta.midExposureMjdUtc),
    center,
    {
      fastestArcsecH: options.fastestArcsecH,
      toleranceArcsec: Math.max(0.6, 0.4 * stack.fwhmPix * scaleArcsec),
      radiusDeg: (Math.hypot(stack.width, stack.height) * scaleArcsec) / 7200,
      mostByChance: 0.01,
    },
  );
  const rejected: RejectedDetection[] = [];
  const seeds = gatherSeeds({ inputs, options, field, tracks, variables: variables.bySource, scaleArcsec, rejected });
  const judge = judgeOf({ inputs, options, field, curves, variables: variables.bySource, reach, tracks, scaleArcsec });
  const judged = seeds.map(judge);
  const standing: Candidate[] = [];
  for (const candidate of judged) {
    // A faint one stays where an event was, unless the catalogue knows less than half of its kind: then there are dozens.
    const isHopeless = !(candidate.isInAlertCircle && candidate.mag !== null && reach.knownShare(candidate.mag) >= 0.5);
    if (candidate.class === 'artefact' || (candidate.class === 'faint' && isHopeless)) {
      rejected.push(asRejected(candidate));
    } else standing.push(candidate);
  }
  standing.sort((a, b) => b.score - a.score || (a.mag ?? 99) - (b.mag ?? 99) || (a.name < b.name ? -1 : 1));
  for (const beyond of standing.splice(options.most)) {
    rejected.push({ ...asRejected(beyond), reason: `Beyond the first ${options.most} by score. ${beyond.reason}` });
  }
  const list: CandidateList = {
    schema: 'colibri.candidates/1',
    unit: unit.name,
    nightId: unit.nightId,
    filter: unit.filter,
    camera: unit.camera,
    catalog: inputs.stars?.name ?? null,
    catalogDepthMag: reach.halfMag,
    referenceStars: variables.referenceStars,
    tested: variables.tested,
    minorPlanets: {
      asked: bodies.asked,
      inField: bodies.failure === null && bodies.asked ? bodies.bodies.length : null,
      failure: bodies.failure,
    },
    candidates: standing.map((candidate, i) => ({ ...candidate, rank: i + 1 })),
    rejected,
  };
  return { list, variability: variables };
}

function centerOf({ wcs, width, height }: Stack) {
  const [raDeg, decDeg] = wcs.pixelToSky((width - 1) / 2, (height - 1) / 2);
  return { raDeg, decDeg };
}

function asRejected({ source, raDeg, decDeg, mag, snr, class: kind, reason }: Candidate): RejectedDetection {
  return { source, raDeg, decDeg, mag, snr, class: kind, reason };
}
