import { choleskyFactor, choleskySolve } from '../solve/cholesky.ts';
import { conjugateGradient } from '../solve/conjugate-gradient.ts';
import type { PsfModel } from './psf-model.ts';
import { placeTerms, splineCoefficients, splineStamp, splineStampTranspose } from './psf-spline.ts';
import type { StarStamp } from './psf-stars.ts';

/** What the samples are fitted with. */
export interface SampleFit {
  readonly size: number;
  readonly step: number;
  readonly grid: Pick<PsfModel, 'order' | 'originX' | 'originY' | 'scaleX' | 'scaleY'>;
  /** Samples that the fit is drawn to: one plane, of the constant term. */
  readonly template: Float64Array;
  /** How far each sample of the constant and of the varying terms may go from it, 1 sigma. 0: not at all. */
  readonly freedom: Float64Array;
  readonly varyingFreedom: Float64Array;
  /** Planes of samples to start from, of this order or a lower one. */
  readonly start: Float64Array;
}

/** The fit ends when each sample is about this far from the best, in units of its own error. */
const CLOSE_ENOUGH = 0.01;
const MOST_STEPS = 40;

/**
 * Super-resolution least squares: the samples, all planes at once, under whose spline the stars, each shifted to its own place in the
 * pixels and scaled to its own flux, differ least from their data, with a Gaussian prior about a template.
 *
 * Solved by conjugate gradients in samples over their freedom, preconditioned by what a sample's own pixel tells of all its terms: in samples
 * (not in coefficients) neighbours hardly depend on each other, so that some ten steps do.
 *
 * Source: Bertin 2011, ASPC 442, 435, section 3; Golub & Van Loan 2013, section 11.5.
 *
 * @param weights - 1/sigma² of each star's pixels; 0: left out
 * @returns planes of samples
 */
export function fitSamples(stars: readonly StarStamp[], weights: readonly Float64Array[], fit: SampleFit): Float64Array {
  const { size, step, grid, template, start } = fit;
  const n = size * size;
  const terms = ((grid.order + 1) * (grid.order + 2)) / 2;
  const total = terms * n;
  const freedom = new Float64Array(total);
  for (let t = 0; t < terms; t++) freedom.set(t === 0 ? fit.freedom : fit.varyingFreedom, t * n);
  const factors = stars.map((star) => placeTerms(grid, star.x, star.y).map((term) => term * star.flux));
  const planes = new Float64Array(total);
  const combined = new Float64Array(n);
  const stamp = new Float64Array(stars[0]!.data.length);

  /** Adds Aᵀ W r of one star to `planes` of coefficients. */
  const gather = (k: number, residual: Float64Array): void => {
    const star = stars[k]!;
    const w = weights[k]!;
    for (let p = 0; p < residual.length; p++) residual[p] = residual[p]! * w[p]!;
    splineStampTranspose(residual, size, step, star.x - star.cx, star.y - star.cy, star.radius, combined);
    addToPlanes(combined, factors[k]!, planes);
  };
  /** From sums over coefficients to sums over whitened samples; the filter is its own transpose. */
  const whiten = (out: Float64Array): void => {
    for (let t = 0; t < terms; t++) splineCoefficients(planes, t * n, size);
    for (let i = 0; i < total; i++) out[i] = planes[i]! * freedom[i]!;
  };

  // Where the fit starts, in samples over their freedom, and what it leaves of the stars.
  const z = new Float64Array(total);
  for (let i = 0; i < Math.min(total, start.length); i++)
    if (freedom[i]! > 0) z[i] = (start[i]! - (i < n ? template[i]! : 0)) / freedom[i]!;
  const model = new Float64Array(total);
  for (let i = 0; i < total; i++) model[i] = z[i]! * freedom[i]! + (i < n ? template[i]! : 0);
  for (let t = 0; t < terms; t++) splineCoefficients(model, t * n, size);
  planes.fill(0);
  for (const [k, star] of stars.entries()) {
    combine(model, factors[k]!, combined);
    splineStamp(combined, size, step, star.x - star.cx, star.y - star.cy, star.radius, { value: stamp });
    for (let p = 0; p < stamp.length; p++) stamp[p] = star.data[p]! - stamp[p]!;
    gather(k, stamp);
  }
  const right = new Float64Array(total);
  whiten(right);
  for (let i = 0; i < total; i++) right[i] = right[i]! - z[i]!;

  const { x } = conjugateGradient(
    {
      size: total,
      apply(direction, out) {
        for (let i = 0; i < total; i++) model[i] = direction[i]! * freedom[i]!;
        for (let t = 0; t < terms; t++) splineCoefficients(model, t * n, size);
        planes.fill(0);
        for (const [k, star] of stars.entries()) {
          combine(model, factors[k]!, combined);
          splineStamp(combined, size, step, star.x - star.cx, star.y - star.cy, star.radius, { value: stamp });
          gather(k, stamp);
        }
        whiten(out);
        for (let i = 0; i < total; i++) out[i] = out[i]! + direction[i]!;
      },
      precondition: ownPixels(stars, weights, factors, fit, freedom, terms),
    },
    right,
    { tolerance: 1e-6, goal: CLOSE_ENOUGH ** 2 * total, maxSteps: MOST_STEPS },
  );
  for (let i = 0; i < total; i++) z[i] = (z[i]! + x[i]!) * freedom[i]! + (i < n ? template[i]! : 0);
  return z;
}

