import { medianOf } from '../stats/quantile.ts';
import { fitProfile, profileFwhm, profileSum, profileValue, type StarProfile } from './fit-profile.ts';
import { fitSamples } from './fit-samples.ts';
import type { PsfModel } from './psf-model.ts';
import { psfAt, psfSpline, splineCoefficients, splineSamples, splineStamp } from './psf-spline.ts';
import { type KnownSources, type PsfPlanes, type StarStamp, starStamps } from './psf-stars.ts';

export interface BuildPsfOptions {
  /** Roughly [pix]. */
  readonly fwhmPix: number;
  /** Level at which light is lost [unit of the image]. */
  readonly saturation: number;
  /** Highest order of the variation; default 3. The number of stars may ask for less. */
  readonly maxOrder?: number;
  /** Half-width that holds all the light, in FWHM; default 3.5. */
  readonly radiusFwhm?: number;
  /** Judges the model by stars that were held out, at the cost of a second fit; default true. */
  readonly holdOut?: boolean;
}

/** Stars that free samples need; with fewer, the profile stands. */
const LEAST_FOR_SAMPLES = 8;
/** Stars that each order of the variation needs. */
const STARS_FOR_ORDER = [0, 10, 20, 120];
/** No model is trusted better than this where weights are made, so that one bright star doesn't make the PSF alone. */
const WEIGHT_ERROR = 0.01;
const ROUNDS = 3;
/** Nobody's flat field and sampling are better [1]. */
const LEAST_ERROR = 0.001;

/**
 * Makes the PSF of an image from its stars: a profile (Moffat core and wing) fitted to all, then free samples about it whose variation
 * over the image follows the number of stars. Stars whose residuals are unlike the others' are thrown out by χ². null: no star at all.
 *
 * @param candidates - point-like entries of `known` of S/N above about 30
 * Source: Bertin 2011, ASPC 442, 435 (PSFEx); Anderson & King 2000, PASP 112, 1360 (effective PSF).
 */
export function buildPsf(
  planes: PsfPlanes,
  known: KnownSources,
  candidates: readonly number[],
  options: BuildPsfOptions,
): PsfModel | null {
  const radius = Math.max(6, Math.round((options.radiusFwhm ?? 3.5) * options.fwhmPix));
  const all = starStamps(planes, known, candidates, { fwhmPix: options.fwhmPix, radius, saturation: options.saturation });
  if (all.length === 0) return null;
  const judged = options.holdOut !== false && all.length >= 2 * LEAST_FOR_SAMPLES;
  let heldOutErr: number | null = null;
  if (judged) {
    const model = fitModel(
      planes,
      all.filter((_, k) => k % 4 !== 3),
      radius,
      options,
    );
    heldOutErr = modelError(
      model,
      all.filter((_, k) => k % 4 === 3),
    );
  }
  const stars = all.map((star) => ({ ...star, flux: known.flux[star.source]! }));
  const model = fitModel(planes, stars, radius, options);
  return heldOutErr === null ? model : { ...model, relativeErr: heldOutErr };
}

function fitModel(planes: PsfPlanes, every: readonly StarStamp[], radius: number, options: BuildPsfOptions): PsfModel {
  let stars = [...every];
  const profile = fitProfile(stars, options.fwhmPix);
  const fwhmPix = profileFwhm(profile);
  const finer = fwhmPix >= 2.6 ? 1 : fwhmPix >= 1.5 ? 2 : 3;
  const size = 2 * radius * finer + 1;
  const step = 1 / finer;
  const grid = {
    originX: (planes.width - 1) / 2,
    originY: (planes.height - 1) / 2,
    scaleX: planes.width / 2,
    scaleY: planes.height / 2,
  };
  const template = profileSamples(profile, size, step, radius);
  splineCoefficients(template, 0, size);
  const base = { ...grid, fwhmPix, stepPix: step, size, radiusPix: radius, relativeErr: 0.02 };
  const asModel = (coefficients: Float64Array, order: number, kind: PsfModel['kind']): PsfModel => {
    const planesOf = coefficients.slice();
    for (let at = 0; at < planesOf.length; at += size * size) splineSamples(planesOf, at, size);
    return { ...base, kind, order, planes: Float32Array.from(planesOf), stars: stars.length, chi2: Number.NaN };
  };
  let model = asModel(template, 0, 'moffat');
  let chi2 = refit(model, stars);
  stars = agreeing(stars, chi2);
  for (let round = 0; round < ROUNDS && stars.length >= LEAST_FOR_SAMPLES; round++) {
    let order = 0;
    const most = Math.min(options.maxOrder ?? 3, STARS_FOR_ORDER.length - 1);
    // The first round finds what is no star; a varying model could follow it.
    for (let m = 1; m <= (round === 0 ? Math.min(1, most) : most); m++) if (stars.length >= STARS_FOR_ORDER[m]!) order = m;
    const weights = weightsOf(model, stars);
    const coefficients = fitSamples(stars, weights, {
      size,
      step,
      terms: ((order + 1) * (order + 2)) / 2,
      grid: { ...grid, order },
      template,
      freedom: freedomOf(profile, size, step, radius, 0.3, 0.003),
      varyingFreedom: freedomOf(profile, size, step, radius, 0.15, 0.001),
    });
    model = asModel(unitFlux(coefficients, size, step), order, 'pixels');
    chi2 = refit(model, stars);
    if (round < ROUNDS - 1) stars = agreeing(stars, chi2);
  }
  return { ...model, stars: stars.length, chi2: medianOf(Float64Array.from(chi2)), relativeErr: modelError(model, stars) };
}

