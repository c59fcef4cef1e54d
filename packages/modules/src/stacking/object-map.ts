import { type Compute, gaussianKernel, type Shape } from '@colibri/numerics';

/**
 * Light above this in the smoothed reference belongs to a source [sigma]: so high that noise alone hardly reaches it, because what is masked for being
 * high leaves a sky that is too low (at 1.5 sigma by 0.07 of the stack's noise).
 */
const THRESHOLD = 3.5;
/** FWHM of the smoothing: stars, and outskirts of galaxies [pix]. */
const FWHMS_PIX = [4, 11] as const;
/** How far around a source is masked, in units of the smoothing: a Gaussian of this width about its pixels falls to `EDGE` there. */
const GROW = 1.5;
const EDGE = 0.03;

/** Pixels of the stack that share a byte of the map, on each axis. */
const STEP = 2;

export const objectMapShape = ({ width, height }: Shape): Shape => ({
  width: Math.ceil(width / STEP),
  height: Math.ceil(height / STEP),
});

/** Coordinate on the map of one on the stack. */
export const onObjectMap = (stack: number): number => (stack + 0.5) / STEP - 0.5;

/**
 * A byte per 2 × 2 pixels of the stack: 1 where the reference, smoothed by a little or by more, stands above its noise, and around that. It shows the
 * outskirts of galaxies and stars that no single frame does. The plane is the caller's.
 */
export async function objectMap(mean: Float32Array, shape: Shape, compute: Compute): Promise<Uint8Array> {
  const n = mean.length;
  const map = objectMapShape(shape);
  const plane = compute.uint8(map.width * map.height).fill(0);
  const smooth = compute.float32(n);
  const clean = compute.float32(n);
  const missing = compute.uint16(n);
  for (let i = 0; i < n; i++) {
    const v = mean[i]!;
    missing[i] = v - v === 0 ? 0 : 1;
    clean[i] = v - v === 0 ? v : 0;
  }
  for (const fwhm of FWHMS_PIX) {
    await compute.convolve(clean, gaussianKernel(fwhm), shape, smooth);
    const { level, rms, columns } = await compute.measureBackground(smooth, missing, { ...shape, meshPix: 128 });
    const rows = level.length / columns;
    for (let y = 0; y < shape.height; y++) {
      const row = Math.min(Math.floor(((y + 0.5) * rows) / shape.height), rows - 1) * columns;
      for (let x = 0; x < shape.width; x++) {
        const cell = row + Math.min(Math.floor(((x + 0.5) * columns) / shape.width), columns - 1);
        const i = y * shape.width + x;
        const isSource = missing[i] === 0 && smooth[i]! - level[cell]! > THRESHOLD * rms[cell]!;
        smooth[i] = isSource ? 1 : 0;
      }
    }
    const grown = compute.float32(n);
    await compute.convolve(smooth, gaussianKernel(GROW * fwhm), shape, grown);
    for (let y = 0, i = 0; y < shape.height; y++) {
      const row = Math.floor(y / STEP) * map.width;
      for (let x = 0; x < shape.width; x++, i++) if (grown[i]! > EDGE) plane[row + Math.floor(x / STEP)] = 1;
    }
    compute.free(grown);
  }
  for (const temporary of [smooth, clean, missing]) compute.free(temporary);
  return plane;
}
