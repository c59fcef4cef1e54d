import { choleskyFactor, choleskyInverse, choleskySolve } from '../solve/cholesky.ts';
import type { SourceGroups } from './group-sources.ts';
import { type PsfSpline, psfAt, splineStamp } from './psf-spline.ts';
import { localLightVariance } from './psf-stars.ts';

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
}

/** Below this S/N a place is not worth fitting: it would follow the noise. */
const LEAST_SNR_TO_MOVE = 4;
/** A place may not move farther than this share of the FWHM from where it was found. */
const FARTHEST_MOVE = 0.5;
const MOST_ITERATIONS = 5;

/**
 * Fits the sources of groups `from` … `to − 1` together: fluxes by weighted linear least squares, places by Gauss–Newton where they are
 * free, with the full covariance of the group. Weights are 1 / (variance of sky and detector + shot noise of the model): were
 * the noisy pixels' own light in them, pixels that happen to be faint would weigh more and fluxes come out low. A task of the pool.
 *
 * Source: Stetson 1987, PASP 99, 191 (groups); Desai et al. 2012, ApJ 757, 83 (SPREAD_MODEL).
 */
export function fitPsfGroups(args: FitGroupsArgs, from: number, to: number): number {
  for (let g = from; g < to; g++) fitGroup(args, args.groups.members.subarray(args.groups.start[g]!, args.groups.start[g + 1]!));
  return to - from;
}

