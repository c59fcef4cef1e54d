import type { PsfModel } from './psf-model.ts';

/**
 * A PSF model made ready for evaluation: cubic B-spline coefficients whose spline passes through the model's samples, zero outside.
 * They keep a Gaussian of FWHM 3.8 samples to 2.2e-3 of its peak, half-way between samples, and have smooth derivatives; samples that are fitted through
 * the same splines take most of that up.
 *
 * Source: Unser, IEEE Signal Proc. Mag. 16(6), 22 (1999).
 */
export interface PsfSpline {
  readonly model: PsfModel;
  /** Planes of coefficients, as `model.planes`. */
  readonly coefficients: Float64Array;
}

export function psfSpline(model: PsfModel): PsfSpline {
  const { size, planes } = model;
  const coefficients = Float64Array.from(planes);
  for (let at = 0; at < coefficients.length; at += size * size) splineCoefficients(coefficients, at, size);
  return { model, coefficients };
}

/** Samples → coefficients in place, rows then columns: the tridiagonal system (c₋ + 4 c + c₊) / 6 = s with c = 0 outside. */
export function splineCoefficients(values: Float64Array, at: number, size: number): void {
  const beta = new Float64Array(size);
  const solve = (start: number, step: number): void => {
    let pivot = 4;
    values[start] = (6 * values[start]!) / pivot;
    for (let i = 1; i < size; i++) {
      beta[i] = 1 / pivot;
      pivot = 4 - beta[i]!;
      const p = start + i * step;
      values[p] = (6 * values[p]! - values[p - step]!) / pivot;
    }
    for (let i = size - 2; i >= 0; i--) {
      const p = start + i * step;
      values[p] = values[p]! - beta[i + 1]! * values[p + step]!;
    }
  };
  for (let r = 0; r < size; r++) solve(at + r * size, 1);
  for (let c = 0; c < size; c++) solve(at + c, size);
}

/** Coefficients → samples in place; the inverse of {@link splineCoefficients}. */
export function splineSamples(values: Float64Array, at: number, size: number): void {
  const smooth = (start: number, step: number): void => {
    let before = 0;
    for (let i = 0; i < size; i++) {
      const p = start + i * step;
      const here = values[p]!;
      values[p] = (before + 4 * here + (i + 1 < size ? values[p + step]! : 0)) / 6;
      before = here;
    }
  };
  for (let r = 0; r < size; r++) smooth(at + r * size, 1);
  for (let c = 0; c < size; c++) smooth(at + c, size);
}

/** Powers u^i v^j up to `order`, ordered 1, u, v, u², uv, v² …, at pixel (x, y). */
export function placeTerms(
  model: Pick<PsfModel, 'order' | 'originX' | 'originY' | 'scaleX' | 'scaleY'>,
  x: number,
  y: number,
): Float64Array {
  const u = (x - model.originX) / model.scaleX;
  const v = (y - model.originY) / model.scaleY;
  const terms = new Float64Array(((model.order + 1) * (model.order + 2)) / 2);
  for (let degree = 0, k = 0; degree <= model.order; degree++)
    for (let j = 0; j <= degree; j++) terms[k++] = u ** (degree - j) * v ** j;
  return terms;
}

/** The coefficients of the PSF at pixel (x, y), of unit flux: a spline over whole pixels sums to step² Σ c. */
export function psfAt(
  { model, coefficients }: PsfSpline,
  x: number,
  y: number,
  out: Float64Array = new Float64Array(model.size ** 2),
): Float64Array {
  const n = model.size * model.size;
  const terms = placeTerms(model, x, y);
  out.fill(0);
  for (let t = 0; t < terms.length; t++) {
    const factor = terms[t]!;
    const at = t * n;
    for (let i = 0; i < n; i++) out[i] = out[i]! + factor * coefficients[at + i]!;
  }
  let sum = 0;
  for (let i = 0; i < n; i++) sum += out[i]!;
  const scale = 1 / (sum * model.stepPix ** 2);
  for (let i = 0; i < n; i++) out[i] = out[i]! * scale;
  return out;
}

