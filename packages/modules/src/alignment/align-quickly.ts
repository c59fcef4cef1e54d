import { fitAffine, legendreRow, polynomialTermCount, studentWeight2d } from '@colibri/numerics';
import type { ModuleContext, ReferenceCatalog, Unit, UnitAlignment } from '@colibri/pipeline';
import { estimateErrors, firstErrors, sigmaOf } from '../astrometry/match-errors.ts';
import { plateOfWcs } from '../astrometry/plate-model.ts';
import {
  AGREES,
  type AlignOptions,
  alignUnit,
  betterHalfRms,
  highestOrder,
  jointOf,
  type UnitFit,
  wcsOfJoint,
} from './align-unit.ts';
import { NARROW_SHARE_ERR, narrowFluxes } from './common-fluxes.ts';
import type { Distortion, JointFrame } from './joint-frame.ts';
import { mapPoint } from './plane-map.ts';
import { clearFrames, levelAmong } from './transparency.ts';
import { findStars, type UnitCatalog, type UnitStars } from './unit-stars.ts';
import { type FoundFrame, judgeFrames, pooledRms } from './verdicts.ts';

/** What is kept between runs of a unit that still grows. */
interface Kept {
  readonly catalogName: string | null;
  /** Frames in the last full fit. */
  readonly fitted: number;
  readonly unitFit: UnitFit;
  /** The stars of that fit, in the shape of a catalogue. */
  readonly stars: UnitCatalog;
  readonly distortions: ReadonlyMap<string, Distortion>;
  /** By frame and bytes; transparency by the scale of that fit. */
  readonly found: Map<string, FoundFrame>;
}

/** A full fit is due when the unit has grown by this factor: its cost, spread over the frames, stays the same for each. */
const GROWTH = 1.5;
/** Of the stars of a full fit, one axis [arcsec]: what a frame laid on them allows for. */
const STAR_ERROR = 0.015;

/**
 * A first look while frames arrive: a new frame is laid on the stars of the last full fit, at a cost that does not depend on the number
 * of frames before it; full fits follow at 1.5 times the frames. Transparencies are of the catalogues' circles. The final run fits all anew.
 */
export async function alignQuickly(
  unit: Unit,
  referenceCatalog: ReferenceCatalog | null,
  options: AlignOptions,
  context: Pick<ModuleContext, 'info' | 'compute' | 'isFinal' | 'kept'>,
): Promise<UnitAlignment> {
  const kept = context.kept.get(KEY) as Kept | undefined;
  const keys = unit.frames.map(({ meta, sha256 }) => `${meta.frameId} ${sha256}`);
  const isUseful =
    kept &&
    kept.catalogName === (referenceCatalog?.name ?? null) &&
    unit.frames.length < GROWTH * kept.fitted &&
    isWithin([...kept.found.keys()], keys);
  if (!isUseful) {
    const { alignment, unitFit } = await alignUnit(unit, referenceCatalog, options, context);
    if (unitFit) context.kept.set(KEY, keep(unitFit, keys, referenceCatalog?.name ?? null));
    return alignment;
  }
  for (const [index, key] of keys.entries()) if (!kept.found.has(key)) kept.found.set(key, layFrame(unit, index, kept));
  const found = keys.map((key) => kept.found.get(key)!);
  const { reference, mean } = clearFrames(
    Float64Array.from(found, ({ transparency }) => transparency),
    Float64Array.from(found, ({ transparencyErr }) => transparencyErr),
  );
  const scaled = found.map((frame) => ({
    ...frame,
    transparency: frame.transparency / mean,
    transparencyErr: frame.transparencyErr / mean,
  }));
  const frames = judgeFrames(unit, scaled, options);
  return {
    frames,
    catalog: kept.unitFit.sky.catalogName,
    distortionOrder: highestOrder([...kept.distortions.values()]),
    rmsArcsec: pooledRms(frames),
    reference: reference.map((f) => unit.frames[f]!.meta.frameId),
  };
}

const KEY = 'alignment';

function isWithin(some: readonly string[], all: readonly string[]): boolean {
  const there = new Set(all);
  return some.every((key) => there.has(key));
}

function keep(unitFit: UnitFit, keys: readonly string[], catalogName: string | null): Kept {
  const { fit, found } = unitFit;
  const { stars } = fit;
  const none = new Float64Array(stars.count);
  return {
    catalogName,
    fitted: keys.length,
    unitFit,
    stars: {
      count: stars.count,
      xi: stars.xi,
      eta: stars.eta,
      pmXi: none,
      pmEta: none,
      isStar: new Uint8Array(stars.count).fill(1),
    },
    distortions: new Map(fit.frames.map((frame, f) => [frame.grid.key, fit.distortions[f]!])),
    found: new Map(keys.map((key, index) => [key, found[index]!])),
  };
}

