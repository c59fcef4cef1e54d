import type { PsfModel } from './psf-model.ts';
import { placeTerms, splineStamp, weightsAt } from './psf-spline.ts';
import type { StarStamp } from './psf-stars.ts';

/** What the samples are fitted with. */
export interface SampleFit {
  readonly size: number;
  readonly step: number;
  readonly terms: number;
  readonly grid: Pick<PsfModel, 'order' | 'originX' | 'originY' | 'scaleX' | 'scaleY'>;
  /** Coefficients that the fit is drawn to: one plane, of the constant term. */
  readonly template: Float64Array;
  /** How far each coefficient of the constant and of the varying terms may go from it, 1 sigma. 0: not at all. */
  readonly freedom: Float64Array;
  readonly varyingFreedom: Float64Array;
}

const ITERATIONS = 40;

/**
 * Super-resolution least squares: the spline coefficients, all planes at once, under which the stars, each shifted to its own place in
 * the pixels and scaled to its own flux, differ least from their data, with a Gaussian prior about a template. Solved by conjugate gradients with the
 * prior as preconditioner, so that what the data don't determine stays with the template.
 *
 * Source: Bertin 2011, ASPC 442, 435, section 3; Hestenes & Stiefel 1952, J. Res. NBS 49, 409.
 *
 * @param weights - 1/sigma² of each star's pixels; 0: left out
 */
export function fitSamples(
  stars: readonly StarStamp[],
  weights: readonly Float64Array[],
  { size, step, terms, grid, template, freedom, varyingFreedom }: SampleFit,
): Float64Array {
  const n = size * size;
  const total = terms * n;
  const scale = new Float64Array(total);
  for (let t = 0; t < terms; t++) scale.set(t === 0 ? freedom : varyingFreedom, t * n);
  const places = stars.map((star) => placeTerms(grid, star.x, star.y));
  const combined = new Float64Array(n);
  const stampsOf = stars.map((star) => new Float64Array(star.data.length));

  /** A z: for each star the stamp of coefficients S z, without the template. */
  const forward = (z: Float64Array): void => {
    for (const [k, star] of stars.entries()) {
      combined.fill(0);
      for (let t = 0; t < terms; t++) {
        const factor = places[k]![t]! * star.flux;
        for (let i = 0; i < n; i++) combined[i] = combined[i]! + factor * scale[t * n + i]! * z[t * n + i]!;
      }
      splineStamp(combined, size, step, star.x - star.cx, star.y - star.cy, star.radius, { value: stampsOf[k]! });
    }
  };
  /** Aᵀ W r of stamps. */
  const backward = (residual: readonly Float64Array[], out: Float64Array): void => {
    out.fill(0);
    for (const [k, star] of stars.entries()) {
      scatter(residual[k]!, weights[k]!, size, step, star, combined);
      for (let t = 0; t < terms; t++) {
        const factor = places[k]![t]! * star.flux;
        for (let i = 0; i < n; i++) out[t * n + i] = out[t * n + i]! + factor * scale[t * n + i]! * combined[i]!;
      }
    }
  };

  const residual = stars.map((star) => {
    const stamp = new Float64Array(star.data.length);
    splineStamp(template, size, step, star.x - star.cx, star.y - star.cy, star.radius, { value: stamp });
    return stamp.map((m, p) => star.data[p]! - star.flux * m);
  });
  const z = new Float64Array(total);
  const gradient = new Float64Array(total);
  backward(residual, gradient);
  const direction = gradient.slice();
  const image = new Float64Array(total);
  let square = dot(gradient, gradient);
  const goal = 1e-6 * square;
  for (let iteration = 0; iteration < ITERATIONS && square > goal; iteration++) {
    forward(direction);
    backward(stampsOf, image);
    for (let i = 0; i < total; i++) image[i] = image[i]! + direction[i]!;
    const length = square / dot(direction, image);
    for (let i = 0; i < total; i++) {
      z[i] = z[i]! + length * direction[i]!;
      gradient[i] = gradient[i]! - length * image[i]!;
    }
    const next = dot(gradient, gradient);
    const keep = next / square;
    for (let i = 0; i < total; i++) direction[i] = gradient[i]! + keep * direction[i]!;
    square = next;
  }
  for (let i = 0; i < total; i++) z[i] = z[i]! * scale[i]!;
  for (let i = 0; i < n; i++) z[i] = z[i]! + template[i]!;
  return z;
}

/** The transpose of `splineStamp`, of weighted values. */
function scatter(
  values: Float64Array,
  weights: Float64Array,
  size: number,
  step: number,
  star: StarStamp,
  out: Float64Array,
): void {
  const { radius } = star;
  const side = 2 * radius + 1;
  const finer = Math.round(1 / step);
  const half = (size - 1) / 2;
  const across = weightsAt(half - (star.x - star.cx) * finer);
  const along = weightsAt(half - (star.y - star.cy) * finer);
  const rows = new Float64Array(size * side);
  for (let j = 0; j < side; j++) {
    const first = along.first + (j - radius) * finer;
    for (let k = 0; k < 4; k++) {
      const r = first + k;
      if (r < 0 || r >= size) continue;
      const b = along.value[k]!;
      for (let i = 0; i < side; i++) {
        const p = j * side + i;
        rows[r * side + i] = rows[r * side + i]! + b * weights[p]! * values[p]!;
      }
    }
  }
  out.fill(0);
  for (let i = 0; i < side; i++) {
    const first = across.first + (i - radius) * finer;
    for (let k = 0; k < 4; k++) {
      const c = first + k;
      if (c < 0 || c >= size) continue;
      const b = across.value[k]!;
      for (let r = 0; r < size; r++) out[r * size + c] = out[r * size + c]! + b * rows[r * side + i]!;
    }
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
