import { choleskyFactor, choleskyInverse, choleskySolve } from '../solve/cholesky.ts';
import { FARTHEST_MOVE, type FitGroupsArgs, type GroupPixels, type Member, openGroup, setWeights, stamp } from './open-group.ts';

/** Below this S/N a place is not worth fitting: it would follow the noise. */
const LEAST_SNR_TO_MOVE = 4;
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

/** Where the parameters of each member begin, and how many there are: flux, and where it moves x and y. */
function layout(members: readonly Member[]): Int32Array {
  const at = new Int32Array(members.length + 1);
  for (let s = 0; s < members.length; s++) at[s + 1] = at[s]! + (members[s]!.moves ? 3 : 1);
  return at;
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