/** Stamps of a PSF: values, and where asked for their derivatives to the place of the star [1/pix]. */
export interface PsfStamps {
  readonly value: Float64Array;
  readonly dx?: Float64Array;
  readonly dy?: Float64Array;
}

/** How the pixels of a stamp lie on the nodes of a spline, along one axis. */
interface Sampling {
  /** First of the four nodes that pixel 0 sees, and nodes per pixel. */
  readonly first: number;
  readonly finer: number;
  /** Pixels of the stamp, nodes of the spline. */
  readonly side: number;
  readonly size: number;
  /** The pixels `from` … `to − 1` see four nodes; those outside see some that don't exist, and are 0. */
  readonly from: number;
  readonly to: number;
  readonly weights: Weights;
}

/** @param offset - of the star from the middle pixel [pix] */
function samplingOf(size: number, step: number, offset: number, radius: number): Sampling {
  const finer = Math.round(1 / step);
  const side = 2 * radius + 1;
  const weights = weightsAt((size - 1) / 2 - offset * finer);
  const first = weights.first - radius * finer;
  const from = Math.min(side, Math.max(0, Math.ceil(-first / finer)));
  const to = Math.max(from, Math.min(side, Math.floor((size - 4 - first) / finer) + 1));
  return { first, finer, side, size, from, to, weights };
}

/**
 * Evaluates a spline over a stamp of (2 radius + 1)² pixels whose middle pixel is the one nearest to the star, which lies
 * (fx, fy) from that pixel's centre, both in [−0.5, 0.5].
 *
 * @param step - distance of nodes [pix], 1 over a whole number
 */
export function splineStamp(
  coefficients: Float64Array,
  size: number,
  step: number,
  fx: number,
  fy: number,
  radius: number,
  out: PsfStamps,
): void {
  const across = samplingOf(size, step, fx, radius);
  const along = samplingOf(size, step, fy, radius);
  const { side, finer } = across;
  const rows = scratchOf(size * side, 0);
  alongRows(coefficients, across, across.weights.value, rows);
  alongColumns(rows, along, along.weights.value, 1, out.value);
  if (out.dx === undefined || out.dy === undefined) return;
  // The star moves one way, the argument of the profile the other.
  alongColumns(rows, along, along.weights.slope, -finer, out.dy);
  alongRows(coefficients, across, across.weights.slope, rows);
  alongColumns(rows, along, along.weights.value, -finer, out.dx);
}

/** Rows of nodes → rows of pixels: `rows[r · side + i]`. */
function alongRows(
  coefficients: Float64Array,
  { first, finer, side, size, from, to }: Sampling,
  weights: FourWeights,
  rows: Float64Array,
): void {
  const [w0, w1, w2, w3] = weights;
  for (let r = 0; r < size; r++) {
    const base = r * size;
    const at = r * side;
    for (let i = 0; i < from; i++) rows[at + i] = nodesAt(coefficients, base, size, first + i * finer, weights);
    for (let i = from, c = base + first + from * finer; i < to; i++, c += finer)
      rows[at + i] = w0 * coefficients[c]! + w1 * coefficients[c + 1]! + w2 * coefficients[c + 2]! + w3 * coefficients[c + 3]!;
    for (let i = to; i < side; i++) rows[at + i] = nodesAt(coefficients, base, size, first + i * finer, weights);
  }
}

/** Four nodes of a row from `node` on, of which some may not exist. */
function nodesAt(coefficients: Float64Array, base: number, size: number, node: number, weights: FourWeights): number {
  let sum = 0;
  for (let k = 0; k < 4; k++) if (node + k >= 0 && node + k < size) sum += weights[k]! * coefficients[base + node + k]!;
  return sum;
}

