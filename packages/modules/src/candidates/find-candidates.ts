import type { Candidate, CandidateList, LightPoint, RejectedDetection, Variability } from '@colibri/contracts';
import type { Difference, ReferenceStars, Stack, Unit, UnitAlignment, UnitPhotometry } from '@colibri/pipeline';
import { formatDec, formatRa, localGeometry, projectTangent, SphereIndex, separationArcsec } from '@colibri/sky';
import { type CatalogReach, catalogReach } from './catalog-reach.ts';
import { classify } from './classify.ts';
import { possibleHosts } from './hosts.ts';
import { type FieldVariability, judgeVariability } from './judge-variability.ts';
import { framesOf, lightCurves } from './light-curves.ts';
import { looseDetections } from './loose-detections.ts';
import { type BodiesInField, bodyAt } from './minor-planets.ts';
import { type ReferenceField, referenceField } from './reference-field.ts';
import { type ScoreFacts, scoreOf } from './score.ts';
import { referenceKind, shapeFlags } from './source-flags.ts';
import { linkTracklets, type Tracklet } from './tracklets.ts';

export interface CandidateInputs {
  readonly unit: Unit;
  readonly alignment: UnitAlignment;
  readonly stack: Stack;
  readonly photometry: UnitPhotometry;
  readonly difference: Difference | null;
  /** Entries around the stack; null: no catalogue is configured, and nothing can be said to be new. */
  readonly stars: ReferenceStars | null;
  readonly bodies: BodiesInField;
}

export interface CandidateOptions {
  /** Least significance of a source of the stack and of the difference [1]. */
  readonly leastSnr: number;
  /** Radius of the alert where the alert says none [deg]. */
  readonly alertRadiusDeg: number;
  readonly mostFalseAlarm: number;
  readonly fastestArcsecH: number;
  /** Candidates that are followed in full; the others are listed as rejected, by rank. */
  readonly most: number;
}

export interface FoundCandidates {
  readonly list: CandidateList;
  /** Of every source that was tested, candidate or not. */
  readonly variability: FieldVariability;
}