/** Σ of the planes, each times its factor. */
function combine(planes: Float64Array, factors: Float64Array, out: Float64Array): void {
  const n = out.length;
  const f0 = factors[0]!;
  for (let i = 0; i < n; i++) out[i] = f0 * planes[i]!;
  let t = 1;
  for (; t + 2 < factors.length; t += 3) {
    const [a, b, c] = [factors[t]!, factors[t + 1]!, factors[t + 2]!];
    const [pa, pb, pc] = [t * n, (t + 1) * n, (t + 2) * n];
    for (let i = 0; i < n; i++) out[i] = out[i]! + a * planes[pa + i]! + b * planes[pb + i]! + c * planes[pc + i]!;
  }
  for (; t < factors.length; t++) {
    const f = factors[t]!;
    for (let i = 0, p = t * n; i < n; i++, p++) out[i] = out[i]! + f * planes[p]!;
  }
}

/** The transpose: adds `values` to each plane, times its factor. */
function addToPlanes(values: Float64Array, factors: Float64Array, planes: Float64Array): void {
  const n = values.length;
  for (let t = 0; t < factors.length; t++) {
    const f = factors[t]!;
    for (let i = 0, p = t * n; i < n; i++, p++) planes[p] = planes[p]! + f * values[i]!;
  }
}

/** Applies the inverse of what the data would say of each sample's terms if it shone on its own pixel alone, prior included. */
function ownPixels(
  stars: readonly StarStamp[],
  weights: readonly Float64Array[],
  factors: readonly Float64Array[],
  { size, step }: SampleFit,
  freedom: Float64Array,
  terms: number,
): (r: Float64Array, out: Float64Array) => void {
  const n = size * size;
  const block = terms * terms;
  const packed = (terms * (terms + 1)) / 2;
  const finer = Math.round(1 / step);
  // Sums of the products of two factors, lower triangle row by row, of each node.
  const sums = new Float64Array(n * packed);
  const products = new Float64Array(packed);
  const half = (size - 1) / 2;
  for (const [k, star] of stars.entries()) {
    const side = 2 * star.radius + 1;
    const f = factors[k]!;
    const w = weights[k]!;
    // Several nodes share the light of a pixel.
    for (let a = 0, m = 0; a < terms; a++) for (let b = 0; b <= a; b++) products[m++] = (f[a]! * f[b]!) / finer ** 2;
    for (let j = 0; j < size; j++) {
      const row = pixelOf((j - half) * step + star.y - star.cy, star.radius) * side;
      for (let i = 0; i < size; i++) {
        const weight = w[row + pixelOf((i - half) * step + star.x - star.cx, star.radius)]!;
        if (weight === 0) continue;
        const at = (j * size + i) * packed;
        for (let m = 0; m < packed; m++) sums[at + m] = sums[at + m]! + weight * products[m]!;
      }
    }
  }
  const blocks = new Float64Array(n * block);
  for (let p = 0; p < n; p++) {
    const own = blocks.subarray(p * block, (p + 1) * block);
    for (let a = 0, m = p * packed; a < terms; a++) {
      for (let b = 0; b <= a; b++) own[a * terms + b] = sums[m++]! * freedom[a * n + p]! * freedom[b * n + p]!;
      own[a * terms + a] = own[a * terms + a]! + 1;
    }
    // 1 on the diagonal keeps it positive.
    choleskyFactor(own, terms);
  }
  const one = new Float64Array(terms);
  return (r, out) => {
    for (let p = 0; p < n; p++) {
      for (let t = 0; t < terms; t++) one[t] = r[t * n + p]!;
      choleskySolve(blocks.subarray(p * block, (p + 1) * block), terms, one);
      for (let t = 0; t < terms; t++) out[t * n + p] = one[t]!;
    }
  };
}

/** The pixel of a stamp nearest to a distance from its middle pixel. */
const pixelOf = (offset: number, radius: number): number => Math.min(Math.max(Math.round(offset), -radius), radius) + radius;
