import { choleskyFactor, choleskySolve } from '../solve/cholesky.ts';
import type { MatchStamp } from './match-stamp.ts';
import { kernelTerms, termCount } from './matching-kernel.ts';

/** How the weights of the shapes vary over an image: the flux scale (shape 0) and all others. See `MatchingKernel`. */
export interface Variation {
  /** Shapes, the flux scale among them. */
  readonly count: number;
  readonly scaleOrder: number;
  readonly shapeOrder: number;
  readonly originX: number;
  readonly originY: number;
  readonly scaleX: number;
  readonly scaleY: number;
}

/** Sums of the equations of stamps, each shape times each term of the place. Lower triangles. */
export interface Normals {
  readonly a: Float64Array;
  /** What the source's noise adds to it. */
  readonly own: Float64Array;
  readonly b: Float64Array;
}

export function stampNormals(stamps: readonly MatchStamp[], model: Variation): Normals {
  const { count } = model;
  const ns = termCount(model.scaleOrder);
  const n = ns + (count - 1) * termCount(model.shapeOrder);
  const a = new Float64Array(n * n);
  const own = new Float64Array(n * n);
  const b = new Float64Array(n);
  const start = (k: number): number => (k === 0 ? 0 : ns + (k - 1) * termCount(model.shapeOrder));
  for (const stamp of stamps) {
    const first = kernelTerms(model, stamp.x, stamp.y, model.scaleOrder);
    const other = kernelTerms(model, stamp.x, stamp.y, model.shapeOrder);
    for (let k = 0; k < count; k++) {
      const pk = k === 0 ? first : other;
      for (let i = 0; i < pk.length; i++) {
        const row = start(k) + i;
        b[row]! += stamp.b[k]! * pk[i]!;
        for (let l = 0; l <= k; l++) {
          const pl = l === 0 ? first : other;
          const c = stamp.a[k * count + l]! * pk[i]!;
          const d = stamp.own[k * count + l]! * pk[i]!;
          const at = row * n + start(l);
          for (let j = 0; j < pl.length; j++) {
            a[at + j]! += c * pl[j]!;
            own[at + j]! += d * pl[j]!;
          }
        }
      }
    }
  }
  return { a, own, b };
}

/** `plus − minus`, element by element; with `null` nothing is taken off. */
export function lessNormals(plus: Normals, minus: Normals): Normals {
  return {
    a: plus.a.map((v, i) => v - minus.a[i]!),
    own: plus.own.map((v, i) => v - minus.own[i]!),
    b: plus.b.map((v, i) => v - minus.b[i]!),
  };
}

/**
 * The ridge, in units of the response to the flux scale, pulls the shapes to 0 ([0]: their means over the image, [1]: their variation),
 * never the flux scale. The source's noise N in `a` is undone by two steps of x ← a⁻¹ (b + N x): where light dominates that is all of it;
 * where noise does, it stays, and calms the solution.
 *
 * @returns the terms of the scale, then those of shape 1, 2 …; null: singular
 */
export function solveNormals(
  { a: sums, own, b }: Normals,
  model: Variation,
  ridge: readonly [number, number],
): Float64Array | null {
  const n = b.length;
  const a = sums.slice();
  const ns = termCount(model.scaleOrder);
  const nq = termCount(model.shapeOrder);
  const unit = sums[0]!;
  for (let i = ns; i < n; i++) a[i * n + i]! += ridge[(i - ns) % nq === 0 ? 0 : 1] * unit;
  for (let i = 0; i < ns; i++) a[i * n + i]! *= 1 + 1e-10;
  if (!choleskyFactor(a, n)) return null;
  const x = b.slice();
  choleskySolve(a, n, x);
  for (let step = 0; step < 2; step++) {
    const next = b.slice();
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < i; j++) {
        const v = own[i * n + j]!;
        next[i]! += v * x[j]!;
        next[j]! += v * x[i]!;
      }
      next[i]! += own[i * n + i]! * x[i]!;
    }
    choleskySolve(a, n, next);
    x.set(next);
  }
  return x;
}

/** Weights of the shapes at a place. */
export function weightsAt(model: Variation, coefficients: Float64Array, x: number, y: number): Float64Array {
  const weights = new Float64Array(model.count);
  const first = kernelTerms(model, x, y, model.scaleOrder);
  for (let i = 0; i < first.length; i++) weights[0]! += first[i]! * coefficients[i]!;
  const terms = model.shapeOrder === model.scaleOrder ? first : kernelTerms(model, x, y, model.shapeOrder);
  let c = first.length;
  for (let k = 1; k < weights.length; k++) for (let i = 0; i < terms.length; i++) weights[k]! += terms[i]! * coefficients[c++]!;
  return weights;
}

/** χ² of a stamp with these weights of the shapes. */
export function stampChi2({ a, b, c }: MatchStamp, weights: Float64Array): number {
  const n = weights.length;
  let chi2 = c;
  for (let k = 0; k < n; k++) {
    const row = k * n;
    let sum = 0.5 * weights[k]! * a[row + k]! - b[k]!;
    for (let l = 0; l < k; l++) sum += weights[l]! * a[row + l]!;
    chi2 += 2 * weights[k]! * sum;
  }
  return chi2;
}