interface Member {
  readonly index: number;
  readonly coefficients: Float64Array;
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
interface GroupPixels {
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

function fitGroup(args: FitGroupsArgs, list: Int32Array): void {
  const { spline, columns, freeSky } = args;
  const { model } = spline;
  const { members, pixels } = openGroup(args, list);
  let covariance: Float64Array | null = null;
  let parameters: Int32Array = new Int32Array(0);
  let background = 0;
  setWeights(members, pixels);
  for (let iteration = 0; iteration < MOST_ITERATIONS; iteration++) {
    // The first step is of fluxes alone: the slopes need them.
    if (iteration > 0)
      for (const m of members) m.moves = args.free[m.index] === 1 && m.flux > LEAST_SNR_TO_MOVE * fluxSigma(m, pixels);
    parameters = layout(members);
    const count = parameters[members.length]! + (freeSky ? 1 : 0);
    const solved = solveStep(members, parameters, count, freeSky, pixels);
    if (!solved) break;
    const { step } = solved;
    covariance = solved.covariance;
    if (freeSky) background = step[count - 1]!;
    let largest = 0;
    for (let s = 0; s < members.length; s++) {
      const m = members[s]!;
      const at = parameters[s]!;
      largest = Math.max(largest, Math.abs(step[at]! - m.flux) / Math.sqrt(covariance[at * count + at]!));
      m.flux = step[at]!;
      if (!m.moves) continue;
      const limit = 0.3 * model.fwhmPix;
      const ax = Math.min(Math.max(step[at + 1]! / m.flux, -limit), limit);
      const ay = Math.min(Math.max(step[at + 2]! / m.flux, -limit), limit);
      if (m.flux > 0 && Math.hypot(m.x + ax - args.x0[m.index]!, m.y + ay - args.y0[m.index]!) < FARTHEST_MOVE * model.fwhmPix) {
        m.x += ax;
        m.y += ay;
        largest = Math.max(largest, 10 * Math.hypot(ax, ay));
        stamp(m, spline, pixels);
      }
    }
    setWeights(members, pixels);
    if (iteration > 0 && largest < 0.05) break;
  }
  const count = members.length === 0 ? 0 : parameters[members.length]! + (freeSky ? 1 : 0);
  for (let s = 0; s < members.length; s++) {
    const m = members[s]!;
    const i = m.index;
    const at = parameters[s]!;
    const isMeasured = covariance !== null && covariance[at * count + at]! > 0;
    columns.x[i] = m.x;
    columns.y[i] = m.y;
    columns.flux[i] = isMeasured ? m.flux : Number.NaN;
    columns.fluxErr[i] = isMeasured ? Math.sqrt(covariance![at * count + at]!) : Number.NaN;
    columns.xErr[i] = m.moves && isMeasured ? Math.sqrt(covariance![(at + 1) * (count + 1)]!) / Math.abs(m.flux) : Number.NaN;
    columns.yErr[i] = m.moves && isMeasured ? Math.sqrt(covariance![(at + 2) * (count + 1)]!) / Math.abs(m.flux) : Number.NaN;
    judge(args, members, s, pixels, background);
  }
}

/** Stamps of the sources as the columns have them, and the pixels near them. */
function openGroup(args: FitGroupsArgs, list: Int32Array): { members: Member[]; pixels: GroupPixels } {
  const { residual, variance, mask, width, spline, columns, fitRadius } = args;
  const { model } = spline;
  const { x, y, own } = groupPixels(args, list);
  const n = x.length;
  const members: Member[] = [];
  for (const index of list) {
    // A source that is alone needs no more of its image than its pixels, wherever it may move, and one beside for the Laplacian.
    const reach = Math.ceil(fitRadius + (args.free[index] === 1 ? FARTHEST_MOVE * model.fwhmPix : 0)) + 2;
    const radius = Math.min(Math.ceil(model.radiusPix), list.length === 1 ? reach : Math.ceil(model.radiusPix));
    const size = (2 * radius + 1) ** 2;
    members.push({
      index,
      coefficients: psfAt(spline, columns.x[index]!, columns.y[index]!),
      x: columns.x[index]!,
      y: columns.y[index]!,
      flux: columns.flux[index]!,
      cx: Number.NaN,
      cy: Number.NaN,
      radius,
      value: new Float64Array(size),
      ...(args.free[index] === 1 ? { dx: new Float64Array(size), dy: new Float64Array(size) } : {}),
      at: new Int32Array(n),
      moves: false,
    });
  }
  const data = new Float64Array(n);
  const sky = new Float64Array(n);
  const pixels: GroupPixels = { x, y, data, sky, weights: new Float64Array(n), own, light: 0 };
  for (const m of members) stamp(m, spline, pixels);
  for (let k = 0; k < n; k++) {
    const p = y[k]! * width + x[k]!;
    const v = variance[p]!;
    if (mask[p] !== 0 || !(v > 0) || !Number.isFinite(residual[p]!)) continue;
    data[k] = residual[p]!;
    sky[k] = v;
  }
  for (const m of members) {
    for (let k = 0; k < n; k++) {
      const q = m.at[k]!;
      if (q >= 0 && sky[k]! > 0) data[k] = data[k]! + m.flux * m.value[q]!;
    }
  }
  pixels.light = localLightVariance(data, sky, args.lightVariance);
  // Shot noise: what the variance plane has of it follows the noisy pixel; the model's takes its place.
  for (let k = 0; k < n; k++) if (sky[k]! > 0) sky[k] = Math.max(sky[k]! - pixels.light * data[k]!, 0.2 * sky[k]!);
  return { members, pixels };
}

/** Makes the stamp of a source at its place, and finds the pixels of the group in it. */
function stamp(m: Member, { model }: PsfSpline, { x, y }: GroupPixels): void {
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
  splineStamp(m.coefficients, model.size, model.stepPix, m.x - cx, m.y - cy, m.radius, m);
}

function setWeights(members: readonly Member[], { sky, weights, light }: GroupPixels): void {
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

/** Where the parameters of each member begin, and how many there are: flux, and where it moves x and y. */
function layout(members: readonly Member[]): Int32Array {
  const at = new Int32Array(members.length + 1);
  for (let s = 0; s < members.length; s++) at[s + 1] = at[s]! + (members[s]!.moves ? 3 : 1);
  return at;
}

/** The pixels within the fit's radius of any member, and for each member which of them are its own. */
function groupPixels(
  { columns, width, height, fitRadius: radius }: FitGroupsArgs,
  list: Int32Array,
): { x: Int32Array; y: Int32Array; own: Int32Array[] } {
  const seen = list.length > 1 ? new Map<number, number>() : null;
  const xs: number[] = [];
  const ys: number[] = [];
  const own: Int32Array[] = [];
  for (const index of list) {
    const x = columns.x[index]!;
    const y = columns.y[index]!;
    const mine: number[] = [];
    for (let py = Math.max(0, Math.ceil(y - radius)); py <= Math.min(height - 1, Math.floor(y + radius)); py++) {
      for (let px = Math.max(0, Math.ceil(x - radius)); px <= Math.min(width - 1, Math.floor(x + radius)); px++) {
        if ((px - x) ** 2 + (py - y) ** 2 > radius * radius) continue;
        let k = seen?.get(py * width + px);
        if (k === undefined) {
          k = xs.length;
          seen?.set(py * width + px, k);
          xs.push(px);
          ys.push(py);
        }
        mine.push(k);
      }
    }
    own.push(Int32Array.from(mine));
  }
  return { x: Int32Array.from(xs), y: Int32Array.from(ys), own };
}

/** Fluxes, and flux times shift where a member moves, that fit the data best; null where nothing is determined. */
function solveStep(
  members: readonly Member[],
  at: Int32Array,
  count: number,
  freeSky: boolean,
  { data, weights }: GroupPixels,
): { step: Float64Array; covariance: Float64Array } | null {
  const matrix = new Float64Array(count * count);
  const right = new Float64Array(count);
  const column = new Int32Array(count);
  const value = new Float64Array(count);
  for (let k = 0; k < data.length; k++) {
    const w = weights[k]!;
    if (!(w > 0)) continue;
    let used = 0;
    for (let s = 0; s < members.length; s++) {
      const m = members[s]!;
      const q = m.at[k]!;
      if (q < 0) continue;
      column[used] = at[s]!;
      value[used++] = m.value[q]!;
      if (!m.moves) continue;
      column[used] = at[s]! + 1;
      value[used++] = m.dx![q]!;
      column[used] = at[s]! + 2;
      value[used++] = m.dy![q]!;
    }
    if (freeSky) {
      column[used] = count - 1;
      value[used++] = 1;
    }
    for (let a = 0; a < used; a++) {
      const wa = w * value[a]!;
      right[column[a]!]! += wa * data[k]!;
      const row = column[a]! * count;
      for (let b = 0; b <= a; b++) matrix[row + column[b]!]! += wa * value[b]!;
    }
  }
  const scale = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const diagonal = matrix[i * count + i]!;
    // A source without a usable pixel: no information, which its error says.
    scale[i] = diagonal > 0 ? 1 / Math.sqrt(diagonal) : 0;
  }
  for (let i = 0; i < count; i++) for (let j = 0; j <= i; j++) matrix[i * count + j]! *= scale[i]! * scale[j]!;
  for (let i = 0; i < count; i++) matrix[i * count + i] = scale[i] === 0 ? 1 : matrix[i * count + i]! * (1 + 1e-9);
  if (!choleskyFactor(matrix, count)) return null;
  const step = right.map((r, i) => r * scale[i]!);
  choleskySolve(matrix, count, step);
  const covariance = choleskyInverse(matrix, count);
  for (let i = 0; i < count; i++) {
    step[i]! *= scale[i]!;
    for (let j = 0; j < count; j++) covariance[i * count + j]! *= scale[i]! * scale[j]!;
  }
  return { step, covariance };
}

function fluxSigma({ at, value }: Member, { weights }: GroupPixels): number {
  let sum = 0;
  for (let k = 0; k < weights.length; k++) {
    const q = at[k]!;
    if (q >= 0) sum += weights[k]! * value[q]! ** 2;
  }
  return 1 / Math.sqrt(sum);
}

/** χ², SPREAD_MODEL, the error of the sky alone and the share of the PSF on usable pixels, of one member with the others subtracted. */
function judge(
  { columns, spline }: FitGroupsArgs,
  members: readonly Member[],
  s: number,
  { data, weights, sky, own }: GroupPixels,
  background: number,
): void {
  const me = members[s]!;
  const { fwhmPix } = spline.model;
  const side = 2 * me.radius + 1;
  // The PSF widened by an exponential disc of scale FWHM / 16, to second order: + 3/2 h² times the Laplacian.
  const h2 = 1.5 * (fwhmPix / 16) ** 2;
  let chi2 = 0;
  let n = 0;
  let full = 0;
  let seen = 0;
  let skySum = 0;
  let pd = 0;
  let gd = 0;
  let pp = 0;
  let gp = 0;
  let gg = 0;
  for (const k of own[s]!) {
    const q = me.at[k]!;
    if (q < 0) continue;
    const value = me.value[q]!;
    full += value * value;
    const w = weights[k]!;
    if (!(w > 0)) continue;
    seen += value * value;
    skySum += (value * value) / sky[k]!;
    let others = background;
    for (const m of members) {
      if (m === me) continue;
      const r = m.at[k]!;
      if (r >= 0) others += m.flux * m.value[r]!;
    }
    const d = data[k]! - others;
    chi2 += w * (d - me.flux * value) ** 2;
    n++;
    const laplacian =
      (me.value[q - 1] ?? 0) + (me.value[q + 1] ?? 0) + (me.value[q - side] ?? 0) + (me.value[q + side] ?? 0) - 4 * value;
    const g = value + h2 * laplacian;
    pd += w * value * d;
    gd += w * g * d;
    pp += w * value * value;
    gp += w * g * value;
    gg += w * g * g;
  }
  const i = me.index;
  columns.chi2[i] = n > 3 ? chi2 / (n - (me.moves ? 3 : 1)) : Number.NaN;
  columns.covered[i] = full > 0 ? seen / full : 0;
  columns.skyErr[i] = skySum > 0 ? 1 / Math.sqrt(skySum) : Number.NaN;
  if (pd > 0) {
    columns.spread[i] = gd / pd - gp / pp;
    // Var(a/b) with var a = gg, var b = pp, cov = gp.
    columns.spreadErr[i] = Math.sqrt(Math.max(gg * pd * pd + pp * gd * gd - 2 * gp * gd * pd, 0)) / (pd * pd);
  } else columns.spread[i] = columns.spreadErr[i] = Number.NaN;
}
