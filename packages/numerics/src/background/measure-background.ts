import { assertPlane } from '../shape.ts';
import { truncationFactor } from '../stats/clipped-moments.ts';
import { medianOf } from '../stats/quantile.ts';
import { type BackgroundMesh, type BackgroundOptions, cellStart, meshGrid } from './background-mesh.ts';
import { cellScratch, cellStatistics, leastGoodPixels } from './cell-statistics.ts';
import { fillMesh, filterMesh } from './filter-mesh.ts';

/**
 * Background and noise on a mesh: in each cell the mode of the clipped pixel histogram, then a median filter over cells.
 * Pixels with a mask bit, NaN or infinite count as missing; cells with less than a fifth of good pixels are filled from neighbours.
 *
 * Source: Bertin & Arnouts 1996, A&AS 117, 393, section 4.
 */
export function measureBackground(image: Float32Array, mask: Uint16Array | null, options: BackgroundOptions): BackgroundMesh {
  assertPlane(image, options, 'The image');
  assertPlane(mask, options, 'The mask');
  const { width, height, meshPix = 64, clipSigma = 3 } = options;
  const grid = meshGrid(options, meshPix);
  const { columns, rows } = grid;
  const level = new Float32Array(columns * rows).fill(NaN);
  const rms = new Float32Array(columns * rows).fill(NaN);
  const scratch = cellScratch(Math.ceil(width / columns + 1) * Math.ceil(height / rows + 1));
  const truncation = truncationFactor(clipSigma);
  for (let cy = 0; cy < rows; cy++) {
    for (let cx = 0; cx < columns; cx++) {
      const x0 = cellStart(cx, columns, width);
      const x1 = cellStart(cx + 1, columns, width);
      const y0 = cellStart(cy, rows, height);
      const y1 = cellStart(cy + 1, rows, height);
      let n = 0;
      for (let y = y0; y < y1; y++) {
        for (let i = y * width + x0, e = y * width + x1; i < e; i++) {
          const v = image[i]!;
          if (Math.abs(v) <= 3e38 && (mask === null || mask[i] === 0)) scratch.values[n++] = v;
        }
      }
      if (n < leastGoodPixels((x1 - x0) * (y1 - y0))) continue;
      const found = cellStatistics(scratch, n, clipSigma, truncation);
      level[cy * columns + cx] = found.level;
      rms[cy * columns + cx] = found.rms;
    }
  }
  return finishMesh(level, rms, grid, options);
}

/** Fills, filters and summarises raw cell values (NaN: no value), which are changed in place. */
export function finishMesh(
  level: Float32Array,
  rms: Float32Array,
  { columns, rows }: { columns: number; rows: number },
  { meshPix = 64, filterCells = 3 }: BackgroundOptions,
): BackgroundMesh {
  const goodCells = level.reduce((n, v) => n + (Number.isNaN(v) ? 0 : 1), 0);
  if (goodCells > 0) {
    fillMesh(level, columns, rows);
    fillMesh(rms, columns, rows);
    filterMesh(level, columns, rows, filterCells);
    filterMesh(rms, columns, rows, filterCells);
  }
  return { meshPix, columns, rows, level, rms, globalLevel: medianOf(level), globalRms: medianOf(rms), goodCells };
}
