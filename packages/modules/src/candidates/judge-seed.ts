import type { Candidate, LightPoint, Variability } from '@colibri/contracts';
import { formatDec, formatRa, SphereIndex, separationArcsec } from '@colibri/sky';
import type { CatalogReach } from './catalog-reach.ts';
import { classify } from './classify.ts';
import { entryNear, entryOfSource, properMotionStar } from './entries.ts';
import type { Seed } from './gather-seeds.ts';
import { possibleHosts } from './hosts.ts';
import type { CandidateInputs, CandidateOptions } from './inputs.ts';
import { framesOf } from './light-curves.ts';
import { isNearBright, isSingleFrame, trendSigmaOf } from './light-facts.ts';
import { bodyAt } from './minor-planets.ts';
import { finite, snrOf } from './numbers.ts';
import type { ReferenceField } from './reference-field.ts';
import { type ScoreFacts, scoreOf } from './score.ts';
import { shapeFlags } from './source-flags.ts';
import type { Tracklet } from './tracklets.ts';

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
export function judgeOf({
  inputs,
  options,
  field,
  curves,
  variables,
  reach,
  tracks,
  scaleArcsec,
}: Judging): (seed: Seed) => Candidate {
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