/** Columns of nodes → columns of pixels, times `factor`. */
function alongColumns(
  rows: Float64Array,
  { first, finer, side, size, from, to }: Sampling,
  weights: FourWeights,
  factor: number,
  out: Float64Array,
): void {
  const [w0, w1, w2, w3] = [factor * weights[0], factor * weights[1], factor * weights[2], factor * weights[3]];
  for (let j = 0; j < side; j++) {
    const node = first + j * finer;
    const at = j * side;
    if (j >= from && j < to) {
      for (let i = 0, r = node * side; i < side; i++, r++)
        out[at + i] = w0 * rows[r]! + w1 * rows[r + side]! + w2 * rows[r + 2 * side]! + w3 * rows[r + 3 * side]!;
      continue;
    }
    out.fill(0, at, at + side);
    for (let k = 0; k < 4; k++) {
      if (node + k < 0 || node + k >= size) continue;
      const w = factor * weights[k]!;
      for (let i = 0, r = (node + k) * side; i < side; i++, r++) out[at + i] = out[at + i]! + w * rows[r]!;
    }
  }
}

/**
 * The transpose of {@link splineStamp}: what each coefficient sees of the values of a stamp.
 *
 * @param values - (2 radius + 1)² values
 * @param out - filled: size² sums
 */
export function splineStampTranspose(
  values: Float64Array,
  size: number,
  step: number,
  fx: number,
  fy: number,
  radius: number,
  out: Float64Array,
): void {
  const across = samplingOf(size, step, fx, radius);
  const along = samplingOf(size, step, fy, radius);
  const { side, finer } = across;
  const rows = scratchOf(size * side, 0);
  rows.fill(0, 0, size * side);
  for (let j = 0; j < side; j++) {
    for (let k = 0; k < 4; k++) {
      const node = along.first + j * finer + k;
      if (node < 0 || node >= size) continue;
      const w = along.weights.value[k]!;
      const [from, to] = [j * side, node * side];
      for (let i = 0; i < side; i++) rows[to + i] = rows[to + i]! + w * values[from + i]!;
    }
  }
  const [w0, w1, w2, w3] = across.weights.value;
  // Nodes beside the spline take what falls there.
  const lead = Math.max(0, -across.first);
  const length = Math.max(size + lead, across.first + lead + (side - 1) * finer + 4);
  const line = scratchOf(length, 1);
  for (let r = 0; r < size; r++) {
    line.fill(0, 0, length);
    for (let i = 0, c = across.first + lead; i < side; i++, c += finer) {
      const v = rows[r * side + i]!;
      line[c] = line[c]! + w0 * v;
      line[c + 1] = line[c + 1]! + w1 * v;
      line[c + 2] = line[c + 2]! + w2 * v;
      line[c + 3] = line[c + 3]! + w3 * v;
    }
    out.set(line.subarray(lead, lead + size), r * size);
  }
}

type FourWeights = readonly [number, number, number, number];

interface Weights {
  readonly first: number;
  readonly value: FourWeights;
  readonly slope: FourWeights;
}

/** The four cubic B-splines that reach the node coordinate t. */
function weightsAt(t: number): Weights {
  const whole = Math.floor(t);
  const f = t - whole;
  const g = 1 - f;
  return {
    first: whole - 1,
    value: [(g * g * g) / 6, 2 / 3 - (f * f * (2 - f)) / 2, 2 / 3 - (g * g * (2 - g)) / 2, (f * f * f) / 6],
    slope: [-0.5 * g * g, 1.5 * f * f - 2 * f, 2 * g - 1.5 * g * g, 0.5 * f * f],
  };
}

const scratch: Float64Array[] = [];
function scratchOf(length: number, which: number): Float64Array {
  let array = scratch[which];
  if (array === undefined || array.length < length) {
    array = new Float64Array(length);
    scratch[which] = array;
  }
  return array;
}
