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

/**
 * One profile for all stars, each of which has its own flux. Weights take the shot noise of the model and 2 % of it besides.
 *
 * @param fwhmPix - to start from
 */
export function fitProfile(stars: readonly StarStamp[], fwhmPix: number, beta = 3): StarProfile {
  const used = stars.slice(0, MOST_STARS);
  const alpha = fwhmPix / (2 * Math.sqrt(2 ** (1 / beta) - 1));
  const start = Float64Array.of(Math.log(alpha ** -2), Math.log(alpha ** -2), 0, Math.log(beta - 1), 0.1);
  const profileOf = (p: Float64Array): StarProfile => {
    const xx = Math.exp(p[0]!);
    const yy = Math.exp(p[1]!);
    return { xx, yy, xy: 0.9 * Math.tanh(p[2]!) * Math.sqrt(xx * yy), beta: 1 + Math.exp(Math.min(p[3]!, 3)), wing: p[4]! ** 2 };
  };
  const count = used.reduce((sum, star) => sum + star.data.length, 0);
  const steps = [1e-4, 1e-4, 1e-4, 1e-4, 1e-4];
  const fill = (parameters: Float64Array, out: Float64Array, errors: Float64Array | null): void => {
    const profile = profileOf(parameters);
    let at = 0;
    for (const star of used) {
      at = residuals(star, profile, out, errors, at);
    }
  };
  const errors = new Float64Array(count);
  const moved = new Float64Array(count);
  let parameters: Float64Array = start;
  // The errors follow the model, and stay while the model moves.
  for (let round = 0; round < 2; round++) {
    setErrors(used, profileOf(parameters), errors);
    parameters = levenbergMarquardt(
      parameters,
      count,
      (p, out, jacobian) => {
        fill(p, out, errors);
        for (let k = 0; k < p.length; k++) {
          const trial = p.slice();
          trial[k]! += steps[k]!;
          fill(trial, moved, errors);
          for (let i = 0; i < count; i++) jacobian[i * p.length + k] = (moved[i]! - out[i]!) / steps[k]!;
        }
      },
      { maxIterations: 12, tolerance: 1e-5 },
    ).parameters;
  }
  return profileOf(parameters);
}

function setErrors(stars: readonly StarStamp[], profile: StarProfile, errors: Float64Array): void {
  let at = 0;
  for (const star of stars) {
    const total = 1 / profileSum(profile, star.radius);
    for (let p = 0; p < star.data.length; p++) {
      const model = star.flux * total * modelAt(star, profile, p);
      const v = star.skyVariance[p]!;
      errors[at + p] = v > 0 ? Math.sqrt(v + star.lightVariance * model + (MODEL_ERROR * model) ** 2) : Infinity;
    }
    at += star.data.length;
  }
}

function residuals(star: StarStamp, profile: StarProfile, out: Float64Array, errors: Float64Array | null, at: number): number {
  let pp = 0;
  let pd = 0;
  for (let p = 0; p < star.data.length; p++) {
    const m = modelAt(star, profile, p);
    out[at + p] = m;
    const w = errors === null ? 1 : errors[at + p]! ** -2;
    pp += w * m * m;
    pd += w * m * star.data[p]!;
  }
  const flux = pd / pp;
  for (let p = 0; p < star.data.length; p++) {
    const e = errors === null ? 1 : errors[at + p]!;
    out[at + p] = e === Infinity ? 0 : (star.data[p]! - flux * out[at + p]!) / e;
  }
  return at + star.data.length;
}

function modelAt({ x, y, cx, cy, radius }: StarStamp, profile: StarProfile, p: number): number {
  const side = 2 * radius + 1;
  const i = p % side;
  const j = (p - i) / side;
  return profileValue(profile, i - radius + cx - x, j - radius + cy - y);
}

/** Sum over whole pixels within `radius`. */
export function profileSum(profile: StarProfile, radius: number): number {
  let sum = 0;
  for (let j = -radius; j <= radius; j++)
    for (let i = -radius; i <= radius; i++) if (i * i + j * j <= radius * radius) sum += profileValue(profile, i, j);
  return sum;
}
