import { medianOf } from '@colibri/numerics';
import type { ModuleContext, ReferenceCatalog, Unit, UnitAlignment } from '@colibri/pipeline';
import { tanSipWcs, type Wcs } from '@colibri/sky';
import { type PlateModel, plateOfWcs, recenterPlate, tanSipOfPlate } from '../astrometry/plate-model.ts';
import { julianYear } from '../astrometry/tangent-plane.ts';
import { throughCards } from './alignment-file.ts';
import { NARROW_SHARE_ERR, narrowFluxes, WIDE_SHARE_ERR, wideFluxes } from './common-fluxes.ts';
import { fitJointly, type JointFit } from './joint-fit.ts';
import { type Distortion, type JointFrame, jointFrame, plateOfJoint } from './joint-frame.ts';
import { rescueFrame, rescueStars } from './rescue-frame.ts';
import { fitTransparency, type RelativeTransparency } from './transparency.ts';
import { type UnitSky, unitSky } from './unit-sky.ts';
import { type Demands, type FoundFrame, judgeFrames, misfits, pooledRms } from './verdicts.ts';

export interface AlignOptions extends Demands {
  readonly maxOrder: number;
  readonly mostStars: number;
  readonly catalogLimit: number;
  readonly searchRadiusDeg: number;
}

export type Lent = Pick<ModuleContext, 'info' | 'compute' | 'isFinal'>;

/** All that a full fit found; null where there was nothing to fit together. */
export interface UnitFit {
  readonly sky: UnitSky;
  readonly fit: JointFit;
  readonly clarity: RelativeTransparency;
  readonly found: readonly FoundFrame[];
}

/** All frames of a unit together; a function of its inputs alone. */
export async function alignUnit(
  unit: Unit,
  referenceCatalog: ReferenceCatalog | null,
  options: AlignOptions,
  context: Lent,
): Promise<{ readonly alignment: UnitAlignment; readonly unitFit: UnitFit | null }> {
  const sky = await unitSky(unit, referenceCatalog, options.catalogLimit);
  const problems = unit.frames.map(() => 'It has no astrometric solution of its own.');
  let joint = sky ? solvedFrames(unit, sky) : [];
  if (!sky || joint.length === 0 || unit.frames.length === 1)
    return { alignment: aloneOrNothing(unit, sky, options), unitFit: null };

  let fit = fitJointly(joint, sky.catalog, options);
  const isMisfit = misfits(
    joint.map((frame, f) => ({ ...residualsOf(fit, f), scaleArcsec: frame.scale })),
    options.fewestStars,
  );
  const lost = unit.frames.flatMap((_, index) => {
    const f = joint.findIndex((frame) => frame.index === index);
    return f < 0 || isMisfit[f] ? [index] : [];
  });
  if (lost.length > 0 && lost.length < unit.frames.length) {
    const stars = rescueStars(unit.frames, fit, sky.center);
    const rescued = new Map<number, JointFrame>();
    for (const index of lost) {
      const outcome = rescueFrame(unit.frames[index]!, fit, stars, options);
      if (outcome.solved) rescued.set(index, jointOf(unit, index, outcome.plate.model, sky));
      else
        problems[index] =
          `It has no astrometric solution, nor could it be laid on the ${stars.mag.length} stars of the other frames: ${uncapitalized(outcome.reason)}`;
    }
    if (rescued.size > 0) {
      // the fit moved the frames that failed: they begin anew where they were found
      joint = [...joint.filter(({ index }) => !rescued.has(index)), ...rescued.values()].sort((p, q) => p.index - q.index);
      fit = fitJointly(joint, sky.catalog, options);
    }
  }
  const clarity = await clarityOf(unit, fit, context);
  const found = foundFrames(unit, fit, clarity, problems);
  const frames = judgeFrames(unit, found, options);
  context.info(sentenceOf(fit, clarity, sky.catalogName));
  return {
    alignment: {
      frames,
      catalog: sky.catalogName,
      distortionOrder: highestOrder(fit.distortions),
      rmsArcsec: pooledRms(frames),
      reference: clarity.reference.map((f) => unit.frames[fit.frames[f]!.index]!.meta.frameId),
    },
    unitFit: { sky, fit, clarity, found },
  };
}

function solvedFrames(unit: Unit, sky: UnitSky): JointFrame[] {
  return unit.frames.flatMap((frame, index) => {
    const plate = frame.solved && frame.wcs ? plateOfWcs(frame.wcs, frame.width, frame.height) : null;
    return plate ? [jointOf(unit, index, plate, sky)] : [];
  });
}

export function jointOf(unit: Unit, index: number, plate: PlateModel, sky: UnitSky): JointFrame {
  const years = julianYear(unit.frames[index]!.meta.midExposureMjdUtc) - sky.epoch;
  return jointFrame(unit.frames[index]!, plate, index, sky.center, years);
}

/**
 * Transparencies from all light of the stars, or from narrow circles where these know them better: the one is the same in all seeing, the
 * other has less noise. A first look does not read pixels.
 */