/** The profile at the nodes, of unit flux; 0 beyond `radius`. */
function profileSamples(profile: StarProfile, size: number, step: number, radius: number): Float64Array {
  const out = new Float64Array(size * size);
  const total = profileSum(profile, radius);
  const half = (size - 1) / 2;
  for (let j = 0; j < size; j++) {
    for (let i = 0; i < size; i++) {
      const dx = (i - half) * step;
      const dy = (j - half) * step;
      if (dx * dx + dy * dy <= radius * radius) out[j * size + i] = profileValue(profile, dx, dy) / total;
    }
  }
  return out;
}

/** 1 sigma of the prior: a share of the profile, and a share of its summit that fades outwards. */
function freedomOf(
  profile: StarProfile,
  size: number,
  step: number,
  radius: number,
  share: number,
  ofPeak: number,
): Float64Array {
  const peak = profileValue(profile, 0, 0) / profileSum(profile, radius);
  const half = (size - 1) / 2;
  return profileSamples(profile, size, step, radius).map((value, p) => {
    const r = Math.hypot((p % size) - half, Math.floor(p / size) - half) * step;
    return value === 0 ? 0 : share * value + ofPeak * peak * Math.exp(-(((2 * r) / radius) ** 2));
  });
}

/** Scales all planes so that the star in the middle of the image has unit flux. */
function unitFlux(coefficients: Float64Array, size: number, step: number): Float64Array {
  let sum = 0;
  for (let i = 0; i < size * size; i++) sum += coefficients[i]!;
  return coefficients.map((c) => c / (sum * step * step));
}

/** Fits the flux of each star with its place fixed; its reduced χ² within 1.5 FWHM, with 1 % of the model allowed for. */
function refit(model: PsfModel, stars: readonly StarStamp[]): number[] {
  const weights = weightsOf(model, stars);
  const spline = psfSpline(model);
  const near2 = (1.5 * model.fwhmPix) ** 2;
  return stars.map((star, k) => {
    const stamp = new Float64Array(star.data.length);
    splineStamp(psfAt(spline, star.x, star.y), model.size, model.stepPix, star.x - star.cx, star.y - star.cy, star.radius, {
      value: stamp,
    });
    let pp = 0;
    let pd = 0;
    const w = weights[k]!;
    for (let p = 0; p < stamp.length; p++) {
      pp += w[p]! * stamp[p]! ** 2;
      pd += w[p]! * stamp[p]! * star.data[p]!;
    }
    if (pp > 0 && pd > 0) star.flux = pd / pp;
    let chi2 = 0;
    let n = 0;
    const side = 2 * star.radius + 1;
    for (let p = 0; p < stamp.length; p++) {
      if (w[p] === 0) continue;
      const dx = (p % side) - star.radius + star.cx - star.x;
      const dy = Math.floor(p / side) - star.radius + star.cy - star.y;
      if (dx * dx + dy * dy > near2) continue;
      chi2 += w[p]! * (star.data[p]! - star.flux * stamp[p]!) ** 2;
      n++;
    }
    return chi2 / Math.max(n - 1, 1);
  });
}

