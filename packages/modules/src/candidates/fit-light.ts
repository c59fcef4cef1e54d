import type { LightPoint } from '@colibri/contracts';

/** Fits of one light curve in flux. */
export interface LightFit {
  readonly points: number;
  readonly meanMicroJy: number;
  readonly meanErrMicroJy: number;
  readonly chi2Constant: number;
  readonly powerLaw: {
    readonly index: number;
    readonly indexErr: number;
    readonly fluxMicroJy: number;
    readonly fluxErrMicroJy: number;
    readonly refSec: number;
    readonly chi2: number;
  } | null;
  readonly slopePerHour: number | null;
  readonly slopePerHourErr: number | null;
  /** χ² of the constant minus χ² of the trend, both with the variances of the trend; at least 0. */
  readonly deltaChi2: number;
}

/** Steepest trend that is tried: F ∝ t^±STEEPEST. Optical afterglows lie between about +2 and −3. */
const STEEPEST = 6;

/**
 * A constant, and a power law of the time since the trigger (a straight line where no trigger is known or light came before it).
 *
 * Fluxes are used as they are, negative ones too: what is no detection still pulls. The variance of a point is
 * `err² + (scaleErr · model)²`: the error of the image's flux scale follows the model, not the noisy point, so faint points are not
 * preferred. The power law is averaged over each exposure, since early in an event the light changes within one.
 *
 * @returns null below two points
 */
export function fitLight(points: readonly LightPoint[]): LightFit | null {
  if (points.length < 2) return null;
  const constant = fitConstant(points, null);
  const base = {
    points: points.length,
    meanMicroJy: constant.mean,
    meanErrMicroJy: constant.err,
    chi2Constant: constant.chi2,
  };
  const law = points.length >= 3 ? fitPowerLaw(points) : null;
  if (law) {
    const { deltaChi2, ...powerLaw } = law;
    return { ...base, powerLaw, slopePerHour: null, slopePerHourErr: null, deltaChi2 };
  }
  const line = points.length >= 3 ? fitLine(points, constant.mean) : null;
  return {
    ...base,
    powerLaw: null,
    slopePerHour: line?.slope ?? null,
    slopePerHourErr: line?.slopeErr ?? null,
    deltaChi2: line?.deltaChi2 ?? 0,
  };
}

/** χ² of the constant that fits best, with the variances that belong to it. */
export const chi2OfConstant = (points: readonly LightPoint[]): number => fitConstant(points, null).chi2;

/** Weighted mean; `variances` given: with these, else with those that belong to the mean itself. */
function fitConstant(points: readonly LightPoint[], variances: Float64Array | null) {
  let mean = 0;
  let weight = 0;
  for (let pass = 0; pass < (variances ? 1 : 3); pass++) {
    let sum = 0;
    weight = 0;
    points.forEach(({ fluxMicroJy, fluxErrMicroJy, scaleErr }, i) => {
      const w = 1 / (variances?.[i] ?? fluxErrMicroJy ** 2 + (scaleErr * Math.max(0, mean)) ** 2);
      sum += w * fluxMicroJy;
      weight += w;
    });
    mean = sum / weight;
  }
  let chi2 = 0;
  points.forEach(({ fluxMicroJy, fluxErrMicroJy, scaleErr }, i) => {
    chi2 += (fluxMicroJy - mean) ** 2 / (variances?.[i] ?? fluxErrMicroJy ** 2 + (scaleErr * Math.max(0, mean)) ** 2);
  });
  return { mean, err: 1 / Math.sqrt(weight), chi2 };
}

function fitPowerLaw(points: readonly LightPoint[]) {
  const times = points.map(({ sinceTriggerSec, exposureSec }) => ({ mid: sinceTriggerSec ?? NaN, half: exposureSec / 2 }));
  if (!times.every(({ mid, half }) => mid - half > 0)) return null;
  const refSec = Math.exp(times.reduce((sum, { mid }) => sum + Math.log(mid), 0) / times.length);
  if (!(times.at(-1)!.mid > times[0]!.mid * 1.001)) return null;
  const exposures = times.map(({ mid, half }) => exposureOf(mid, half, refSec));
  const shape = (index: number): Float64Array => Float64Array.from(exposures, (exposure) => meanPower(exposure, index));
  const coarse = COARSE.map((index) => ({ index, g: shape(index) }));
  const flux = Float64Array.from(points, ({ fluxMicroJy }) => fluxMicroJy);
  let variances = Float64Array.from(points, ({ fluxErrMicroJy }) => fluxErrMicroJy ** 2);
  const at = (index: number, g = shape(index)) => {
    let gg = 0;
    let gf = 0;
    for (let i = 0; i < g.length; i++) {
      gg += g[i]! ** 2 / variances[i]!;
      gf += (g[i]! * flux[i]!) / variances[i]!;
    }
    const best = gf / gg;
    let chi2 = 0;
    for (let i = 0; i < g.length; i++) chi2 += (flux[i]! - best * g[i]!) ** 2 / variances[i]!;
    return { index, flux: best, fluxErr: 1 / Math.sqrt(gg), chi2, g };
  };
  let best = at(0);
  for (let pass = 0; pass < 3; pass++) {
    best = minimum(at, coarse);
    variances = Float64Array.from(
      points,
      ({ fluxErrMicroJy, scaleErr }, i) => fluxErrMicroJy ** 2 + (scaleErr * Math.max(0, best.flux * best.g[i]!)) ** 2,
    );
  }
  best = minimum(at, coarse);
  if (!(best.flux > 0)) return null;
  const step = 0.02;
  const curvature = (at(best.index + step).chi2 + at(best.index - step).chi2 - 2 * best.chi2) / step ** 2;
  return {
    index: best.index,
    indexErr: curvature > 0 ? Math.min(99, Math.sqrt(2 / curvature)) : 99,
    fluxMicroJy: best.flux,
    fluxErrMicroJy: best.fluxErr,
    refSec,
    chi2: best.chi2,
    deltaChi2: Math.max(0, fitConstant(points, variances).chi2 - best.chi2),
  };
}

