import type { Compute } from '../compute.ts';
import { medianOf } from '../stats/quantile.ts';
import type { PsfPlanes } from './psf-stars.ts';

/** Side of a cell [pix]: wide enough that the mean of its pixels is known to 1/200 sigma. */
const CELL_PIX = 384;
/** Pixels farther from 0 are no sky [sigma]. */
const CLIP = 5;
const LEAST_PIXELS = 4000;

/**
 * Subtracts what the background left behind, in place: the mean of source-free pixels in cells of some 400 pixels. Backgrounds are modes or
 * medians, which lie below the mean of skewed noise (shot noise: by half an electron); over the area of a PSF that is several per
 * cent of a faint star.
 *
 * @param residual - image minus background and all known sources
 * @param sources - circles that are left out all the same: no model is perfect
 */
export async function subtractResidualSky(
  residual: Float32Array,
  { width, height, variance, mask }: PsfPlanes,
  sources: { readonly x: Float64Array; readonly y: Float64Array; readonly radius: Float64Array },
  compute: Compute,
): Promise<{ readonly level: Float32Array; readonly columns: number; readonly rows: number }> {
  const columns = Math.max(1, Math.round(width / CELL_PIX));
  const rows = Math.max(1, Math.round(height / CELL_PIX));
  const hidden = new Uint8Array(width * height);
  for (let s = 0; s < sources.x.length; s++) {
    const x = sources.x[s]!;
    const y = sources.y[s]!;
    const radius = sources.radius[s]!;
    if (!(radius > 0)) continue;
    for (let py = Math.max(0, Math.ceil(y - radius)); py <= Math.min(height - 1, Math.floor(y + radius)); py++) {
      const half = Math.sqrt(Math.max(radius * radius - (py - y) ** 2, 0));
      const from = Math.max(0, Math.ceil(x - half));
      const to = Math.min(width - 1, Math.floor(x + half));
      if (to >= from) hidden.fill(1, py * width + from, py * width + to + 1);
    }
  }
  const sum = new Float64Array(columns * rows);
  const count = new Int32Array(columns * rows);
  for (let y = 0; y < height; y++) {
    const row = Math.min(rows - 1, Math.floor((y * rows) / height)) * columns;
    for (let x = 0; x < width; x++) {
      const p = y * width + x;
      const value = residual[p]!;
      if (hidden[p] !== 0 || mask[p] !== 0 || !(value * value < CLIP * CLIP * variance[p]!)) continue;
      const cell = row + Math.min(columns - 1, Math.floor((x * columns) / width));
      sum[cell]! += value;
      count[cell]!++;
    }
  }
  const level = Float32Array.from(sum, (s, c) => (count[c]! < LEAST_PIXELS ? Number.NaN : s / count[c]!));
  const common = medianOf(level);
  for (let c = 0; c < level.length; c++) if (Number.isNaN(level[c])) level[c] = Number.isNaN(common) ? 0 : common;
  await compute.subtractMesh(residual, level, { columns, rows }, { width, height }, residual);
  return { level, columns, rows };
}
