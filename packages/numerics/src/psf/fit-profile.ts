import { levenbergMarquardt } from '../solve/levenberg-marquardt.ts';
import type { StarStamp } from './psf-stars.ts';

/**
 * Elliptical Moffat core and a wing, `P ∝ (1 + q)^−β + share · (1 + q / 9)^−11/6`, with `q = xx dx² + 2 xy dx dy + yy dy²`: the wing falls as
 * turbulent air spreads light, r^(−11/3), and is wider than the core.
 *
 * Source: Moffat 1969, A&A 3, 455; Roddier 1981, Prog. Opt. 19, 281.
 */
export interface StarProfile {
  readonly xx: number;
  readonly xy: number;
  readonly yy: number;
  readonly beta: number;
  /** Height of the wing over that of the core [1], ≥ 0. */
  readonly wing: number;
}

export function profileValue({ xx, xy, yy, beta, wing }: StarProfile, dx: number, dy: number): number {
  const q = xx * dx * dx + 2 * xy * dx * dy + yy * dy * dy;
  return (1 + q) ** -beta + wing * (1 + q / 9) ** (-11 / 6);
}

/** Full width at half maximum, geometric mean of both axes [pix]. */
export function profileFwhm(profile: StarProfile): number {
  const circular = { ...profile, xx: 1, xy: 0, yy: 1 };
  const half = 0.5 * profileValue(circular, 0, 0);
  let low = 0;
  let high = 20;
  for (let k = 0; k < 50; k++) {
    const middle = 0.5 * (low + high);
    if (profileValue(circular, middle, 0) > half) low = middle;
    else high = middle;
  }
  return (2 * low) / Math.sqrt(Math.sqrt(profile.xx * profile.yy - profile.xy ** 2));
}

const MODEL_ERROR = 0.02;
/** Stars used at most. */
const MOST_STARS = 24;
/** Parameters: ln xx, ln yy, atanh of the share that xy has of its 0.9 √(xx yy), ln(β − 1), √wing. */
const PARAMETERS = 5;

/**
 * One profile for all stars, each of which has its own flux (the best one for the profile: variable projection). Weights take the shot noise
 * of the model and 2 % of it besides.
 *
 * @param fwhmPix - to start from
 * Source: Golub & Pereyra 1973, SIAM J. Numer. Anal. 10, 413.
 */
export function fitProfile(stars: readonly StarStamp[], fwhmPix: number, beta = 3): StarProfile {
  const used = stars.slice(0, MOST_STARS);
  const alpha = fwhmPix / (2 * Math.sqrt(2 ** (1 / beta) - 1));
  let parameters: Float64Array = Float64Array.of(Math.log(alpha ** -2), Math.log(alpha ** -2), 0, Math.log(beta - 1), 0.1);
  const count = used.reduce((sum, star) => sum + star.data.length, 0);
  const weights = new Float64Array(count);
  // The weights follow the model, and stay while the model moves.
  for (let round = 0; round < 2; round++) {
    setWeights(used, profileOf(parameters), weights);
    parameters = levenbergMarquardt(
      parameters,
      count,
      (p, out, jacobian) => {
        const profile = profileOf(p);
        let at = 0;
        for (const star of used) {
          residuals(star, profile, p, weights, out, jacobian, at);
          at += star.data.length;
        }
      },
      { maxIterations: 12, tolerance: 1e-3 },
    ).parameters;
  }
  return profileOf(parameters);
}

function profileOf(p: Float64Array): StarProfile {
  const xx = Math.exp(p[0]!);
  const yy = Math.exp(p[1]!);
  return { xx, yy, xy: 0.9 * Math.tanh(p[2]!) * Math.sqrt(xx * yy), beta: 1 + Math.exp(Math.min(p[3]!, 3)), wing: p[4]! ** 2 };
}

/** 1/sigma² of the stars' pixels; 0: left out. */
function setWeights(stars: readonly StarStamp[], profile: StarProfile, weights: Float64Array): void {
  let at = 0;
  for (const { x, y, cx, cy, radius, flux, skyVariance, lightVariance } of stars) {
    const total = flux / profileSum(profile, radius);
    for (let j = -radius; j <= radius; j++) {
      for (let i = -radius; i <= radius; i++, at++) {
        const v = skyVariance[(j + radius) * (2 * radius + 1) + i + radius]!;
        const model = total * profileValue(profile, i + cx - x, j + cy - y);
        weights[at] = v > 0 ? 1 / (v + lightVariance * model + (MODEL_ERROR * model) ** 2) : 0;
      }
    }
  }
}

/** Residuals over their errors, and their derivatives by the parameters, of one star, from row `at` on. */
function residuals(
  { x, y, cx, cy, radius, data }: StarStamp,
  { xx, xy, yy, beta, wing }: StarProfile,
  parameters: Float64Array,
  weights: Float64Array,
  out: Float64Array,
  jacobian: Float64Array,
  first: number,
): void {
  const byTanh = 0.9 * (1 - Math.tanh(parameters[2]!) ** 2) * Math.sqrt(xx * yy);
  const byBeta = parameters[3]! < 3 ? beta - 1 : 0;
  const byRoot = 2 * parameters[4]!;
  let mm = 0;
  let md = 0;
  const ms = new Float64Array(PARAMETERS);
  const sd = new Float64Array(PARAMETERS);
  for (let j = -radius, p = 0; j <= radius; j++) {
    const dy = j + cy - y;
    for (let i = -radius; i <= radius; i++, p++) {
      const w = weights[first + p]!;
      if (w === 0) continue;
      const dx = i + cx - x;
      const q = xx * dx * dx + 2 * xy * dx * dy + yy * dy * dy;
      const log = Math.log(1 + q);
      const core = Math.exp(-beta * log);
      const far = Math.exp((-11 / 6) * Math.log(1 + q / 9));
      const m = core + wing * far;
      const slope = (-beta * core) / (1 + q) - ((11 / 54) * wing * far) / (1 + q / 9);
      const at = (first + p) * PARAMETERS;
      jacobian[at] = slope * (xx * dx * dx + xy * dx * dy);
      jacobian[at + 1] = slope * (yy * dy * dy + xy * dx * dy);
      jacobian[at + 2] = slope * 2 * byTanh * dx * dy;
      jacobian[at + 3] = -log * core * byBeta;
      jacobian[at + 4] = far * byRoot;
      out[first + p] = m;
      mm += w * m * m;
      md += w * m * data[p]!;
      for (let k = 0; k < PARAMETERS; k++) {
        ms[k] = ms[k]! + w * m * jacobian[at + k]!;
        sd[k] = sd[k]! + w * jacobian[at + k]! * data[p]!;
      }
    }
  }
  const flux = md / mm;
  const fluxSlopes = ms.map((s, k) => (sd[k]! - 2 * flux * s) / mm);
  for (let p = 0; p < data.length; p++) {
    const root = Math.sqrt(weights[first + p]!);
    const at = (first + p) * PARAMETERS;
    const m = root === 0 ? 0 : out[first + p]!;
    out[first + p] = root * (data[p]! - flux * m);
    for (let k = 0; k < PARAMETERS; k++)
      jacobian[at + k] = root === 0 ? 0 : -root * (flux * jacobian[at + k]! + fluxSlopes[k]! * m);
  }
}

/** Sum over whole pixels within `radius`. */
export function profileSum(profile: StarProfile, radius: number): number {
  let sum = 0;
  for (let j = -radius; j <= radius; j++)
    for (let i = -radius; i <= radius; i++) if (i * i + j * j <= radius * radius) sum += profileValue(profile, i, j);
  return sum;
}