/** An exposure on a logarithmic clock: its middle, begin and end as ln (t / ref), and its length over ref. */
interface Exposure {
  readonly lnMid: number;
  readonly lnFrom: number;
  readonly lnTo: number;
  readonly length: number;
  /** So short against the time since the trigger that the middle stands for all of it. */
  readonly isShort: boolean;
}

const exposureOf = (mid: number, half: number, ref: number): Exposure => ({
  lnMid: Math.log(mid / ref),
  lnFrom: Math.log((mid - half) / ref),
  lnTo: Math.log((mid + half) / ref),
  length: (2 * half) / ref,
  isShort: half < 1e-3 * mid,
});

/** Mean of (t / ref)^index over an exposure. */
function meanPower({ lnMid, lnFrom, lnTo, length, isShort }: Exposure, index: number): number {
  if (isShort) return Math.exp(index * lnMid);
  const power = index + 1;
  if (Math.abs(power) < 1e-6) return (lnTo - lnFrom) / length;
  return (Math.exp(power * lnTo) - Math.exp(power * lnFrom)) / (power * length);
}

const COARSE_STEP = 0.25;
/** Indices of the coarse scan; their shapes serve for all weights. */
const COARSE = Array.from({ length: (2 * STEEPEST) / COARSE_STEP + 1 }, (_, k) => k * COARSE_STEP - STEEPEST);

/** Coarse scan, then golden section around its best: χ² of one parameter may have several dips. */
function minimum<T extends { readonly chi2: number; readonly index: number; readonly flux: number }>(
  at: (index: number, g?: Float64Array) => T,
  coarse: readonly { readonly index: number; readonly g: Float64Array }[],
): T {
  let best = at(0);
  for (const { index, g } of coarse) {
    const tried = at(index, g);
    if (tried.flux > 0 && (tried.chi2 < best.chi2 || !(best.flux > 0))) best = tried;
  }
  let low = Math.max(-STEEPEST, best.index - COARSE_STEP);
  let high = Math.min(STEEPEST, best.index + COARSE_STEP);
  const golden = (Math.sqrt(5) - 1) / 2;
  let left = at(high - golden * (high - low));
  let right = at(low + golden * (high - low));
  for (let k = 0; k < 30; k++) {
    if (left.chi2 < right.chi2) {
      high = right.index;
      right = left;
      left = at(high - golden * (high - low));
    } else {
      low = left.index;
      left = right;
      right = at(low + golden * (high - low));
    }
  }
  return at((low + high) / 2);
}

function fitLine(points: readonly LightPoint[], mean: number) {
  const variances = Float64Array.from(
    points,
    ({ fluxErrMicroJy, scaleErr }) => fluxErrMicroJy ** 2 + (scaleErr * Math.max(0, mean)) ** 2,
  );
  let s = 0;
  let st = 0;
  const hours = points.map(({ midMjdUtc }) => (midMjdUtc - points[0]!.midMjdUtc) * 24);
  hours.forEach((t, i) => {
    s += 1 / variances[i]!;
    st += t / variances[i]!;
  });
  const center = st / s;
  let tt = 0;
  let tf = 0;
  points.forEach(({ fluxMicroJy }, i) => {
    tt += (hours[i]! - center) ** 2 / variances[i]!;
    tf += ((hours[i]! - center) * fluxMicroJy) / variances[i]!;
  });
  if (!(tt > 0)) return null;
  return { slope: tf / tt / mean, slopeErr: 1 / Math.sqrt(tt) / Math.abs(mean), deltaChi2: tf ** 2 / tt };
}
