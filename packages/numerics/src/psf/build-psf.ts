import { medianOf } from '../stats/quantile.ts';
import { fitProfile, profileFwhm, profileSum, profileValue, type StarProfile } from './fit-profile.ts';
import { fitSamples } from './fit-samples.ts';
import { modelError, modelTests } from './model-error.ts';
import type { PsfModel } from './psf-model.ts';
import { psfAt, psfSpline, splineCoefficients, splineStamp } from './psf-spline.ts';
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
  /** Variance of sums over the sum of the pixels' variances, of a resampled image; default 1. */
  readonly covarianceFactor?: number;
  /** Judges the model by stars that were held out in turn, at the cost of half a fit more; default true. */
  readonly holdOut?: boolean;
  /** Fits, each with the weights and the stars of the one before; default 3. Two do where the stars are known to be stars. */
  readonly rounds?: number;
}

/** Stars that free samples need; with fewer, the profile stands. */
const LEAST_FOR_SAMPLES = 8;
/** Stars that each order of the variation needs. */
const STARS_FOR_ORDER = [0, 10, 20, 120];
/** No model is trusted better than this where weights are made, so that one bright star doesn't make the PSF alone. */
const WEIGHT_ERROR = 0.01;
/** Parts of the stars that are left out in turn to judge the model. */
const FOLDS = 4;

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
  const stars = starStamps(planes, known, candidates, { fwhmPix: options.fwhmPix, radius, saturation: options.saturation });
  if (stars.length === 0) return null;
  const profile = fitProfile(stars, options.fwhmPix);
  const { model, kept } = fitModel(planes, stars, profile, radius, options);
  if (options.holdOut === false || kept.length < 2 * LEAST_FOR_SAMPLES) return model;
  // Each star is judged by a model that it had no part in.
  const judged = Array.from({ length: FOLDS }, (_, fold) => {
    const makers = kept.filter((_star, k) => k % FOLDS !== fold).map((star) => ({ ...star }));
    const judges = kept.filter((_star, k) => k % FOLDS === fold);
    const other = fitModel(planes, makers, profile, radius, options, model).model;
    return modelTests(judges, stampsOf(other, judges), other.fwhmPix, options.covarianceFactor ?? 1);
  });
  return { ...model, relativeErr: modelError(judged.flat()) };
}

/** @param start - a model of these stars and others, to begin the last round from */
function fitModel(
  planes: PsfPlanes,
  every: readonly StarStamp[],
  profile: StarProfile,
  radius: number,
  options: BuildPsfOptions,
  start?: PsfModel,
): { readonly model: PsfModel; readonly kept: readonly StarStamp[] } {
  let stars = every;
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
  const template = unitFlux(profileSamples(profile, size, step, radius), size, step);
  const freedom = freedomOf(template, size, step, radius, 0.3, 0.003);
  const varyingFreedom = freedomOf(template, size, step, radius, 0.15, 0.001);
  const asModel = (samples: Float64Array, order: number, kind: PsfModel['kind']): PsfModel => ({
    ...grid,
    fwhmPix,
    stepPix: step,
    size,
    radiusPix: radius,
    relativeErr: 0.02,
    kind,
    order,
    planes: Float32Array.from(samples),
    stars: stars.length,
    chi2: Number.NaN,
  });
  let samples = template;
  let model = start ?? asModel(template, 0, 'moffat');
  if (start) samples = Float64Array.from(start.planes);
  let stamps = stampsOf(model, stars);
  let chi2 = refit(stars, stamps, fwhmPix);
  const keep = (): void => {
    const agree = agreeing(chi2);
    if (agree.length < Math.min(LEAST_FOR_SAMPLES, stars.length)) return;
    stars = agree.map((k) => stars[k]!);
    stamps = agree.map((k) => stamps[k]!);
    chi2 = agree.map((k) => chi2[k]!);
  };
  keep();
  const rounds = options.rounds ?? 3;
  const most = Math.min(options.maxOrder ?? 3, STARS_FOR_ORDER.length - 1);
  for (let round = start ? rounds - 1 : 0; round < rounds && stars.length >= LEAST_FOR_SAMPLES; round++) {
    let order = 0;
    // The first round finds what is no star; a varying model could follow it.
    for (let m = 1; m <= (round === 0 ? Math.min(1, most) : most); m++) if (stars.length >= STARS_FOR_ORDER[m]!) order = m;
    const weights = weightsOf(stars, stamps, fwhmPix);
    const fit = { size, step, grid: { ...grid, order }, template, freedom, varyingFreedom, start: samples };
    samples = unitFlux(fitSamples(stars, weights, fit), size, step);
    model = asModel(samples, order, 'pixels');
    stamps = stampsOf(model, stars);
    chi2 = refit(stars, stamps, fwhmPix);
    if (round < rounds - 1) keep();
  }
  const relativeErr = modelError(modelTests(stars, stamps, fwhmPix, options.covarianceFactor ?? 1));
  return { model: { ...model, stars: stars.length, chi2: medianOf(Float64Array.from(chi2)), relativeErr }, kept: stars };
}

