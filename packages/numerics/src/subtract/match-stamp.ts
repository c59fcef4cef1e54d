import type { Shape } from '../shape.ts';
import { convolveStamp, type KernelBasis } from './kernel-basis.ts';

/** Two images on one grid, sky (nearly) subtracted. */
export interface MatchingPlanes extends Shape {
  /** The image to be reached, and its variance. */
  readonly target: Float32Array;
  readonly targetVariance: Float32Array;
  readonly targetMask: Uint16Array;
  /** The image to be convolved, its bad pixels filled, and its variance. */
  readonly source: Float32Array;
  readonly sourceVariance: Float32Array;
  readonly sourceMask: Uint16Array;
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

/** What a stamp sees, whatever the weights: the target, its variance, and the source convolved with each shape. */
export interface StampPixels {
  readonly index: number;
  readonly x: number;
  readonly y: number;
  /** Pixels inside the circle, after one another. */
  readonly target: Float64Array;
  /** Means over 5 × 5 pixels: single variances know the noise of their own pixel, and would weigh it. */
  readonly targetVariance: Float64Array;
  readonly sourceVariance: Float64Array;
  readonly light: Float64Array;
  /** Shape after shape. */
  readonly shapes: Float64Array;
}

/** Relative error of the model that weights allow for, so that one bright star doesn't make the kernel alone. */
const MODEL_ERROR = 0.003;

/** Reads a stamp. null: bad pixels, or too near to the border. */
export function stampPixels(
  planes: MatchingPlanes,
  basis: KernelBasis,
  { x, y, half, index }: { readonly x: number; readonly y: number; readonly half: number; readonly index: number },
): StampPixels | null {
  const { width, height, target, targetMask, sourceMask } = planes;
  const [cx, cy] = [Math.round(x), Math.round(y)];
  const reach = half + basis.radius;
  if (cx < reach || cy < reach || cx >= width - reach || cy >= height - reach) return null;
  // Far pixels hardly count: one in the corner of the kernel's reach may be bad.
  for (let j = -half - 2; j <= half + 2; j++)
    for (let i = -half - 2; i <= half + 2; i++) {
      const p = (cy + j) * width + cx + i;
      if ((targetMask[p]! | sourceMask[p]!) !== 0) return null;
    }
  const size = 2 * half + 1;
  const inside: number[] = [];
  for (let p = 0; p < size * size; p++)
    if (((p % size) - half) ** 2 + (Math.floor(p / size) - half) ** 2 <= (half + 0.5) ** 2) inside.push(p);
  const n = inside.length;
  const convolved = convolveStamp(basis, planes.source, width, { x: cx, y: cy, half });
  const shapes = new Float64Array(basis.count * n);
  convolved.forEach((image, k) => {
    for (let p = 0; p < n; p++) shapes[k * n + p] = image[inside[p]!]!;
  });
  const at = (p: number): number => (cy - half + Math.floor(p / size)) * width + cx - half + (p % size);
  const mean = (plane: Float32Array): Float64Array => {
    const sums = boxMeans(plane, width, cx - half, cy - half, size);
    return Float64Array.from(inside, (p) => sums[p]!);
  };
  return {
    index,
    x: cx,
    y: cy,
    target: Float64Array.from(inside, (p) => target[at(p)]!),
    targetVariance: mean(planes.targetVariance),
    sourceVariance: mean(planes.sourceVariance),
    light: mean(target),
    shapes,
  };
}

/** Means of the magnitudes over 5 × 5 pixels about each pixel of a square with the corner (x, y). */
function boxMeans(plane: Float32Array, width: number, x: number, y: number, size: number): Float64Array {
  const tall = size + 4;
  const rows = new Float64Array(tall * size);
  for (let j = 0; j < tall; j++) {
    const row = (y - 2 + j) * width + x - 2;
    for (let i = 0; i < size; i++) {
      let sum = 0;
      for (let u = 0; u < 5; u++) sum += Math.abs(plane[row + i + u]!);
      rows[j * size + i] = sum;
    }
  }
  const out = new Float64Array(size * size);
  for (let p = 0; p < out.length; p++)
    out[p] = (rows[p]! + rows[p + size]! + rows[p + 2 * size]! + rows[p + 3 * size]! + rows[p + 4 * size]!) / 25;
  return out;
}

/**
 * @param gram - products of the shapes with each other
 * @param power - share of the source's variance that the kernel passes, Σ K² [(unit ratio)²]
 */
export function matchStamp(pixels: StampPixels, gram: Float64Array, power: number): MatchStamp {
  const { index, x, y, targetVariance, sourceVariance, light } = pixels;
  const m = pixels.target.length;
  const n = pixels.shapes.length / m;
  // √weight times everything: the equations are then plain products.
  const root = new Float64Array(m);
  let noise = 0;
  let total = 0;
  for (let p = 0; p < m; p++) {
    const weight = 1 / (targetVariance[p]! + power * sourceVariance[p]! + (MODEL_ERROR * light[p]!) ** 2);
    root[p] = Math.sqrt(weight);
    noise += weight * sourceVariance[p]!;
    total += weight;
  }
  // A constant for the stamp is the same as weighted means taken off.
  const whiten = (values: Float64Array): Float64Array => {
    let mean = 0;
    for (let p = 0; p < m; p++) mean += root[p]! * root[p]! * values[p]!;
    mean /= total;
    return values.map((v, p) => root[p]! * (v - mean));
  };
  const t = whiten(pixels.target);
  const shapes = Array.from({ length: n }, (_, k) => whiten(pixels.shapes.subarray(k * m, (k + 1) * m)));
  const a = new Float64Array(n * n);
  const b = new Float64Array(n);
  for (let k = 0; k < n; k++) {
    b[k] = product(shapes[k]!, t);
    for (let l = 0; l <= k; l++) a[k * n + l] = a[l * n + k] = product(shapes[k]!, shapes[l]!);
  }
  return { index, x, y, a, b, c: product(t, t), own: gram.map((g) => noise * g), freedom: m - 1 };
}

function product(a: Float64Array, b: Float64Array): number {
  let [even, odd] = [0, 0];
  let p = 0;
  for (; p + 1 < a.length; p += 2) {
    even += a[p]! * b[p]!;
    odd += a[p + 1]! * b[p + 1]!;
  }
  return p < a.length ? even + odd + a[p]! * b[p]! : even + odd;
}
