import { type Compute, gaussianKernel, type ReferencePlanes, type Shape } from '@colibri/numerics';

/** Light above this in the smoothed reference belongs to a source [sigma]. */
const THRESHOLD = 1.5;
/** Widths of the smoothing [pix]. */
const SIGMA_PIX = 2;

/**
 * A byte per pixel of the stack: 1 where the smoothed reference stands above its noise, which shows the outskirts of galaxies and stars that no
 * single frame does. To be called inside `compute.scope`; the plane is the caller's.
 */
export async function objectMap({ mean }: ReferencePlanes, shape: Shape, compute: Compute): Promise<Uint8Array> {
  const n = mean.length;
  const plane = compute.uint8(n);
  const smooth = compute.float32(n);
  const clean = compute.float32(n);
  const missing = compute.uint16(n);
  for (let i = 0; i < n; i++) {
    const v = mean[i]!;
    missing[i] = v - v === 0 ? 0 : 1;
    clean[i] = v - v === 0 ? v : 0;
  }
  await compute.convolve(clean, gaussianKernel(SIGMA_PIX, 3 * SIGMA_PIX), shape, smooth);
  const { level, rms, columns } = await compute.measureBackground(smooth, missing, { ...shape, meshPix: 128 });
  for (let y = 0; y < shape.height; y++) {
    const row = Math.min(Math.floor(((y + 0.5) * (level.length / columns)) / shape.height), level.length / columns - 1) * columns;
    for (let x = 0; x < shape.width; x++) {
      const cell = row + Math.min(Math.floor(((x + 0.5) * columns) / shape.width), columns - 1);
      const i = y * shape.width + x;
      plane[i] = smooth[i]! - level[cell]! > THRESHOLD * rms[cell]! ? 1 : 0;
    }
  }
  for (const temporary of [smooth, clean, missing]) compute.free(temporary);
  return plane;
}
