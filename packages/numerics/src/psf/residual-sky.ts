import { cellStart } from '../background/background-mesh.ts';
import type { Compute } from '../compute.ts';
import { medianOf } from '../stats/quantile.ts';
import type { PsfPlanes } from './psf-stars.ts';

/** Side of a cell [pix]. */
const CELL_PIX = 64;
/** Cells to each side whose mean a cell is drawn to: together some 320 pixels, whose mean is known to 1/250 sigma. */
const REACH = 2;
/** Pixels farther from 0 are no sky [sigma]. */
const CLIP = 5;
/** A cell differs from its surroundings by no more than this; more is a galaxy's or a halo's [sigma of such differences]. */
const MOST_SIGMA = 3;

/**
 * Subtracts what the background left behind, in place: the mean of source-free pixels in cells of 64 pixels, each drawn to the mean of its
 * surroundings as far as its noise asks for (empirical Bayes). Backgrounds are modes or medians, which are noisier than means, and lie below
 * the mean of skewed noise (shot noise: by half an electron); over the area of a PSF that is several per cent of a faint star.
 *
 * @param residual - image minus background and all known sources
 * @param sources - circles that are left out all the same: no model is perfect
 * Source: Efron & Morris 1973, JASA 68, 117.
 */
export async function subtractResidualSky(
  residual: Float32Array,
  { width, height, variance, mask }: PsfPlanes,
  sources: { readonly x: Float64Array; readonly y: Float64Array; readonly radius: Float64Array },
  compute: Compute,
): Promise<{ readonly level: Float32Array; readonly columns: number; readonly rows: number }> {
  const columns = Math.max(1, Math.round(width / CELL_PIX));
  const rows = Math.max(1, Math.round(height / CELL_PIX));
  const hidden = compute.uint8(width * height).fill(0);
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
  // Per cell: sums, pixels, and the variance of their mean.
  const sum = new Float64Array(columns * rows);
  const noise = new Float64Array(columns * rows);
  const count = new Int32Array(columns * rows);
  for (let r = 0; r < rows; r++) {
    for (let y = cellStart(r, rows, height); y < cellStart(r + 1, rows, height); y++) {
      for (let c = 0; c < columns; c++) {
        let s = 0;
        let v = 0;
        let n = 0;
        const to = y * width + cellStart(c + 1, columns, width);
        for (let p = y * width + cellStart(c, columns, width); p < to; p++) {
          const value = residual[p]!;
          const own = variance[p]!;
          if (hidden[p] !== 0 || mask[p] !== 0 || !(value * value < CLIP * CLIP * own)) continue;
          s += value;
          v += own;
          n++;
        }
        const cell = r * columns + c;
        sum[cell] = sum[cell]! + s;
        noise[cell] = noise[cell]! + v;
        count[cell] = count[cell]! + n;
      }
    }
  }
  compute.free(hidden);
  for (let c = 0; c < noise.length; c++) noise[c] = noise[c]! / count[c]! ** 2;
  const level = shrunkenMeans({ sum, count, noise }, columns, rows);
  await compute.subtractMesh(residual, level, { columns, rows }, { width, height }, residual);
  return { level, columns, rows };
}

/** Means of cells, drawn to those of their surroundings. 0 where there is no pixel far and wide. */
function shrunkenMeans(
  { sum, count, noise }: { sum: Float64Array; count: Int32Array; noise: Float64Array },
  columns: number,
  rows: number,
): Float32Array {
  const around = new Float64Array(sum.length);
  const squares: number[] = [];
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      let s = 0;
      let n = 0;
      for (let y = Math.max(0, r - REACH); y <= Math.min(rows - 1, r + REACH); y++) {
        for (let x = Math.max(0, c - REACH); x <= Math.min(columns - 1, c + REACH); x++) {
          s += sum[y * columns + x]!;
          n += count[y * columns + x]!;
        }
      }
      const cell = r * columns + c;
      around[cell] = n > 0 ? s / n : 0;
      // The middle value of the squares of Gaussian numbers is 0.4549 of their mean.
      if (count[cell]! > 0) squares.push((sum[cell]! / count[cell]! - around[cell]!) ** 2 / 0.4549 - noise[cell]!);
    }
  }
  const structure = squares.length === 0 ? 0 : Math.max(medianOf(Float64Array.from(squares)), 0);
  return Float32Array.from(around, (mean, cell) => {
    if (count[cell] === 0 || structure === 0) return mean;
    const spread2 = structure + noise[cell]!;
    const most = MOST_SIGMA * Math.sqrt(spread2);
    const difference = Math.min(Math.max(sum[cell]! / count[cell]! - mean, -most), most);
    return mean + (structure / spread2) * difference;
  });
}
