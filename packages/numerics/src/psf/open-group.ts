import { type FixedStamps, fixedStamp } from './fixed-stamps.ts';
import type { SourceGroups } from './group-sources.ts';
import { type PsfSpline, psfAt, splineStamp } from './psf-spline.ts';
import { Slab } from './slab.ts';

/** Columns that a fit fills. Arrays in the compute memory, so that all threads see them. */
export interface PsfFitColumns {
  /** In: where the fit starts; out: where it ends. [pix] */
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly xErr: Float64Array;
  readonly yErr: Float64Array;
  /** In: what the residual image lacks; out: fitted. [unit] */
  readonly flux: Float64Array;
  readonly fluxErr: Float64Array;
  /** Of `fluxErr`, what sky and detector alone would give, the source being alone. */
  readonly skyErr: Float64Array;
  readonly chi2: Float64Array;
  readonly spread: Float64Array;
  readonly spreadErr: Float64Array;
  /** 0 … 1: share of the PSF's weight on usable pixels. */
  readonly covered: Float64Array;
}

export interface FitGroupsArgs {
  /** Image minus the light of all sources as the columns have it. */
  readonly residual: Float32Array;
  readonly variance: Float32Array;
  readonly mask: Uint16Array;
  readonly width: number;
  readonly height: number;
  readonly lightVariance: number;
  readonly spline: PsfSpline;
  readonly groups: SourceGroups;
  readonly columns: PsfFitColumns;
  /** 1: the place is fitted as well. */
  readonly free: Uint8Array;
  /** Where the fit began, before earlier passes [pix]. */
  readonly x0: Float64Array;
  readonly y0: Float64Array;
  /** Pixels within this distance of a source count [pix]. */
  readonly fitRadius: number;
  /** A constant background is fitted to each group. */
  readonly freeSky: boolean;
  /** Of sources none of which may move; null: made here. */
  readonly stamps: FixedStamps | null;
}

/** A place may not move farther than this share of the FWHM from where it was found. */
export const FARTHEST_MOVE = 0.5;

/** A source of a group while it is fitted. */
export interface Member {
  readonly index: number;
  /** Of the PSF at its place; null: the stamp is made already. */
  readonly coefficients: Float64Array | null;
  x: number;
  y: number;
  flux: number;
  /** The stamp: middle pixel, half size, light of unit flux, and its derivatives to the place where that is fitted. */
  cx: number;
  cy: number;
  readonly radius: number;
  readonly value: Float64Array;
  readonly dx?: Float64Array;
  readonly dy?: Float64Array;
  /** Of each pixel of the group its place in the stamp; −1: outside. */
  readonly at: Int32Array;
  /** The place is fitted now. */
  moves: boolean;
}

/** The pixels of a group, columns of one length. */
export interface GroupPixels {
  readonly x: Int32Array;
  readonly y: Int32Array;
  /** Image with the light of all sources but the members' subtracted. */
  readonly data: Float64Array;
  /** Variance of sky and detector; 0: not to be used. */
  readonly sky: Float64Array;
  /** 1/sigma² with the members' shot noise. */
  readonly weights: Float64Array;
  /** Of each member the pixels within the radius of the fit. */
  readonly own: readonly Int32Array[];
  /** Variance that a unit of light adds here. */
  light: number;
}

/** Of the group that is fitted now. */
const slab = new Slab();

/** Stamps of the sources as the columns have them, and the pixels near them; they last until the next group is opened. */
export function openGroup(args: FitGroupsArgs, list: Int32Array): { members: Member[]; pixels: GroupPixels } {
  const { residual, variance, mask, width, spline, columns, fitRadius } = args;
  const { model } = spline;
  slab.reset();
  const { x, y, own } = groupPixels(args, list);
  const n = x.length;
  const members: Member[] = [];
  for (const index of list) {
    // A source that is alone needs no more of its image than its pixels, wherever it may move, and one beside for the Laplacian.
    const reach = Math.ceil(fitRadius + (args.free[index] === 1 ? FARTHEST_MOVE * model.fwhmPix : 0)) + 2;
    const whole = Math.ceil(model.radiusPix);
    const radius = args.stamps?.radius ?? (list.length === 1 ? Math.min(whole, reach) : whole);
    const size = (2 * radius + 1) ** 2;
    members.push({
      index,
      coefficients: args.stamps ? null : psfAt(spline, columns.x[index]!, columns.y[index]!, slab.float64(model.size ** 2)),
      x: columns.x[index]!,
      y: columns.y[index]!,
      flux: columns.flux[index]!,
      cx: Number.NaN,
      cy: Number.NaN,
      radius,
      value: args.stamps ? fixedStamp(args.stamps, index) : slab.float64(size),
      ...(args.free[index] === 1 ? { dx: slab.float64(size), dy: slab.float64(size) } : {}),
      at: slab.int32(n),
      moves: false,
    });
  }
  const data = slab.float64(n);
  const sky = slab.float64(n);
  const pixels: GroupPixels = { x, y, data, sky, weights: slab.float64(n), own, light: 0 };
  for (const m of members) stamp(m, spline, pixels);
  const light = slab.float64(n);
  for (const m of members) {
    for (let k = 0; k < n; k++) {
      const q = m.at[k]!;
      if (q >= 0) light[k] = light[k]! + m.flux * m.value[q]!;
    }
  }
  for (let k = 0; k < n; k++) {
    const p = y[k]! * width + x[k]!;
    const v = variance[p]!;
    if (mask[p] !== 0 || !(v > 0) || !Number.isFinite(residual[p]!)) continue;
    data[k] = residual[p]! + light[k]!;
    // Variance that follows the noise of its own pixel, as that of frames and stacks does, would make what is faint by chance weigh more.
    sky[k] = Math.max(v - args.lightVariance * residual[p]!, 0.2 * v);
  }
  pixels.light = localLightVariance(light, sky, args.lightVariance);
  // The shot noise of the light so far; that of the model will take its place.
  for (let k = 0; k < n; k++) if (sky[k]! > 0) sky[k] = Math.max(sky[k]! - pixels.light * light[k]!, 0.2 * sky[k]!);
  return { members, pixels };
}