/** 1/sigma² of the stars' pixels by the model's own light; pixels beyond 6 sigma (what no catalogue knows) are left out outside the core. */
function weightsOf(model: PsfModel, stars: readonly StarStamp[]): Float64Array[] {
  const spline = psfSpline(model);
  return stars.map((star) => {
    const stamp = new Float64Array(star.data.length);
    splineStamp(psfAt(spline, star.x, star.y), model.size, model.stepPix, star.x - star.cx, star.y - star.cy, star.radius, {
      value: stamp,
    });
    const side = 2 * star.radius + 1;
    return stamp.map((p, i) => {
      const v = star.skyVariance[i]!;
      if (!(v > 0)) return 0;
      const light = Math.max(star.flux * p, 0);
      const r = Math.hypot((i % side) - star.radius, Math.floor(i / side) - star.radius);
      if (r > star.radius) return 0;
      const sigma2 = v + star.lightVariance * light + (WEIGHT_ERROR * light) ** 2;
      const off = (star.data[i]! - light) ** 2 / (sigma2 + (0.1 * light) ** 2);
      return off > 36 && r > model.fwhmPix ? 0 : 1 / sigma2;
    });
  });
}

/** Without the stars whose χ² is far above the others'. */
function agreeing(stars: readonly StarStamp[], chi2: readonly number[]): StarStamp[] {
  const middle = medianOf(Float64Array.from(chi2));
  const spread = 1.4826 * medianOf(Float64Array.from(chi2, (c) => Math.abs(c - middle)));
  const limit = middle + 4 * Math.max(spread, 0.1 * middle);
  const kept = stars.filter((_, k) => chi2[k]! <= limit);
  return kept.length >= Math.min(LEAST_FOR_SAMPLES, stars.length) ? kept : [...stars];
}

/**
 * Relative error of fluxes that the model makes [1, rms]: how the light within two FWHM that the fit leaves over scatters from star to star
 * beyond its noise, common part left out (a zero point takes it up).
 */
function modelError(model: PsfModel, stars: readonly StarStamp[]): number {
  const spline = psfSpline(model);
  const left: number[] = [];
  const noise: number[] = [];
  for (const star of stars) {
    const stamp = new Float64Array(star.data.length);
    splineStamp(psfAt(spline, star.x, star.y), model.size, model.stepPix, star.x - star.cx, star.y - star.cy, star.radius, {
      value: stamp,
    });
    const { flux, sum, variance } = leftOver(star, stamp, 2 * model.fwhmPix);
    if (!(flux > 0) || !(variance > 0)) continue;
    left.push(sum / flux);
    noise.push(variance / flux ** 2);
  }
  if (left.length < 4) return 0.02;
  const middle = medianOf(Float64Array.from(left));
  // The excess for which the median of δ² / (noise + excess) is that of a Gaussian.
  const wishes = Float64Array.from(left, (l, k) => (l - middle) ** 2 / 0.4549 - noise[k]!);
  const precise = [...noise].sort((p, q) => p - q)[noise.length >> 1]!;
  const sharp = wishes.filter((_, k) => noise[k]! <= precise);
  return Math.min(Math.max(Math.sqrt(Math.max(medianOf(sharp), 0)), LEAST_ERROR), 0.05);
}

/** Light within `reach` that the fitted model leaves over, and its variance; the fit shares its noise. */
function leftOver(star: StarStamp, stamp: Float64Array, reach: number): { flux: number; sum: number; variance: number } {
  const side = 2 * star.radius + 1;
  const within: number[] = [];
  let pp = 0;
  let pd = 0;
  let held = 0;
  for (let p = 0; p < stamp.length; p++) {
    const r = Math.hypot((p % side) - star.radius + star.cx - star.x, Math.floor(p / side) - star.radius + star.cy - star.y);
    const v = star.skyVariance[p]!;
    if (!(v > 0) || r >= reach) continue;
    within.push(p);
    held += stamp[p]!;
    const w = 1 / (v + star.lightVariance * Math.max(star.flux * stamp[p]!, 0));
    pp += w * stamp[p]! ** 2;
    pd += w * stamp[p]! * star.data[p]!;
  }
  const flux = pd / pp;
  let sum = 0;
  let variance = 0;
  for (const p of within) {
    sum += star.data[p]! - flux * stamp[p]!;
    variance += star.skyVariance[p]! + star.lightVariance * Math.max(flux * stamp[p]!, 0);
  }
  // Var(Σd − h f) = Σv − 2 h Σ(wPv)/ΣwP² + h²/ΣwP² = Σv + h (h − 2 ΣP_in) / ΣwP² with ΣP_in = h.
  return { flux, sum, variance: variance - (held * held) / pp };
}
