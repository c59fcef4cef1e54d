import type { Compute } from '../compute.ts';
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
/** Stars used at most, the first of the list. */
const MOST_STARS = 100;
const MOST_TRIED = 200;
const JACKKNIFE_GROUPS = 20;
/** Exponent of the light outside a circle in turbulent air, and how far optics may take it from there. */
const TURBULENCE = 5 / 3;
const TURBULENCE_SPREAD = 0.25;

/**
 * Total light of stars from the frame's own bright ones. Beyond about 2 FWHM the light of a star falls as a power of the radius (in
 * turbulent air r^(−11/3)), so that a circle holds `T − w·r^−p`, p = 5/3 for turbulence; a remaining background adds `b·π·r²`. T, w, p
 * and b are fitted to the summed light of the stars between 2 and 6 FWHM.
 *
 * @param stars - indices of bright, clean, single sources, the brightest first
 * Source: Roddier 1981, Prog. Opt. 19, 281 (asymptote of the Kolmogorov profile); Stetson 1990, PASP 102, 932 (growth curves).
 */
export async function measureGrowth(
  planes: ObjectPlanes,
  stars: readonly number[],
  x: Float64Array,
  y: Float64Array,
  aperRadiusPix: number,
  fwhmPix: number,
  compute: Compute,
): Promise<GrowthCurve> {
  const radii = Array.from({ length: STEPS + 1 }, (_, k) => fwhmPix * WING * (OUTER / WING) ** (k / STEPS));
  const tried = stars.slice(0, MOST_TRIED);
  const args = { planes, stars: tried, x, y, radii, aperRadiusPix };
  const found = (await compute.runTask('growthCurves', args, tried.length, { chunk: 8 })).flat();
  const curves = found.filter((curve) => curve !== null).slice(0, MOST_STARS);
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
  // Jackknife over groups of stars: their profiles differ over the field by more than noise.
  const groups = Math.min(kept.length, JACKKNIFE_GROUPS);
  const without = Array.from({ length: groups }, (_, g) =>
    totalOver(
      kept.filter((_, i) => i % groups !== g),
      radii,
    ),
  );
  const mean = without.reduce((sum, v) => sum + v, 0) / groups;
  const variance = (without.reduce((sum, v) => sum + (v - mean) ** 2, 0) * (groups - 1)) / groups;
  return { aperToTotal: all, aperToTotalErr: Math.sqrt(variance), starCount: kept.length };
}

export interface GrowthArgs {
  readonly planes: ObjectPlanes;
  readonly stars: readonly number[];
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly radii: readonly number[];
  readonly aperRadiusPix: number;
}

/** Light in growing circles of stars `from` … `to − 1` of the list; null for one with neighbours, bad pixels or a border in them. A task of the pool. */
export function growthCurves(args: GrowthArgs, from: number, to: number): (StarCurve | null)[] {
  const { planes, stars, x, y, radii, aperRadiusPix } = args;
  const out = new Float64Array(Sum.LENGTH);
  const curves: (StarCurve | null)[] = [];
  for (let n = from; n < to; n++) {
    const i = stars[n]!;
    const light: number[] = [];
    const noise: number[] = [];
    for (const r of radii) {
      sumAperture(planes, i + 1, x[i]!, y[i]!, r, null, out);
      light.push(out[Sum.FLUX]!);
      noise.push(out[Sum.VARIANCE]!);
      const isCut = out[Sum.AREA]! < out[Sum.FULL_AREA]! - 1e-6;
      if (isCut || out[Sum.NEIGHBOUR_AREA]! > 0.2 * out[Sum.FULL_AREA]! || out[Sum.BAD_AREA]! > 0.02 * out[Sum.FULL_AREA]!) break;
    }
    if (light.length < radii.length) {
      curves.push(null);
      continue;
    }
    sumAperture(planes, i + 1, x[i]!, y[i]!, aperRadiusPix, null, out);
    curves.push({ aper: out[Sum.FLUX]!, light, noise });
  }
  return curves;
}

export interface StarCurve {
  readonly aper: number;
  readonly light: readonly number[];
  readonly noise: readonly number[];
}

/** No profile follows a power law to better than this, per ring. */
const RING_ERROR = 0.01;

/**
 * T / aperture light by weighted least squares on independent rings, `Δlight = w·(r₀^−p − r₁^−p) + b·π·(r₁² − r₀²)`, with the p that
 * fits best, turbulence being the prior.
 */
function totalOver(curves: readonly StarCurve[], radii: readonly number[]): number {
  const rings = radii.slice(1).map((outer, k) => {
    const inner = radii[k]!;
    let light = 0;
    let noise = 0;
    for (const c of curves) {
      light += c.light[k + 1]! - c.light[k]!;
      noise += c.noise[k + 1]! - c.noise[k]!;
    }
    return { inner, outer, light, weight: 1 / (Math.max(noise, 1e-30) + (RING_ERROR * light) ** 2) };
  });
  let best = { chi2: Infinity, wing: 0, residual: 0, power: TURBULENCE };
  for (let power = 1.2; power < 5.05; power += 0.05) {
    const fit = fitRings(rings, power);
    const chi2 = fit.chi2 + ((power - TURBULENCE) / TURBULENCE_SPREAD) ** 2;
    if (chi2 < best.chi2) best = { ...fit, chi2, power };
  }
  const first = radii[0]!;
  let core = 0;
  let aper = 0;
  for (const c of curves) {
    core += c.light[0]!;
    aper += c.aper;
  }
  return (core - best.residual * Math.PI * first * first + best.wing * first ** -best.power) / aper;
}

function fitRings(
  rings: readonly { inner: number; outer: number; light: number; weight: number }[],
  power: number,
): { chi2: number; wing: number; residual: number } {
  let aa = 0;
  let ab = 0;
  let bb = 0;
  let ad = 0;
  let bd = 0;
  let dd = 0;
  for (const { inner, outer, light, weight } of rings) {
    const f = inner ** -power - outer ** -power;
    const g = Math.PI * (outer * outer - inner * inner);
    aa += weight * f * f;
    ab += weight * f * g;
    bb += weight * g * g;
    ad += weight * f * light;
    bd += weight * g * light;
    dd += weight * light * light;
  }
  const det = aa * bb - ab * ab;
  const wing = (ad * bb - bd * ab) / det;
  const residual = (bd * aa - ad * ab) / det; // background per pixel, summed over the stars
  return { wing, residual, chi2: dd - wing * ad - residual * bd };
}
