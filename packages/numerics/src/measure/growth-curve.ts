import { Sum, sumAperture } from './aperture-sum.ts';
import type { ObjectPlanes } from './object-planes.ts';

/** How the light inside a circle relates to all the light of a star. */
export interface GrowthCurve {
  /** Total over circle of `aperRadiusPix`, and its 1 sigma error. NaN when no star could be measured. */
  readonly aperToTotal: number;
  readonly aperToTotalErr: number;
  readonly starCount: number;
}

/** Largest circle and start of the wing, in units of the FWHM. */
const OUTER = 6;
const WING = 2;
const STEPS = 12;

/**
 * Total light of stars from the frame's own bright ones. Beyond about 2 FWHM the light of a star seen through turbulent air falls as
 * r^(−11/3), so that a circle holds `T·(1 − k·r^(−5/3))`; a remaining background adds `b·π·r²`. T, k and b are fitted to the summed
 * light of the stars between 2 and 6 FWHM.
 *
 * @param stars - indices of bright, clean, single sources
 * Source: Roddier 1981, Prog. Opt. 19, 281 (asymptote of the Kolmogorov profile); Stetson 1990, PASP 102, 932 (growth curves).
 */
export function measureGrowth(
  planes: ObjectPlanes,
  stars: readonly number[],
  x: Float64Array,
  y: Float64Array,
  aperRadiusPix: number,
  fwhmPix: number,
): GrowthCurve {
  const radii = Array.from({ length: STEPS + 1 }, (_, k) => fwhmPix * WING * (OUTER / WING) ** (k / STEPS));
  const out = new Float64Array(Sum.LENGTH);
  const curves: { aper: number; light: number[]; noise: number[] }[] = [];
  for (const i of stars) {
    const light: number[] = [];
    const noise: number[] = [];
    let clean = true;
    for (const r of radii) {
      sumAperture(planes, i + 1, x[i]!, y[i]!, r, null, out);
      light.push(out[Sum.FLUX]!);
      noise.push(out[Sum.VARIANCE]!);
      if (out[Sum.AREA]! < out[Sum.FULL_AREA]! - 1e-6) clean = false;
      if (out[Sum.NEIGHBOUR_AREA]! > 0.2 * out[Sum.FULL_AREA]! || out[Sum.BAD_AREA]! > 0.02 * out[Sum.FULL_AREA]!) clean = false;
    }
    if (!clean) continue;
    sumAperture(planes, i + 1, x[i]!, y[i]!, aperRadiusPix, null, out);
    curves.push({ aper: out[Sum.FLUX]!, light, noise });
  }
  if (curves.length < 3) return { aperToTotal: NaN, aperToTotalErr: NaN, starCount: curves.length };
  // Stars with a companion in the wing stand out in the light between the aperture and the outer circle.
  let kept = curves;
  for (let pass = 0; pass < 5; pass++) {
    const ratios = kept.map((c) => c.light[STEPS]! / c.aper).sort((p, q) => p - q);
    const median = ratios[ratios.length >> 1]!;
    const spread = ratios.map((r) => Math.abs(r - median)).sort((p, q) => p - q)[ratios.length >> 1]! * 1.4826;
    const next = kept.filter((c) => Math.abs(c.light[STEPS]! / c.aper - median) <= 3 * Math.max(spread, 1e-4));
    if (next.length === kept.length || next.length < 3) break;
    kept = next;
  }
  const all = totalOver(kept, radii);
  // Jackknife over the stars: their profiles differ over the field by more than noise.
  let s1 = 0;
  let s2 = 0;
  for (let k = 0; k < kept.length; k++) {
    const without = totalOver(
      kept.filter((_, i) => i !== k),
      radii,
    );
    s1 += without;
    s2 += without * without;
  }
  const n = kept.length;
  const variance = Math.max((s2 - (s1 * s1) / n) * ((n - 1) / n), 0);
  return { aperToTotal: all, aperToTotalErr: Math.sqrt(variance), starCount: n };
}

/** T / aperture light by weighted least squares on independent rings: Δlight = T·k·(r₀^−5/3 − r₁^−5/3) + b·π·(r₁² − r₀²). */
function totalOver(curves: readonly { aper: number; light: number[]; noise: number[] }[], radii: readonly number[]): number {
  const sum = (pick: (c: { aper: number; light: number[]; noise: number[] }) => number): number =>
    curves.reduce((s, c) => s + pick(c), 0);
  let aa = 0;
  let ab = 0;
  let bb = 0;
  let ad = 0;
  let bd = 0;
  for (let k = 1; k < radii.length; k++) {
    const d = sum((c) => c.light[k]! - c.light[k - 1]!);
    const v = Math.max(
      sum((c) => c.noise[k]! - c.noise[k - 1]!),
      1e-30,
    );
    const f = radii[k - 1]! ** (-5 / 3) - radii[k]! ** (-5 / 3);
    const g = Math.PI * (radii[k]! ** 2 - radii[k - 1]! ** 2);
    aa += (f * f) / v;
    ab += (f * g) / v;
    bb += (g * g) / v;
    ad += (f * d) / v;
    bd += (g * d) / v;
  }
  const det = aa * bb - ab * ab;
  const wing = (ad * bb - bd * ab) / det; // T·k
  const residual = (bd * aa - ad * ab) / det; // background per pixel, summed over the stars
  const first = radii[0]!;
  const total = sum((c) => c.light[0]!) - residual * Math.PI * first * first + wing * first ** (-5 / 3);
  return total / sum((c) => c.aper);
}
