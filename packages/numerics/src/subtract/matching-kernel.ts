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

/** Writes the kernel at a place out: (2 radius + 1)² values, row-major, to be used as a convolution (flipped). */
export const kernelAt = (kernel: MatchingKernel, x: number, y: number): Float64Array => kernelField(kernel)(x, y);

/** The same for many places: the shapes are added up once, for each term of the place. */
export function kernelField(kernel: MatchingKernel, images = basisImages(kernel.basis)): (x: number, y: number) => Float64Array {
  const { basis, scaleOrder, shapeOrder, coefficients } = kernel;
  const size = (2 * basis.radius + 1) ** 2;
  const scale = images[0]!;
  const parts = Array.from({ length: termCount(shapeOrder) }, () => new Float64Array(size));
  let c = termCount(scaleOrder);
  for (let k = 1; k < basis.count; k++)
    for (const part of parts) {
      const weight = coefficients[c++]!;
      const image = images[k]!;
      for (let i = 0; i < size; i++) part[i]! += weight * image[i]!;
    }
  return (x, y) => {
    const sum = kernelScale(kernel, x, y);
    const out = scale.map((v) => sum * v);
    const terms = kernelTerms(kernel, x, y, shapeOrder);
    parts.forEach((part, t) => {
      const term = terms[t]!;
      for (let i = 0; i < size; i++) out[i]! += term * part[i]!;
    });
    return out;
  };
}

export const basisImages = (basis: KernelBasis): Float64Array[] =>
  Array.from({ length: basis.count }, (_, k) => basisImage(basis, k));
