import type { UnitFrame } from '@colibri/pipeline';
import { mapPlate, type PlateModel } from '../astrometry/plate-model.ts';
import { plateSources } from '../astrometry/plate-sources.ts';
import { type SolveOutcome, solvePlate } from '../astrometry/solve-plate.ts';
import { startingPlate } from '../astrometry/starting-plate.ts';
import { planeToSky, type TangentPoint } from '../astrometry/tangent-plane.ts';
import type { JointFit } from './joint-fit.ts';
import { plateOfJoint } from './joint-frame.ts';

/** The unit's own stars, which share depth and blends with the frame that found no place in the catalogue. */
export interface RescueStars {
  readonly raDeg: Float64Array;
  readonly decDeg: Float64Array;
  /** Instrumental, per second [mag]. */
  readonly mag: Float64Array;
}

export function rescueStars(frames: readonly UnitFrame[], fit: JointFit, center: TangentPoint): RescueStars {
  const { stars } = fit;
  const raDeg = new Float64Array(stars.count);
  const decDeg = new Float64Array(stars.count);
  const mag = new Float64Array(stars.count).fill(NaN);
  for (let s = 0; s < stars.count; s++)
    [raDeg[s], decDeg[s]] = planeToSky(center, stars.xi[s]!, stars.eta[s]!) as [number, number];
  const { count, frame, source, star } = stars.sightings;
  for (let k = 0; k < count; k++) {
    const { sources, meta } = frames[fit.frames[frame[k]!]!.index]!;
    const m = -2.5 * Math.log10(sources.columns.fluxAuto[source[k]!]! / meta.exposureSec);
    if (!(mag[star[k]!]! < m)) mag[star[k]!] = m; // the brightest sighting: the clearest frame
  }
  return { raDeg, decDeg, mag };
}

/**
 * Solves a frame that failed by itself on the stars of its unit: the shape of the others' plates and distortion, laid where its
 * header points.
 */
export function rescueFrame(
  frame: UnitFrame,
  fit: JointFit,
  stars: RescueStars,
  { searchRadiusDeg, maxOrder }: { searchRadiusDeg: number; maxOrder: number },
): SolveOutcome {
  const sibling = fit.frames.findIndex(({ width, height }) => width === frame.width && height === frame.height);
  const lent = sibling < 0 ? null : plateOfJoint(fit.frames[sibling]!, fit.distortions[sibling]!);
  const start =
    startAt(lent, pointOf(frame), searchRadiusDeg) ??
    startingPlate(frame.wcs, frame.meta.pointing, frame.width, frame.height, {
      pixelScaleDeg: fit.frames[0]!.scale / 3600,
      searchRadiusDeg,
      scaleTolerance: 0.01,
      rotationToleranceDeg: 8,
    });
  if (!start) return { solved: false, reason: 'its header gives neither coordinates nor a pointing' };
  const count = stars.raDeg.length;
  const still = new Float32Array(count);
  return solvePlate(
    start,
    plateSources(frame.sources.columns),
    {
      count,
      raDeg: stars.raDeg,
      decDeg: stars.decDeg,
      pmRaMasYr: still,
      pmDecMasYr: still,
      epochJyear: 2000,
      isStar: new Uint8Array(count).fill(1),
      mag: stars.mag,
    },
    {
      maxOrder,
      epochJyear: null,
      coverageArcsec: (Math.hypot(frame.width, frame.height) * fit.frames[0]!.scale) / 2 + searchRadiusDeg * 3600,
      maxFalseAlarm: 1e-7,
    },
  );
}

function pointOf({ wcs, width, height, meta }: UnitFrame): TangentPoint | null {
  const [raDeg, decDeg] = wcs?.pixelToSky((width - 1) / 2, (height - 1) / 2) ?? [NaN, NaN];
  return Number.isFinite(raDeg + decDeg) ? { raDeg, decDeg } : meta.pointing;
}

function startAt(plate: PlateModel | null, center: TangentPoint | null, searchRadiusDeg: number) {
  if (!plate || !center) return null;
  const still = { a: 1, b: 0, c: 0, d: 0, e: 1, f: 0 };
  return {
    model: mapPlate(plate, still, center),
    searchRadiusArcsec: searchRadiusDeg * 3600,
    scaleTolerance: 0.005,
    rotationToleranceDeg: 8,
  };
}
