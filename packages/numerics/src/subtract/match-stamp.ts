import type { Shape } from '../shape.ts';
import { convolveStamp, type KernelBasis } from './kernel-basis.ts';
import { type MatchingKernel, shapeWeights } from './matching-kernel.ts';

/** Two images on one grid, sky (nearly) subtracted. Bad pixels have variance 0 in `target`, value 0 in `source`. */
export interface MatchingPlanes extends Shape {
  /** The image to be reached, and its variance. */
  readonly target: Float32Array;
  readonly targetVariance: Float32Array;
  /** The image to be convolved, and its variance. */
  readonly source: Float32Array;
  readonly sourceVariance: Float32Array;
  /** Not 0: a pixel of either is not to be used. */
  readonly bad: Uint8Array;
}

/** The normal equations of one stamp: `a c = b` for the weights c of the shapes; a constant has been eliminated. */
export interface MatchStamp {
  readonly index: number;
  readonly x: number;
  readonly y: number;
  readonly a: Float64Array;
  readonly b: Float64Array;
  /** Σ w target², after the constant. */
  readonly c: number;
  /** What the noise of the source adds to `a` in the mean. */
  readonly own: Float64Array;
  readonly freedom: number;
}

/** Relative error of the model that weights allow for, so that one bright star doesn't make the kernel alone. */
const MODEL_ERROR = 0.003;

/**
 * @param power - share of the source's variance that the kernel passes, Σ K² [(unit ratio)²]
 * @returns null: bad pixels, or too near to the border
 */
export function matchStamp(
  planes: MatchingPlanes,
  basis: KernelBasis,
  gram: Float64Array,
  { x, y, half, index }: { readonly x: number; readonly y: number; readonly half: number; readonly index: number },
  power: number,
): MatchStamp | null {
  const { width, height, target, targetVariance, source, sourceVariance, bad } = planes;
  const cx = Math.round(x);
  const cy = Math.round(y);
  const reach = half + basis.radius;
  if (cx < reach || cy < reach || cx >= width - reach || cy >= height - reach) return null;
  for (let j = -reach; j <= reach; j++) {
    // Far pixels hardly count: one in the corner of the kernel's reach may be bad.
    for (let i = -reach; i <= reach; i++) {
      if (bad[(cy + j) * width + cx + i] !== 0 && Math.max(Math.abs(i), Math.abs(j)) <= half + 2) return null;
    }
  }
  const size = 2 * half + 1;
  const pixels = size * size;
  const n = basis.count;
  const w = new Float64Array(pixels);
  let noise = 0;
  let used = 0;
  for (let j = 0; j < size; j++) {
    for (let i = 0; i < size; i++) {
      const dx = i - half;
      const dy = j - half;
      if (dx * dx + dy * dy > (half + 0.5) ** 2) continue;
      // Means over 5 × 5 pixels: single variances know the noise of their own pixel, and would weigh it.
      let vt = 0;
      let vs = 0;
      let light = 0;
      for (let v = -2; v <= 2; v++) {
        for (let u = -2; u <= 2; u++) {
          const p = (cy + dy + v) * width + cx + dx + u;
          vt += targetVariance[p]!;
          vs += sourceVariance[p]!;
          light += Math.abs(target[p]!);
        }
      }
      const variance = vt / 25 + (power * vs) / 25 + (MODEL_ERROR * (light / 25)) ** 2;
      if (!(variance > 0)) return null;
      const weight = 1 / variance;
      w[j * size + i] = weight;
      noise += (weight * vs) / 25;
      used++;
    }
  }
  const shapes = convolveStamp(basis, source, width, { x: cx, y: cy, half });
  const t = new Float64Array(pixels);
  for (let j = 0; j < size; j++)
    for (let i = 0; i < size; i++) t[j * size + i] = target[(cy - half + j) * width + cx - half + i]!;
  // A constant for the stamp is the same as weighted means taken off.
  let total = 0;
  for (let p = 0; p < pixels; p++) total += w[p]!;
  for (const plane of [...shapes, t]) {
    let mean = 0;
    for (let p = 0; p < pixels; p++) mean += w[p]! * plane[p]!;
    mean /= total;
    for (let p = 0; p < pixels; p++) plane[p] = plane[p]! - mean;
  }
  const a = new Float64Array(n * n);
  const b = new Float64Array(n);
  const weighted = new Float64Array(pixels);
  for (let k = 0; k < n; k++) {
    const s = shapes[k]!;
    for (let p = 0; p < pixels; p++) weighted[p] = w[p]! * s[p]!;
    let sum = 0;
    for (let p = 0; p < pixels; p++) sum += weighted[p]! * t[p]!;
    b[k] = sum;
    for (let l = 0; l <= k; l++) {
      const q = shapes[l]!;
      let product = 0;
      for (let p = 0; p < pixels; p++) product += weighted[p]! * q[p]!;
      a[k * n + l] = product;
      a[l * n + k] = product;
    }
  }
  const own = gram.map((g) => noise * g);
  let c = 0;
  for (let p = 0; p < pixels; p++) c += w[p]! * t[p]! * t[p]!;
  return { index, x: cx, y: cy, a, b, c, own, freedom: used - 1 };
}

/** χ² of a stamp under a kernel. */
export function stampChi2(stamp: MatchStamp, kernel: MatchingKernel): number {
  const weights = shapeWeights(kernel, stamp.x, stamp.y);
  const n = weights.length;
  let chi2 = stamp.c;
  for (let k = 0; k < n; k++) {
    chi2 -= 2 * stamp.b[k]! * weights[k]!;
    for (let l = 0; l < n; l++) chi2 += weights[k]! * weights[l]! * stamp.a[k * n + l]!;
  }
  return chi2;
}
