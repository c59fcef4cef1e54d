import { MaskPlane } from '../mask-plane.ts';
import type { Shape } from '../shape.ts';

/** Bits whose pixels keep their value: they show light, if not all of it. */
const KEPT = MaskPlane.SATURATED;

/**
 * Gives bad pixels the mean of the good ones within two pixels, weighted by distance⁻², so that the interpolation of their neighbours does
 * not ring. Without any, the value 0 and `variance0`. Saturated pixels keep theirs if it is finite.
 *
 * @param pixels - the bad ones: those with a bit in `mask` (not finite ones have one)
 */
export function fillBad(
  data: Float32Array,
  variance: Float32Array,
  mask: Uint16Array,
  pixels: ArrayLike<number>,
  variance0: number,
  { width, height }: Shape,
): void {
  for (let i = 0; i < pixels.length; i++) {
    const p = pixels[i]!;
    const finite = data[p]! - data[p]! === 0 && variance[p]! > 0 && variance[p]! < Infinity;
    if (finite && (mask[p]! & ~KEPT) === 0) continue;
    const x = p % width;
    const y = (p - x) / width;
    let sum = 0;
    let sumVariance = 0;
    let total = 0;
    for (let yy = Math.max(0, y - 2); yy <= Math.min(height - 1, y + 2); yy++) {
      for (let xx = Math.max(0, x - 2); xx <= Math.min(width - 1, x + 2); xx++) {
        const q = yy * width + xx;
        if (mask[q] !== 0) continue;
        const w = 1 / ((xx - x) ** 2 + (yy - y) ** 2);
        sum += w * data[q]!;
        sumVariance += w * variance[q]!;
        total += w;
      }
    }
    data[p] = total > 0 ? sum / total : 0;
    variance[p] = total > 0 ? sumVariance / total : variance0;
  }
}

/** Marks the pixels whose Lanczos-3 support, −2 … 3 about them, holds one of `pixels`. */
export function nearBad(pixels: ArrayLike<number>, { width, height }: Shape, out: Uint8Array): Uint8Array {
  out.fill(0);
  markNear(pixels, { width, height }, out);
  return out;
}

/** The same, added to what is marked. */
export function markNear(pixels: ArrayLike<number>, { width, height }: Shape, out: Uint8Array): void {
  for (let i = 0; i < pixels.length; i++) {
    const p = pixels[i]!;
    const x = p % width;
    const y = (p - x) / width;
    for (let yy = Math.max(0, y - 3); yy <= Math.min(height - 1, y + 2); yy++) {
      out.fill(1, yy * width + Math.max(0, x - 3), yy * width + Math.min(width - 1, x + 2) + 1);
    }
  }
}
