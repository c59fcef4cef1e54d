import { medianOf } from '../stats/quantile.ts';
import type { StarStamp } from './psf-stars.ts';

/** Nobody's flat field and sampling are better [1]. */
const LEAST_ERROR = 0.001;
/** Where too few stars tell [1]. */
const UNKNOWN_ERROR = 0.02;

/**
 * Relative error of fluxes that the model makes [1, rms]: how the light within two FWHM that the fit leaves over scatters from star to star
 * beyond its noise, common part left out (a zero point takes it up).
 *
 * @param stamps - of unit flux, as the model has them at the places of the stars
 */
export function modelError(stars: readonly StarStamp[], stamps: readonly Float64Array[], fwhmPix: number): number {
  const left: number[] = [];
  const noise: number[] = [];
  for (const [k, star] of stars.entries()) {
    const { flux, sum, variance } = leftOver(star, stamps[k]!, 2 * fwhmPix);
    if (!(flux > 0) || !(variance > 0)) continue;
    left.push(sum / flux);
    noise.push(variance / flux ** 2);
  }
  if (left.length < 4) return UNKNOWN_ERROR;
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
