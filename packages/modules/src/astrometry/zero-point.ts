import { medianOf } from '@colibri/numerics';

/** One star seen and known. */
export interface CalibrationStars {
  /** Instrumental magnitude of 1 s: −2.5 log10(total flux / exposure) [mag], and its error. */
  readonly instrumentalMag: Float64Array;
  readonly instrumentalErr: Float64Array;
  readonly referenceMag: Float64Array;
  readonly referenceErr: Float64Array;
}

export interface ZeroPoint {
  /** AB magnitude of 1 electron/s of total flux. */
  readonly mag: number;
  /** 1 sigma of `mag`, intrinsic scatter included. */
  readonly err: number;
  /** Scatter of single stars about it [mag rms], the kept ones, photon noise included. */
  readonly scatter: number;
  /** What of it errors do not explain [mag rms]. */
  readonly intrinsic: number;
  readonly stars: number;
}

/** Below this a zero point is not worth its name. */
export const FEWEST_STARS = 5;

/**
 * Weighted mean of reference − instrumental, with an intrinsic scatter found together with it by maximum likelihood, and stars beyond
 * 3 sigma left out, in turns until nothing changes. null: fewer than five stars stay.
 *
 * A floor of 0.003 mag stands for flat field and catalogue zones.
 */
export function fitZeroPoint(stars: CalibrationStars): ZeroPoint | null {
  const n = stars.instrumentalMag.length;
  const difference = Float64Array.from({ length: n }, (_, k) => stars.referenceMag[k]! - stars.instrumentalMag[k]!);
  const variance = Float64Array.from(
    { length: n },
    (_, k) => stars.instrumentalErr[k]! ** 2 + (stars.referenceErr[k]! > 0 ? stars.referenceErr[k]! : 0.02) ** 2,
  );
  let kept = Array.from({ length: n }, (_, k) => k).filter(
    (k) => Number.isFinite(difference[k]!) && Number.isFinite(variance[k]!),
  );
  if (kept.length < FEWEST_STARS) return null;
  // start: the clip must not depend on the outliers it is to remove
  let mean = medianOf(Float64Array.from(kept, (k) => difference[k]!));
  let intrinsic = Math.max(0.02, 1.4826 * medianOf(Float64Array.from(kept, (k) => Math.abs(difference[k]! - mean))));
  for (let round = 0; round < 20; round++) {
    const next = Array.from({ length: n }, (_, k) => k).filter(
      (k) => Math.abs(difference[k]! - mean) <= 3 * Math.sqrt(variance[k]! + intrinsic * intrinsic),
    );
    if (next.length < FEWEST_STARS) return null;
    const same = round > 0 && next.length === kept.length && next.every((k, i) => k === kept[i]);
    kept = next;
    ({ mean, intrinsic } = weightedMean(kept, difference, variance));
    if (same) break;
  }
  let information = 0;
  let squares = 0;
  for (const k of kept) {
    information += 1 / (variance[k]! + intrinsic * intrinsic);
    squares += (difference[k]! - mean) ** 2;
  }
  return {
    mag: mean,
    err: Math.hypot(Math.sqrt(1 / information), FLOOR),
    scatter: Math.sqrt(squares / (kept.length - 1)),
    intrinsic,
    stars: kept.length,
  };
}

/** Nobody's flat field is better [mag]. */
const FLOOR = 0.003;

/** Mean and intrinsic scatter of maximum likelihood: the scatter for which Σ w² (d − mean)² = Σ w, by bisection. */
function weightedMean(kept: readonly number[], difference: Float64Array, variance: Float64Array) {
  const at = (scatter: number) => {
    let sumW = 0;
    let sum = 0;
    for (const k of kept) {
      const w = 1 / (variance[k]! + scatter * scatter);
      sumW += w;
      sum += w * difference[k]!;
    }
    const mean = sum / sumW;
    let excess = 0;
    for (const k of kept) {
      const w = 1 / (variance[k]! + scatter * scatter);
      excess += w * w * (difference[k]! - mean) ** 2 - (w * (kept.length - 1)) / kept.length;
    }
    return { mean, excess };
  };
  let low = 1e-4;
  let high = 1;
  if (at(low).excess <= 0) return { mean: at(0).mean, intrinsic: 0 };
  for (let step = 0; step < 40; step++) {
    const middle = Math.sqrt(low * high);
    if (at(middle).excess > 0) low = middle;
    else high = middle;
  }
  return { mean: at(high).mean, intrinsic: high };
}