/** One more frame on the stars of the last full fit. */
function layFrame(unit: Unit, index: number, { unitFit, stars: known, distortions }: Kept): FoundFrame {
  const frame = unit.frames[index]!;
  const plate = frame.solved && frame.wcs ? plateOfWcs(frame.wcs, frame.width, frame.height) : null;
  const nothing = { wcs: null, scaleArcsec: NaN, matched: 0, rmsArcsec: null, transparency: NaN, transparencyErr: NaN };
  if (!plate) return { ...nothing, problem: 'It has no astrometric solution of its own so far.' };
  const joint = jointOf(unit, index, plate, unitFit.sky);
  const distortion = distortions.get(joint.grid.key) ?? joint.own;
  const laws = firstErrors(joint.scale);
  const stars = findStars([joint], () => joint.own, known, {
    sigmas: 5,
    floorPix: 0.3,
    mostPix: 1.5,
    error: (_, s) => sigmaOf(laws.stars, joint.centroid[s]!),
    catalogArcsec: STAR_ERROR,
  });
  const placed = placeAmong(joint, distortion, stars);
  const fluxes = narrowFluxes(unit, { frames: [joint], stars });
  const { level, error } = levelAmong(fluxes, (star) => unitFit.clarity.brightness[stars.entry[star]!]!, unitFit.clarity.scatter);
  return {
    wcs: wcsOfJoint(joint, placed.isFitted ? distortion : joint.own),
    problem: null,
    scaleArcsec: joint.scale,
    matched: placed.matched,
    rmsArcsec: placed.rmsArcsec,
    transparency: Math.exp(level),
    transparencyErr: Math.exp(level) * Math.hypot(error, NARROW_SHARE_ERR),
  };
}

/** Fits the six numbers of one frame to stars that stay; changes its `linear` unless too few are there to bear it out. */
function placeAmong(joint: JointFrame, { order, x, y }: Distortion, stars: UnitStars) {
  const { count, source, star } = stars.sightings;
  const row = new Float64Array(polynomialTermCount(Math.max(1, order)));
  const columns = () => new Float64Array(count);
  const [qx, qy, xi, eta, centroid, sigma] = [columns(), columns(), columns(), columns(), columns(), columns()];
  const point = new Float64Array(2);
  for (let k = 0; k < count; k++) {
    const s = source[k]!;
    legendreRow(Math.max(1, order), joint.u[s]!, joint.v[s]!, row);
    qx[k] = joint.u[s]!;
    qy[k] = joint.v[s]!;
    for (let t = 3; t < x.length; t++) {
      qx[k]! += x[t]! * row[t]!;
      qy[k]! += y[t]! * row[t]!;
    }
    mapPoint(joint.toFrame, stars.xi[star[k]!]!, stars.eta[star[k]!]!, point);
    [xi[k], eta[k]] = point as unknown as [number, number];
    centroid[k] = Math.hypot(joint.centroid[s]!, STAR_ERROR);
  }
  const robust = new Float64Array(count).fill(1);
  let laws = firstErrors(joint.scale);
  let dXi = xi;
  let dEta = eta;
  let isFitted = false;
  for (let round = 0; round < 8; round++) {
    for (let k = 0; k < count; k++) sigma[k] = sigmaOf(laws.stars, centroid[k]!);
    const map =
      count >= FEWEST_FOR_AFFINE
        ? fitAffine(
            qx,
            qy,
            xi,
            eta,
            robust.map((w, k) => w / sigma[k]! ** 2),
          )
        : null;
    if (map) joint.linear.set([map.c, map.a, map.b, map.f, map.d, map.e]);
    isFitted = map !== null;
    const l = joint.linear;
    dXi = xi.map((v, k) => v - (l[0]! + l[1]! * qx[k]! + l[2]! * qy[k]!));
    dEta = eta.map((v, k) => v - (l[3]! + l[4]! * qx[k]! + l[5]! * qy[k]!));
    const squared = dXi.map((d, k) => d * d + dEta[k]! ** 2);
    if (count >= 12) laws = estimateErrors({ squared, centroid, extended: new Uint8Array(count) }, 3, joint.scale);
    for (let k = 0; k < count; k++) robust[k] = studentWeight2d(squared[k]! / sigma[k]! ** 2);
  }
  const those = Array.from(robust.keys()).filter((k) => robust[k]! > AGREES);
  return { isFitted, matched: those.length, rmsArcsec: betterHalfRms(those, sigma, dXi, dEta) };
}

const FEWEST_FOR_AFFINE = 8;