/** What one place on the sky was found as. −1 and null: not there. */
interface Seed {
  source: number;
  difference: number;
  track: Tracklet | null;
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

const snrOf = (flux: Float64Array, err: Float64Array, i: number): number => (err[i]! > 0 ? flux[i]! / err[i]! : NaN);
const finite = (value: number | undefined): number | null => (value !== undefined && Number.isFinite(value) ? value : null);

function centerOf({ wcs, width, height }: Stack) {
  const [raDeg, decDeg] = wcs.pixelToSky((width - 1) / 2, (height - 1) / 2);
  return { raDeg, decDeg };
}

function asRejected({ source, raDeg, decDeg, mag, snr, class: kind, reason }: Candidate): RejectedDetection {
  return { source, raDeg, decDeg, mag, snr, class: kind, reason };
}

interface Gathering {
  readonly inputs: CandidateInputs;
  readonly options: CandidateOptions;
  readonly field: ReferenceField | null;
  readonly tracks: readonly Tracklet[];
  readonly variables: ReadonlyMap<number, Variability>;
  readonly scaleArcsec: number;
  readonly rejected: RejectedDetection[];
}

/** One seed for each place: what the stack, the difference and the frames show there belongs together. */
function gatherSeeds({ inputs, options, field, tracks, variables, scaleArcsec, rejected }: Gathering): Seed[] {
  const { stack, photometry, difference, unit } = inputs;
  const { sources } = photometry;
  const fwhmArcsec = stack.fwhmPix * scaleArcsec;
  const seeds: Seed[] = tracks.map((track) => ({ source: -1, difference: -1, track }));
  const span = {
    from: Math.min(...unit.frames.map(({ meta }) => meta.midExposureMjdUtc)),
    to: Math.max(...unit.frames.map(({ meta }) => meta.midExposureMjdUtc)),
  };
  const trackAt = (raDeg: number, decDeg: number) =>
    seeds.find(({ track }) => track && distanceToTrack(track, raDeg, decDeg, span) < 1.5 * fwhmArcsec);
  const bySource = new Map<number, Seed>();
  for (let i = 0; i < sources.columns.count; i++) {
    const isNew = field !== null && sources.catalogIndex[i]! < 0;
    const isVariable = variables.get(i + 1)?.isVariable === true && shapeFlags(sources, i).length === 0;
    if (!isNew && !isVariable) continue;
    const snr = snrOf(sources.fluxPsf, sources.fluxPsfErr, i);
    const place = { raDeg: sources.raDeg[i]!, decDeg: sources.decDeg[i]! };
    const detection = { source: i + 1, ...place, mag: finite(sources.magPsf[i]), snr: finite(snr) };
    if (!(snr >= options.leastSnr)) {
      const reason = Number.isFinite(snr)
        ? `In no catalogue, at ${snr.toFixed(1)} σ: below ${options.leastSnr} σ.`
        : 'In no catalogue, and its flux could not be measured.';
      rejected.push({ ...detection, class: 'faint', reason });
      continue;
    }
    const moving = isNew ? trackAt(place.raDeg, place.decDeg) : undefined;
    if (moving?.source === -1) moving.source = i;
    else if (moving)
      rejected.push({ ...detection, class: 'moving source', reason: 'On the path of a source that moves between the frames.' });
    else {
      const seed: Seed = { source: i, difference: -1, track: null };
      seeds.push(seed);
      bySource.set(i, seed);
    }
  }
  if (!difference) return seeds;
  const index = new SphereIndex(sources.raDeg, sources.decDeg);
  const changes = difference.sources;
  for (const j of Array.from({ length: changes.count }, (_, k) => k).sort(
    (a, b) => Math.abs(changes.snr[b]!) - Math.abs(changes.snr[a]!),
  )) {
    const raDeg = changes.raDeg[j]!;
    const decDeg = changes.decDeg[j]!;
    const snr = Math.abs(changes.snr[j]!);
    const detection = { source: null, raDeg, decDeg, mag: null, snr: finite(snr) };
    if (!(snr >= options.leastSnr)) {
      rejected.push({
        ...detection,
        class: 'faint',
        reason: `On the difference at ${snr.toFixed(1)} σ: below ${options.leastSnr} σ.`,
      });
      continue;
    }
    const moving = trackAt(raDeg, decDeg);
    if (moving) {
      if (moving.difference === -1) moving.difference = j;
      else
        rejected.push({ ...detection, class: 'moving source', reason: 'On the path of a source that moves between the frames.' });
      continue;
    }
    const near = index.nearest(raDeg, decDeg, Math.max(0.8, 0.7 * fwhmArcsec));
    const known = near ? bySource.get(near.index) : undefined;
    if (known) {
      if (known.difference === -1) known.difference = j;
      else rejected.push({ ...detection, class: 'artefact', reason: 'A second detection of the same change.' });
      continue;
    }
    const seed: Seed = { source: near?.index ?? -1, difference: j, track: null };
    seeds.push(seed);
    if (near) bySource.set(near.index, seed);
  }
  return seeds;
}

/** From a place to the path of a moving source between the first and the last frame [arcsec]. */
function distanceToTrack(track: Tracklet, raDeg: number, decDeg: number, span: { from: number; to: number }): number {
  const plane = projectTangent(track.raDeg, track.decDeg, raDeg, decDeg);
  if (!plane) return Number.POSITIVE_INFINITY;
  const [x, y] = [plane[0] * 3600, plane[1] * 3600];
  const speed2 = track.raRateArcsecH ** 2 + track.decRateArcsecH ** 2;
  const hours = speed2 > 0 ? (x * track.raRateArcsecH + y * track.decRateArcsecH) / speed2 : 0;
  const [first, last] = [(span.from - track.refMjdUtc) * 24, (span.to - track.refMjdUtc) * 24];
  const at = Math.max(first, Math.min(last, hours));
  return Math.hypot(x - track.raRateArcsecH * at, y - track.decRateArcsecH * at);
}

interface Judging {
  readonly inputs: CandidateInputs;
  readonly options: CandidateOptions;
  readonly field: ReferenceField | null;
  readonly curves: ReadonlyMap<number, readonly LightPoint[]>;
  readonly variables: ReadonlyMap<number, Variability>;
  readonly reach: CatalogReach;
  readonly tracks: readonly Tracklet[];
  readonly scaleArcsec: number;
}

/** All that is known of one seed, its score, class and reason. */
function judgeOf({ inputs, options, field, curves, variables, reach, tracks, scaleArcsec }: Judging): (seed: Seed) => Candidate {
  const { unit, alignment, stack, photometry, difference, bodies } = inputs;
  const { sources } = photometry;
  const { columns } = sources;
  const fwhmArcsec = stack.fwhmPix * scaleArcsec;
  const index = new SphereIndex(sources.raDeg, sources.decDeg);
  const alertRadiusArcsec = (unit.alert?.radiusDeg ?? options.alertRadiusDeg) * 3600;
  const systematic =
    Math.hypot(...(alignment.rmsArcsec ?? [0, 0])) / Math.SQRT2 / Math.sqrt(Math.max(1, alignment.frames.length));
  // A body that is seen to move is not also something that stands still near its path.
  const claimed = new Set(
    tracks.map((track) => bodyAt(bodies, { ...track, fwhmArcsec }, track.refMjdUtc, track.refMjdUtc)?.body),
  );
  const unclaimed = { ...bodies, bodies: bodies.bodies.filter((known) => !claimed.has(known)) };
  const fromMjd = Math.min(...unit.frames.map(({ meta }) => meta.midExposureMjdUtc));
  const toMjd = Math.max(...unit.frames.map(({ meta }) => meta.midExposureMjdUtc));

  return ({ source: i, difference: j, track }) => {
    const has = i >= 0;
    const changes = difference?.sources;
    const raDeg = has ? sources.raDeg[i]! : j >= 0 ? changes!.raDeg[j]! : track!.raDeg;
    const decDeg = has ? sources.decDeg[i]! : j >= 0 ? changes!.decDeg[j]! : track!.decDeg;
    const pixel = stack.wcs.skyToPixel(raDeg, decDeg);
    const light = has ? [...(curves.get(i + 1) ?? [])] : [];
    const frameLight = framesOf(light);
    const variability = variables.get(i + 1) ?? null;
    const onDifference =
      j >= 0
        ? {
            flux: changes!.flux[j]!,
            fluxErr: changes!.fluxErr[j]!,
            snr: changes!.snr[j]!,
            dipole: finite(changes!.dipole[j]),
            realBogus: finite(changes!.realBogus[j]),
            flags: changes!.flags[j]!,
          }
        : null;
    const entry =
      has && sources.catalogIndex[i]! >= 0
        ? entryOfSource(sources, i, inputs.stars?.name ?? 'catalogue')
        : entryNear(field, raDeg, decDeg);
    const hosts = field && entry?.isStar !== true ? possibleHosts(field, raDeg, decDeg) : [];
    const snr = has ? snrOf(sources.fluxPsf, sources.fluxPsfErr, i) : onDifference ? onDifference.snr : NaN;
    const mag = has ? finite(sources.magPsf[i]) : null;
    const spreadErr = has ? sources.spreadModelErr[i]! : NaN;
    const spreadSigma = has && spreadErr > 0 ? finite(sources.spreadModel[i]! / spreadErr) : null;
    const fwhmRatio = has ? finite(columns.fwhm[i]! / stack.fwhmPix) : null;
    const flags = has ? shapeFlags(sources, i) : [];
    const alertArcsec = unit.alert ? separationArcsec(unit.alert.raDeg, unit.alert.decDeg, raDeg, decDeg) : null;
    const detected = track
      ? track.members.length
      : frameLight.filter((point) => point.fluxMicroJy >= 2.5 * point.fluxErrMicroJy).length;
    const meanFlux = variability?.meanMicroJy ?? 0;
    const body = track
      ? bodyAt(bodies, { ...track, fwhmArcsec }, track.refMjdUtc, track.refMjdUtc)
      : entry === null
        ? bodyAt(unclaimed, { raDeg, decDeg, fwhmArcsec }, fromMjd, toMjd)
        : null;
    const facts: ScoreFacts = {
      entry: entry === null ? 'none' : entry.isStar === false ? 'galaxy' : 'star',
      knownShare: mag === null ? 0.5 : reach.knownShare(mag),
      hostArcsec: hosts[0]?.arcsec ?? null,
      frames: track ? unit.frames.length : frameLight.length,
      detectedFrames: detected,
      expectedFrames: frameLight.filter((point) => meanFlux >= 3.5 * point.fluxErrMicroJy).length,
      singleFrame: !track && isSingleFrame(frameLight),
      onDifference: onDifference && {
        snr: onDifference.snr,
        dipole: onDifference.dipole ?? 0,
        realBogus: onDifference.realBogus ?? 0.5,
        flags: onDifference.flags,
      },
      hasDifference: difference !== null,
      trendSigma: trendSigmaOf(variability),
      isVariable: variability?.isVariable ?? false,
      falseAlarm: variability?.falseAlarm ?? null,
      againstFading: variability?.powerLaw ? (variability.powerLaw.index + 1) / variability.powerLaw.indexErr : null,
      alertArcsec,
      alertRadiusArcsec,
      isAlertRadiusKnown: unit.alert?.radiusDeg !== null && unit.alert?.radiusDeg !== undefined,
      spreadSigma,
      chi2Psf: has ? finite(sources.chi2Psf[i]) : finite(changes?.chi2Psf[j]),
      fwhmRatio: fwhmRatio ?? (j >= 0 ? finite(changes!.fwhmPix[j]! / stack.fwhmPix) : null),
      flags,
      isNearBrightStar: has ? isNearBright(index, sources.fluxPsf, i, raDeg, decDeg, fwhmArcsec) : false,
    };
    const scored = scoreOf(facts);
    const kind = classify({
      facts,
      unit,
      track,
      body: body ? { name: body.body.name, arcsec: body.arcsec } : null,
      bodiesFailure: bodies.asked ? bodies.failure : 'no minor planet service is configured',
      highProperMotion: entry !== null && field !== null ? null : properMotionStar(field, raDeg, decDeg),
      hosts,
      variability,
      snr,
      depthMag: reach.halfMag,
      score: scored.score,
    });
    const positionErr = has
      ? Math.hypot(Math.hypot(columns.xErr[i]!, columns.yErr[i]!) / Math.SQRT2, systematic / scaleArcsec) * scaleArcsec
      : track
        ? track.rmsArcsec / Math.sqrt(track.members.length)
        : (0.6 * fwhmArcsec) / Math.max(1, Math.abs(snr));
    return {
      name: `J${formatRa(raDeg, 2, '')}${formatDec(decDeg, 1, '')}`,
      source: has ? i + 1 : null,
      rank: 0,
      class: kind.class,
      reason: kind.reason,
      score: Math.min(scored.score, kind.mostScore),
      terms:
        scored.score > kind.mostScore
          ? [...scored.terms, { name: 'class', value: `${kind.class}: at most ${kind.mostScore}`, contribution: 0, share: 0 }]
          : scored.terms,
      foundOn: [
        ...(has ? ['stack' as const] : []),
        ...(j >= 0 ? ['difference' as const] : []),
        ...(track ? ['frames' as const] : []),
      ],
      raDeg,
      decDeg,
      errArcsec: finite(positionErr),
      x: finite(pixel?.[0]),
      y: finite(pixel?.[1]),
      mag,
      magErr: has ? finite(sources.magPsfErr[i]) : null,
      snr: finite(snr),
      fwhmPix: has ? finite(columns.fwhm[i]) : finite(changes?.fwhmPix[j]),
      spreadModel: has ? finite(sources.spreadModel[i]) : null,
      spreadModelErr: has ? finite(spreadErr) : null,
      chi2Psf: facts.chi2Psf,
      difference: onDifference,
      frames: facts.frames,
      detectedFrames: detected,
      entry,
      hosts,
      alertArcsec,
      isInAlertCircle: alertArcsec === null ? null : alertArcsec <= alertRadiusArcsec,
      minorPlanet: body ? { name: body.body.name, magV: finite(body.body.magV), arcsec: body.arcsec } : null,
      motion: track
        ? {
            raRateArcsecH: track.raRateArcsecH,
            decRateArcsecH: track.decRateArcsecH,
            errArcsecH: track.errArcsecH,
            frames: track.members.length,
            rmsArcsec: track.rmsArcsec,
          }
        : null,
      variability,
      light,
    };
  };
}

function entryOfSource(sources: UnitPhotometry['sources'], i: number, catalog: string): Candidate['entry'] {
  return {
    catalog,
    arcsec: finite(sources.catalogArcsec[i]) ?? 0,
    mag: finite(sources.catalogMag[i]),
    isStar: sources.catalogIsStar[i] === 255 ? null : sources.catalogIsStar[i] === 1,
  };
}

/** The entry under a place that is no source of the stack: within 1″. */
function entryNear(field: ReferenceField | null, raDeg: number, decDeg: number): Candidate['entry'] {
  const near = field?.index.nearest(raDeg, decDeg, 1);
  if (!field || !near) return null;
  const isStar = field.stars.isStar[near.index]!;
  return {
    catalog: field.stars.name,
    arcsec: near.separationArcsec,
    mag: finite(field.mag[near.index]),
    isStar: isStar === 255 ? null : isStar === 1,
  };
}

/** A star that moves more than 0.1″ a year and, by its own motion and that motion's error, is here now. */
function properMotionStar(
  field: ReferenceField | null,
  raDeg: number,
  decDeg: number,
): { readonly masYr: number; readonly arcsec: number } | null {
  if (!field) return null;
  for (const { index, separationArcsec: arcsec } of field.index.within(raDeg, decDeg, 3)) {
    const masYr = Math.hypot(field.stars.pmRaMasYr[index]!, field.stars.pmDecMasYr[index]!);
    if (masYr >= 100) return { masYr, arcsec };
  }
  return null;
}

function trendSigmaOf(variability: Variability | null): number | null {
  if (!variability) return null;
  if (variability.powerLaw && variability.powerLaw.indexErr < 99) {
    const sign = Math.sign(variability.powerLaw.index);
    // √Δχ² is the significance against a constant; index over its error says the same near zero, less far from it.
    return sign * Math.sqrt(variability.deltaChi2);
  }
  return variability.slopePerHour === null ? null : Math.sign(variability.slopePerHour) * Math.sqrt(variability.deltaChi2);
}

/** One frame of at least three gives the light, and the others say that there is none. */
function isSingleFrame(light: readonly LightPoint[]): boolean {
  if (light.length < 3) return false;
  let best = 0;
  light.forEach((point, k) => {
    if (point.fluxMicroJy / point.fluxErrMicroJy > light[best]!.fluxMicroJy / light[best]!.fluxErrMicroJy) best = k;
  });
  let weight = 0;
  let sum = 0;
  light.forEach((point, k) => {
    if (k === best) return;
    weight += 1 / point.fluxErrMicroJy ** 2;
    sum += point.fluxMicroJy / point.fluxErrMicroJy ** 2;
  });
  const rest = sum / Math.sqrt(weight);
  const snr = light[best]!.fluxMicroJy / light[best]!.fluxErrMicroJy;
  return snr >= 5 && rest < 2 && light[best]!.fluxMicroJy * Math.sqrt(weight) > 5;
}

/** A star thirty times as bright within five FWHM. */
function isNearBright(
  index: SphereIndex,
  flux: Float64Array,
  i: number,
  raDeg: number,
  decDeg: number,
  fwhmArcsec: number,
): boolean {
  return index.within(raDeg, decDeg, 5 * fwhmArcsec).some((near) => near.index !== i && flux[near.index]! > 30 * flux[i]!);
}
