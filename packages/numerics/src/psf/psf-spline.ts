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
  out = new Float64Array(model.size ** 2),
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
  const side = 2 * radius + 1;
  const finer = Math.round(1 / step);
  const half = (size - 1) / 2;
  const across = weightsAt(half - fx * finer);
  const along = weightsAt(half - fy * finer);
  const wantsSlopes = out.dx !== undefined && out.dy !== undefined;
  // Rows of nodes first, then columns.
  const rows = scratchOf(size * side, 0);
  const slopes = wantsSlopes ? scratchOf(size * side, 1) : rows;
  for (let r = 0; r < size; r++) {
    for (let i = 0; i < side; i++) {
      const first = across.first + (i - radius) * finer;
      let value = 0;
      let slope = 0;
      for (let k = 0; k < 4; k++) {
        const c = first + k;
        if (c < 0 || c >= size) continue;
        const node = coefficients[r * size + c]!;
        value += across.value[k]! * node;
        slope += across.slope[k]! * node;
      }
      rows[r * side + i] = value;
      if (wantsSlopes) slopes[r * side + i] = slope;
    }
  }
  for (let j = 0; j < side; j++) {
    const first = along.first + (j - radius) * finer;
    for (let i = 0; i < side; i++) {
      let value = 0;
      let dx = 0;
      let dy = 0;
      for (let k = 0; k < 4; k++) {
        const r = first + k;
        if (r < 0 || r >= size) continue;
        const v = rows[r * side + i]!;
        value += along.value[k]! * v;
        if (!wantsSlopes) continue;
        dy += along.slope[k]! * v;
        dx += along.value[k]! * slopes[r * side + i]!;
      }
      const p = j * side + i;
      out.value[p] = value;
      if (!wantsSlopes) continue;
      // The star moves one way, the argument of the profile the other.
      out.dx![p] = -dx * finer;
      out.dy![p] = -dy * finer;
    }
  }
}

interface Weights {
  readonly first: number;
  readonly value: readonly number[];
  readonly slope: readonly number[];
}

/** The four cubic B-splines that reach the node coordinate t. */
export function weightsAt(t: number): Weights {
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
