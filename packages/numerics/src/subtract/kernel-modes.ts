import { symmetricEigen } from '../solve/symmetric-eigen.ts';
import type { MatchStamp } from './match-stamp.ts';

/**
 * Mixtures of the shapes of a kernel, orthonormal in their weights, that stars can tell apart: most of the shapes change an image that
 * has no detail finer than its stars hardly or alike. What is left is a third as many unknowns, and a twentieth of the work; a ridge on
 * the mixtures is one on the shapes.
 */
export interface KernelModes {
  /** Mixtures, the flux scale, which stays itself, among them. */
  readonly count: number;
  readonly shapes: number;
  /** Row m − 1: weights of the shapes 1 … in mixture m. */
  readonly vectors: Float64Array;
}

/** Least light that a mixture must move, over what the source's noise does in it. */
const LEAST_SIGNAL = 0.02;

/** From the sums of the stamps: eigenvectors of their response to the shapes, the flux scale left free. */
export function kernelModes(stamps: readonly MatchStamp[]): KernelModes {
  const shapes = stamps[0]!.b.length;
  const all = new Float64Array(shapes * shapes);
  const own = new Float64Array(shapes * shapes);
  for (const stamp of stamps)
    for (let i = 0; i < all.length; i++) {
      all[i]! += stamp.a[i]!;
      own[i]! += stamp.own[i]!;
    }
  const n = shapes - 1;
  const response = new Float64Array(n * n);
  for (let k = 0; k < n; k++)
    for (let l = 0; l < n; l++) {
      const scale = all[(k + 1) * shapes]! * (all[(l + 1) * shapes]! / all[0]!);
      response[k * n + l] = all[(k + 1) * shapes + l + 1]! - own[(k + 1) * shapes + l + 1]! - scale;
    }
  const { values, vectors } = symmetricEigen(response, n);
  let count = 0;
  while (count < n && values[count]! > LEAST_SIGNAL * noiseOf(own, vectors.subarray(count * n, (count + 1) * n), shapes)) count++;
  return { count: count + 1, shapes, vectors: vectors.subarray(0, count * n) };
}

/** What the source's noise adds to the response of a mixture. */
function noiseOf(own: Float64Array, vector: Float64Array, shapes: number): number {
  let sum = 0;
  for (let k = 0; k < vector.length; k++)
    for (let l = 0; l < vector.length; l++) sum += vector[k]! * vector[l]! * own[(k + 1) * shapes + l + 1]!;
  return sum;
}

/** The equations of a stamp for the weights of the mixtures. */
export function inModes(stamp: MatchStamp, modes: KernelModes): MatchStamp {
  const { count, shapes, vectors } = modes;
  const n = shapes - 1;
  const b = new Float64Array(count);
  b[0] = stamp.b[0]!;
  for (let m = 1; m < count; m++) for (let k = 0; k < n; k++) b[m]! += vectors[(m - 1) * n + k]! * stamp.b[k + 1]!;
  return { ...stamp, a: turned(stamp.a, modes), own: turned(stamp.own, modes), b };
}

function turned(a: Float64Array, { count, shapes, vectors }: KernelModes): Float64Array {
  const n = shapes - 1;
  // Columns first: half[m] = Σ_k v[m, k] a[k + 1, ·].
  const half = new Float64Array(count * shapes);
  half.set(a.subarray(0, shapes));
  for (let m = 1; m < count; m++)
    for (let k = 0; k < n; k++) {
      const v = vectors[(m - 1) * n + k]!;
      for (let l = 0; l < shapes; l++) half[m * shapes + l]! += v * a[(k + 1) * shapes + l]!;
    }
  const out = new Float64Array(count * count);
  for (let m = 0; m < count; m++) {
    out[m * count] = out[m] = half[m * shapes]!;
    for (let q = 1; q <= m; q++) {
      let sum = 0;
      for (let l = 0; l < n; l++) sum += vectors[(q - 1) * n + l]! * half[m * shapes + l + 1]!;
      out[m * count + q] = out[q * count + m] = sum;
    }
  }
  return out;
}

/** Coefficients of the shapes of those of the mixtures: the scale's `scaleTerms`, then `terms` of each. */
export function inShapes(
  coefficients: Float64Array,
  { count, shapes, vectors }: KernelModes,
  scaleTerms: number,
  terms: number,
): Float64Array {
  const n = shapes - 1;
  const out = new Float64Array(scaleTerms + n * terms);
  out.set(coefficients.subarray(0, scaleTerms));
  for (let m = 1; m < count; m++)
    for (let k = 0; k < n; k++)
      for (let i = 0; i < terms; i++)
        out[scaleTerms + k * terms + i]! += vectors[(m - 1) * n + k]! * coefficients[scaleTerms + (m - 1) * terms + i]!;
  return out;
}