async function clarityOf(unit: Unit, fit: JointFit, { compute, isFinal }: Lent): Promise<RelativeTransparency> {
  const fill = (value: number): Float64Array => new Float64Array(fit.frames.length).fill(value);
  const narrow = fitTransparency(narrowFluxes(unit, fit), fill(NARROW_SHARE_ERR));
  if (!isFinal) return narrow;
  const wide = fitTransparency(await wideFluxes(unit, fit, compute), fill(WIDE_SHARE_ERR));
  const known = ({ value }: RelativeTransparency): number => value.filter(Number.isFinite).length;
  const isWideBetter = known(wide) >= known(narrow) && medianOf(wide.error) < medianOf(narrow.error);
  return isWideBetter ? wide : narrow;
}

function foundFrames(unit: Unit, fit: JointFit, clarity: RelativeTransparency, problems: readonly string[]): FoundFrame[] {
  return unit.frames.map((_, index) => {
    const f = fit.frames.findIndex((frame) => frame.index === index);
    if (f < 0) return { ...nothing, problem: problems[index]! };
    return {
      wcs: wcsOfJoint(fit.frames[f]!, fit.distortions[f]!),
      problem: null,
      scaleArcsec: fit.frames[f]!.scale,
      ...residualsOf(fit, f),
      transparency: clarity.value[f]!,
      transparencyErr: clarity.error[f]!,
    };
  });
}

const nothing = { wcs: null, scaleArcsec: NaN, matched: 0, rmsArcsec: null, transparency: NaN, transparencyErr: NaN } as const;

/** The WCS as its cards give it back: the same numbers in memory and from a file. */
export function wcsOfJoint(frame: JointFrame, distortion: Distortion): Wcs {
  const { width, height } = frame;
  return throughCards(tanSipWcs(tanSipOfPlate(recenterPlate(plateOfJoint(frame, distortion))), { width, height }));
}

/** Sightings of a frame that agree with the fit, and the rms of the better-measured half by axis [arcsec]. */
function residualsOf({ stars, sigma, robust, dXi, dEta }: JointFit, f: number) {
  const { count, frame } = stars.sightings;
  const those: number[] = [];
  for (let k = 0; k < count; k++) if (frame[k] === f && robust[k]! > AGREES) those.push(k);
  return { matched: those.length, rmsArcsec: betterHalfRms(those, sigma, dXi, dEta) };
}

/** Robust weight of a sighting that still counts as the star's. */
export const AGREES = 0.3;

export function betterHalfRms(
  those: readonly number[],
  sigma: Float64Array,
  dXi: Float64Array,
  dEta: Float64Array,
): readonly [number, number] | null {
  const sorted = [...those].sort((a, b) => sigma[a]! - sigma[b]! || a - b);
  const better = sorted.slice(0, Math.max(Math.ceil(sorted.length / 2), Math.min(sorted.length, 3)));
  const rms = (d: Float64Array): number => Math.sqrt(better.reduce((sum, k) => sum + d[k]! ** 2, 0) / better.length);
  return better.length > 0 ? [rms(dXi), rms(dEta)] : null;
}

/** A unit of one frame keeps the frame's own solution; without any solution nothing can be said. */
function aloneOrNothing(unit: Unit, sky: UnitSky | null, demands: Demands): UnitAlignment {
  let order = 0;
  const found = unit.frames.map((frame): FoundFrame => {
    const plate = frame.solved && frame.wcs ? plateOfWcs(frame.wcs, frame.width, frame.height) : null;
    if (!plate) return { ...nothing, problem: 'Neither it nor another frame of the unit has an astrometric solution.' };
    order = plate.order;
    const { matchedCount, wcsRmsArcsec: rms } = frame.metrics;
    return {
      wcs: throughCards(frame.wcs!),
      problem: null,
      scaleArcsec: NaN,
      // a frame without a summary was solved all the same, on more stars than we ask for
      matched: matchedCount ?? frame.sources.columns.count,
      rmsArcsec: rms === null ? null : [rms, rms],
      transparency: 1,
      transparencyErr: 0,
    };
  });
  const frames = judgeFrames(unit, found, demands);
  return {
    frames,
    catalog: sky?.catalogName ?? null,
    distortionOrder: order < 2 ? 0 : order,
    rmsArcsec: pooledRms(frames),
    reference: frames.filter(({ accepted }) => accepted).map(({ frameId }) => frameId),
  };
}

export function highestOrder(distortions: readonly Distortion[]): number {
  const order = Math.max(...distortions.map((d) => d.order));
  return order < 2 ? 0 : order;
}

function sentenceOf(fit: JointFit, clarity: RelativeTransparency, catalog: string | null): string {
  const { stars, catalogArcsec, frames } = fit;
  const entries = stars.entry.filter((e) => e >= 0).length;
  const scatter = catalogArcsec
    ? `, ${entries} of them in ${catalog}, which scatters by ${(1000 * catalogArcsec[0]).toFixed(0)} mas`
    : '';
  return (
    `${frames.length} frames by ${stars.sightings.count} sightings of ${stars.count} stars${scatter}; distortion of order ` +
    `${highestOrder(fit.distortions)}; fluxes of stars scatter by ${(100 * clarity.scatter).toFixed(1)} % beyond their errors.`
  );
}

const uncapitalized = (sentence: string): string => sentence.charAt(0).toLowerCase() + sentence.slice(1).replace(/\.?$/, '.');
