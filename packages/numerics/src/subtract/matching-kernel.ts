import { basisImage, type KernelBasis } from './kernel-basis.ts';

/** A kernel that varies over an image: each shape of the basis times a polynomial of the place. Plain data. */
export interface MatchingKernel {
  readonly basis: KernelBasis;
  /** Highest total power of the flux scale and of the shapes; terms 1, u, v, u², uv, v² … */
  readonly scaleOrder: number;
  readonly shapeOrder: number;
  /** u = (x − originX) / scaleX, v alike; 0-based pixels. */
  readonly originX: number;
  readonly originY: number;
  readonly scaleX: number;
  readonly scaleY: number;
  /** The scale's terms, then those of shape 1, shape 2 … */
  readonly coefficients: Float64Array;
}

export const termCount = (order: number): number => ((order + 1) * (order + 2)) / 2;

/** Terms of the place (x, y). */
export function kernelTerms(
  place: Pick<MatchingKernel, 'originX' | 'originY' | 'scaleX' | 'scaleY'>,
  x: number,
  y: number,
  order: number,
): Float64Array {
  const u = (x - place.originX) / place.scaleX;
  const v = (y - place.originY) / place.scaleY;
  const terms = new Float64Array(termCount(order));
  for (let total = 0, k = 0; total <= order; total++) for (let j = 0; j <= total; j++) terms[k++] = u ** (total - j) * v ** j;
  return terms;
}

/** Light of one image per light of the other at a place [1]: the sum of the kernel. */
export function kernelScale(kernel: MatchingKernel, x: number, y: number): number {
  let sum = 0;
  const terms = kernelTerms(kernel, x, y, kernel.scaleOrder);
  for (let i = 0; i < terms.length; i++) sum += terms[i]! * kernel.coefficients[i]!;
  return sum;
}

/** Weights of the shapes at a place. */
export function shapeWeights(kernel: MatchingKernel, x: number, y: number): Float64Array {
  const { basis, shapeOrder, coefficients } = kernel;
  const weights = new Float64Array(basis.count);
  weights[0] = kernelScale(kernel, x, y);
  const terms = kernelTerms(kernel, x, y, shapeOrder);
  let c = termCount(kernel.scaleOrder);
  for (let k = 1; k < basis.count; k++) for (let i = 0; i < terms.length; i++) weights[k]! += terms[i]! * coefficients[c++]!;
  return weights;
}

/** Writes the kernel at a place out: (2 radius + 1)² values, row-major, to be used as a convolution (flipped). */
export function kernelAt(kernel: MatchingKernel, x: number, y: number, images = basisImages(kernel.basis)): Float64Array {
  const weights = shapeWeights(kernel, x, y);
  const out = new Float64Array((2 * kernel.basis.radius + 1) ** 2);
  for (let k = 0; k < weights.length; k++) {
    const image = images[k]!;
    for (let i = 0; i < out.length; i++) out[i] = out[i]! + weights[k]! * image[i]!;
  }
  return out;
}

export const basisImages = (basis: KernelBasis): Float64Array[] =>
  Array.from({ length: basis.count }, (_, k) => basisImage(basis, k));