/** How well the variance of a unit of light is known beforehand [1]: coverage and flat field change it from place to place. */
const LIGHT_SPREAD = 0.3;

/** Variance per unit of light in a group: the slope of the variance on the light, drawn to the nominal one as far as noise asks for. */
function localLightVariance(light: Float64Array, sky: Float64Array, nominal: number): number {
  let n = 0;
  let l = 0;
  let v = 0;
  for (let k = 0; k < light.length; k++) {
    if (sky[k] === 0) continue;
    n++;
    l += light[k]!;
    v += sky[k]!;
  }
  if (n === 0) return nominal;
  let ll = 0;
  let lv = 0;
  for (let k = 0; k < light.length; k++) {
    if (sky[k] === 0) continue;
    const off = light[k]! - l / n;
    ll += off * off;
    lv += off * (sky[k]! - v / n - nominal * off);
  }
  // What noise is left in the variance is at most that of its own pixels: nominal² times their variance.
  const prior = v / n / LIGHT_SPREAD ** 2;
  const slope = ll > 0 ? nominal + lv / (ll + prior) : nominal;
  return Math.min(Math.max(slope, 0.5 * nominal), 2 * nominal);
}

/** Makes the stamp of a source at its place, and finds the pixels of the group in it. */
export function stamp(m: Member, { model }: PsfSpline, { x, y }: GroupPixels): void {
  const cx = Math.round(m.x);
  const cy = Math.round(m.y);
  if (cx !== m.cx || cy !== m.cy) {
    m.cx = cx;
    m.cy = cy;
    const side = 2 * m.radius + 1;
    for (let k = 0; k < x.length; k++) {
      const i = x[k]! - cx + m.radius;
      const j = y[k]! - cy + m.radius;
      m.at[k] = i >= 0 && j >= 0 && i < side && j < side ? j * side + i : -1;
    }
  }
  if (m.coefficients) splineStamp(m.coefficients, model.size, model.stepPix, m.x - cx, m.y - cy, m.radius, m);
}

/** Weights by the light that the members have now. */
export function setWeights(members: readonly Member[], { sky, weights, light }: GroupPixels): void {
  weights.fill(0);
  for (const m of members) {
    if (!(m.flux > 0)) continue;
    for (let k = 0; k < weights.length; k++) {
      const q = m.at[k]!;
      if (q >= 0) weights[k] = weights[k]! + m.flux * m.value[q]!;
    }
  }
  for (let k = 0; k < weights.length; k++) weights[k] = sky[k] === 0 ? 0 : 1 / (sky[k]! + light * Math.max(weights[k]!, 0));
}

/** The pixels within the fit's radius of any member, and for each member which of them are its own. */
function groupPixels(
  { columns, width, height, fitRadius: radius }: FitGroupsArgs,
  list: Int32Array,
): { x: Int32Array; y: Int32Array; own: Int32Array[] } {
  const seen = list.length > 1 ? new Map<number, number>() : null;
  const most = (2 * Math.ceil(radius) + 1) ** 2;
  const xs = slab.int32(list.length * most);
  const ys = slab.int32(list.length * most);
  const own: Int32Array[] = [];
  let n = 0;
  for (const index of list) {
    const x = columns.x[index]!;
    const y = columns.y[index]!;
    const mine = slab.int32(most);
    let m = 0;
    for (let py = Math.max(0, Math.ceil(y - radius)); py <= Math.min(height - 1, Math.floor(y + radius)); py++) {
      for (let px = Math.max(0, Math.ceil(x - radius)); px <= Math.min(width - 1, Math.floor(x + radius)); px++) {
        if ((px - x) ** 2 + (py - y) ** 2 > radius * radius) continue;
        let k = seen?.get(py * width + px);
        if (k === undefined) {
          k = n++;
          seen?.set(py * width + px, k);
          xs[k] = px;
          ys[k] = py;
        }
        mine[m++] = k;
      }
    }
    own.push(mine.subarray(0, m));
  }
  return { x: xs.subarray(0, n), y: ys.subarray(0, n), own };
}