/** Each star's image of unit flux, where and as the model has it. */
function stampsOf(model: PsfModel, stars: readonly StarStamp[]): Float64Array[] {
  const spline = psfSpline(model);
  const coefficients = new Float64Array(model.size ** 2);
  return stars.map(({ x, y, cx, cy, radius, data }) => {
    const value = new Float64Array(data.length);
    splineStamp(psfAt(spline, x, y, coefficients), model.size, model.stepPix, x - cx, y - cy, radius, { value });
    return value;
  });
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

/** 1 sigma of the prior: a share of the profile, and a share of its summit that fades outwards; 0 beyond the profile. */
function freedomOf(
  template: Float64Array,
  size: number,
  step: number,
  radius: number,
  share: number,
  ofPeak: number,
): Float64Array {
  const half = (size - 1) / 2;
  const peak = template[half * size + half]!;
  return template.map((value, p) => {
    const r = Math.hypot((p % size) - half, Math.floor(p / size) - half) * step;
    return r > radius ? 0 : share * value + ofPeak * peak * Math.exp(-(((2 * r) / radius) ** 2));
  });
}

/** Scales all planes of samples so that the star in the middle of the image has unit flux: step² Σ c of its coefficients. */
function unitFlux(samples: Float64Array, size: number, step: number): Float64Array {
  const middle = samples.slice(0, size * size);
  splineCoefficients(middle, 0, size);
  let sum = 0;
  for (const c of middle) sum += c;
  return samples.map((s) => s / (sum * step * step));
}

/** Fits the flux of each star with its place fixed; its reduced χ² within 1.5 FWHM, with 1 % of the model allowed for. */
function refit(stars: readonly StarStamp[], stamps: readonly Float64Array[], fwhmPix: number): number[] {
  const weights = weightsOf(stars, stamps, fwhmPix);
  const near2 = (1.5 * fwhmPix) ** 2;
  return stars.map((star, k) => {
    const stamp = stamps[k]!;
    const w = weights[k]!;
    let pp = 0;
    let pd = 0;
    for (let p = 0; p < stamp.length; p++) {
      const wp = w[p]! * stamp[p]!;
      pp += wp * stamp[p]!;
      pd += wp * star.data[p]!;
    }
    if (pp > 0 && pd > 0) star.flux = pd / pp;
    let chi2 = 0;
    let n = 0;
    const side = 2 * star.radius + 1;
    for (let j = 0, p = 0; j < side; j++) {
      const dy2 = (j - star.radius + star.cy - star.y) ** 2;
      for (let i = 0; i < side; i++, p++) {
        if (w[p] === 0 || (i - star.radius + star.cx - star.x) ** 2 + dy2 > near2) continue;
        chi2 += w[p]! * (star.data[p]! - star.flux * stamp[p]!) ** 2;
        n++;
      }
    }
    return chi2 / Math.max(n - 1, 1);
  });
}

/** 1/sigma² of the stars' pixels by the model's own light; pixels beyond 6 sigma (what no catalogue knows) are left out outside the core. */
function weightsOf(stars: readonly StarStamp[], stamps: readonly Float64Array[], fwhmPix: number): Float64Array[] {
  return stars.map((star, k) => {
    const stamp = stamps[k]!;
    const { data, skyVariance, lightVariance, radius, flux } = star;
    const side = 2 * radius + 1;
    const out = new Float64Array(stamp.length);
    for (let j = 0, p = 0; j < side; j++) {
      for (let i = 0; i < side; i++, p++) {
        const r2 = (i - radius) ** 2 + (j - radius) ** 2;
        const v = skyVariance[p]!;
        if (!(v > 0) || r2 > radius * radius) continue;
        const light = Math.max(flux * stamp[p]!, 0);
        const sigma2 = v + lightVariance * light + (WEIGHT_ERROR * light) ** 2;
        const isOff = (data[p]! - light) ** 2 > 36 * (sigma2 + (0.1 * light) ** 2);
        if (!(isOff && r2 > fwhmPix * fwhmPix)) out[p] = 1 / sigma2;
      }
    }
    return out;
  });
}

/** The stars whose χ² is not far above the others'. */
function agreeing(chi2: readonly number[]): number[] {
  const middle = medianOf(Float64Array.from(chi2));
  const spread = 1.4826 * medianOf(Float64Array.from(chi2, (c) => Math.abs(c - middle)));
  const limit = middle + 4 * Math.max(spread, 0.1 * middle);
  return Array.from(chi2.keys()).filter((k) => chi2[k]! <= limit);
}
