import { affineShape, matchPattern, type PatternSolution } from '@colibri/numerics';
import { fitPlate, type PlateReference, type PlateSolution, type PlateSources } from './fit-plate.ts';
import { mapPlate, type PlateModel, pixelScale, plateToPlaneColumns } from './plate-model.ts';
import { projectCatalog } from './tangent-plane.ts';

/** What is known before: a plate, and how far it may be off. */
export interface StartingPlate {
  readonly model: PlateModel;
  /** The middle of the frame lies within this of `model.center` [arcsec]. */
  readonly searchRadiusArcsec: number;
  /** Relative. */
  readonly scaleTolerance: number;
  /** Orientation and parity of `model` mean something (± this many degrees); null: only its scale does. */
  readonly rotationToleranceDeg: number | null;
}

export interface SolveOptions {
  readonly maxOrder: number;
  readonly epochJyear: number | null;
  /** Radius about the start that the reference list covers [arcsec]. */
  readonly coverageArcsec: number;
  readonly maxFalseAlarm: number;
}

export type SolveOutcome =
  | { readonly solved: true; readonly plate: PlateSolution; readonly pattern: PatternSolution }
  | { readonly solved: false; readonly reason: string };

/**
 * Solves a frame: a pattern match on the brightest sources proves where it looks, then `fitPlate` uses them all. First within what the
 * start claims, then for any rotation and either parity. A solution that is not proven is refused: a wrong number is worse than none.
 */
export function solvePlate(
  start: StartingPlate,
  sources: PlateSources,
  reference: PlateReference,
  options: SolveOptions,
): SolveOutcome {
  const bySource = brightestFirst(sources.instrumentalMag, (i) => Number.isFinite(sources.x[i]!));
  if (bySource.length < 3) return { solved: false, reason: `Only ${bySource.length} sources: at least 3 are needed.` };
  if (reference.count < 3)
    return { solved: false, reason: `The catalogue holds ${reference.count} entries here: at least 3 are needed.` };
  const { model } = start;
  const plane = plateToPlaneColumns(
    model,
    Float64Array.from(bySource, (i) => sources.x[i]!),
    Float64Array.from(bySource, (i) => sources.y[i]!),
  );
  const entries = projectCatalog(reference, options.epochJyear, model.center);
  const byEntry = brightestFirst(reference.mag, (i) => Number.isFinite(entries.xi[i]!));
  const scale = pixelScale(model);
  const problem = {
    imageX: plane.xi,
    imageY: plane.eta,
    halfWidth: (model.width / 2) * scale,
    halfHeight: (model.height / 2) * scale,
    referenceX: Float64Array.from(byEntry, (i) => entries.xi[i]!),
    referenceY: Float64Array.from(byEntry, (i) => entries.eta[i]!),
    coverage: options.coverageArcsec,
    searchRadius: start.searchRadiusArcsec,
    scaleTolerance: start.scaleTolerance,
    position: 1.2 * scale, // 1.2 pix: centroids, blends and the distortion of a few hundred pixels
    maxFalseAlarm: options.maxFalseAlarm,
  };
  const anything = { rotation: null, parity: null };
  const claimed = (tolerance: number) => ({ rotation: { deg: 0, tolerance }, parity: 1 as const });
  const { rotationToleranceDeg: claims } = start;
  const beliefs = claims === null ? [anything] : [claimed(claims), anything];
  const few = bySource.length <= FEW;
  const pattern =
    matchPattern({ ...problem, beliefs }) ??
    // a handful of stars: believe the start's own shape, which is worth two decades of odds, if it has one
    (claims === null || !few
      ? null
      : matchPattern({
          ...problem,
          searchRadius: Math.min(start.searchRadiusArcsec, 15),
          scaleTolerance: 0.002,
          beliefs: [claimed(0.3)],
          position: 0.6 * scale,
          maxFalseAlarm: Math.min(1e-4, options.maxFalseAlarm * 100),
        })) ??
    // a poor camera: centroids of noise and clumps, good to a few pixels
    (few ? matchPattern({ ...problem, beliefs, position: 3 * scale }) : null);
  if (!pattern) {
    const radius = (start.searchRadiusArcsec / 60).toFixed(1);
    return {
      solved: false,
      reason: `No pattern of the ${bySource.length} sources was proven among ${byEntry.length} catalogue entries within ${radius} arcmin of the pointing.`,
    };
  }
  const plate = fitPlate(mapPlate(model, pattern.map), sources, reference, {
    startRadius: (pattern.position > 2 * scale ? 8 : 4) * scale,
    maxOrder: options.maxOrder,
    epochJyear: options.epochJyear,
  });
  const doubt = plate ? doubtAbout(plate, pattern, scale) : 'the fit found no matches';
  if (!plate || doubt) return { solved: false, reason: `A pattern was found but not confirmed: ${doubt}.` };
  return { solved: true, plate, pattern };
}

/** Sources, up to which weaker hopes are tried after the pattern of many has failed: they cost little there. */
const FEW = 60;

/** Why the final fit does not bear out the pattern; null: it does. */
function doubtAbout(plate: PlateSolution, pattern: PatternSolution, scale: number): string | null {
  const matched = plate.matches.source.length;
  if (matched < Math.min(pattern.pairs, 20) * 0.5) return `${matched} matches remain of the ${pattern.pairs} that made it`;
  const { model } = plate;
  const shape = affineShape({
    a: (2 * model.xi[1]!) / model.width,
    b: (2 * model.xi[2]!) / model.height,
    c: 0,
    d: (2 * model.eta[1]!) / model.width,
    e: (2 * model.eta[2]!) / model.height,
    f: 0,
  });
  if (shape.distortion > 0.03) return `its pixels would be ${(100 * shape.distortion).toFixed(0)} % out of square`;
  if (Math.abs(shape.scale / scale / scaleOf(pattern) - 1) > 0.02) return 'its scale drifted';
  if (Math.max(...plate.rms) > Math.max(2 * scale, 1.2 * pattern.position))
    return `its residuals are ${(Math.max(...plate.rms) / scale).toFixed(1)} pixels`;
  return null;
}

const scaleOf = (pattern: PatternSolution): number => affineShape(pattern.map).scale;

/** Indices by rising magnitude; unknown magnitudes are left out. */
function brightestFirst(mag: Float64Array, keep: (i: number) => boolean): Int32Array {
  const indices: number[] = [];
  for (let i = 0; i < mag.length; i++) if (Number.isFinite(mag[i]!) && keep(i)) indices.push(i);
  return Int32Array.from(indices.sort((p, q) => mag[p]! - mag[q]!));
}
