import type { Shape } from '../shape.ts';

/**
 * Laplacian of an image subsampled 2 × 2, negative values cut off, averaged back to full pixels and halved. In closed form: a quarter of
 * the sum over the four corners of max(0, v − (a + b) / 2), a and b being the two neighbours that the corner touches. For a single
 * bright pixel it is its height; NaN neighbours add nothing.
 *
 * Source: van Dokkum 2001, PASP 113, 1420, equations 2 to 7; the closed form is ours.
 */
export function laplacian(v: number, left: number, right: number, down: number, up: number): number {
  const t = v + v;
  return 0.125 * (corner(t - left - up) + corner(t - up - right) + corner(t - right - down) + corner(t - down - left));
}

function corner(excess: number): number {
  return excess > 0 ? excess : 0;
}

/**
 * Indices of the outermost pixels that `laplacianCandidates` leaves out, where they may be hits: beyond the border the image continues
 * with its edge, which can hide half of the Laplacian.
 */
export function borderCandidates(
  data: Float32Array,
  variance: Float32Array,
  mask: Uint16Array,
  threshold: number,
  { width, height }: Shape,
): number[] {
  const found: number[] = [];
  for (let y = 0; y < height; y++) {
    const inner = y > 0 && y < height - 1;
    for (let x = 0; x < width; x += inner && x === 0 && width > 1 ? width - 1 : 1) {
      const i = y * width + x;
      if (mask[i] !== 0) continue;
      const left = data[x > 0 ? i - 1 : i]!;
      const right = data[x < width - 1 ? i + 1 : i]!;
      const down = data[y > 0 ? i - width : i]!;
      const up = data[y < height - 1 ? i + width : i]!;
      if (2 * laplacian(data[i]!, left, right, down, up) > threshold * Math.sqrt(variance[i]!)) found.push(i);
    }
  }
  return found;
}

/**
 * Indices of good, finite pixels, the outermost of the image excepted, whose Laplacian exceeds `threshold` times the noise: that of the
 * pixel or of its four neighbours, whichever is less, so that the light of a hit does not hide it.
 */
export function laplacianCandidates(
  data: Float32Array,
  variance: Float32Array,
  mask: Uint16Array,
  threshold: number,
  { width, height }: Shape,
): Int32Array {
  const found: number[] = [];
  const t2 = threshold * threshold;
  for (let y = 1; y < height - 1; y++) {
    for (let i = y * width + 1, e = (y + 1) * width - 1; i < e; i++) {
      const v = data[i]!;
      if (mask[i] !== 0 || !(Math.abs(v) <= 3e38)) continue;
      const l = laplacian(v, data[i - 1]!, data[i + 1]!, data[i - width]!, data[i + width]!);
      const around = 0.25 * (variance[i - 1]! + variance[i + 1]! + variance[i - width]! + variance[i + width]!);
      const noise2 = around < variance[i]! ? around : variance[i]!;
      if (l * l > t2 * noise2) found.push(i);
    }
  }
  return Int32Array.from(found);
}
