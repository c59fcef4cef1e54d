import type { Shape } from '../shape.ts';
import { quantileInPlace } from '../stats/quantile.ts';

/** Level and sigma of an S/N image on a coarse grid: what it should be judged against. Between cell centres: bilinear. */
export interface NoiseScale {
  readonly columns: number;
  readonly rows: number;
  readonly level: Float32Array;
  readonly sigma: Float32Array;
}

/** Cells of about this many pixels hold enough independent places for sigma to 2 %. */
const CELL_PIX = 256;
/** Neighbouring values of a filtered image repeat each other. */
const STRIDE = 4;

/**
 * Measures the noise that an S/N image really has: from the median and the lower quantiles, which sources don't reach. It is 1 where
 * the variance and the filter are right; more where noise is correlated or the sky is crowded with unresolved light.
 *
 * @param exclude - pixels with a non-zero value don't count (sources found before); null: none
 */
export function measureNoiseScale(snr: Float32Array, exclude: Int32Array | null, { width, height }: Shape): NoiseScale {
  const columns = Math.max(1, Math.round(width / CELL_PIX));
  const rows = Math.max(1, Math.round(height / CELL_PIX));
  const level = new Float32Array(columns * rows);
  const sigma = new Float32Array(columns * rows);
  const values = new Float32Array((Math.ceil(width / columns / STRIDE) + 1) * (Math.ceil(height / rows / STRIDE) + 1));
  for (let cy = 0, c = 0; cy < rows; cy++) {
    for (let cx = 0; cx < columns; cx++, c++) {
      let n = 0;
      const x0 = Math.floor((cx * width) / columns);
      const x1 = Math.floor(((cx + 1) * width) / columns);
      for (let y = Math.floor((cy * height) / rows); y < Math.floor(((cy + 1) * height) / rows); y += STRIDE) {
        for (let i = y * width + x0; i < y * width + x1; i += STRIDE) {
          const v = snr[i]!;
          if (v !== 0 && (exclude === null || exclude[i] === 0)) values[n++] = v;
        }
      }
      if (n < 100) {
        sigma[c] = NaN;
        continue;
      }
      const median = quantileInPlace(values, 0.5, n);
      const low = quantileInPlace(values, 0.15865525, n);
      level[c] = median;
      sigma[c] = median - low;
    }
  }
  // A cell without sky: as the frame.
  const known = sigma.filter((s) => s > 0);
  const usual = known.length > 0 ? quantileInPlace(known, 0.5) : 1;
  for (let c = 0; c < sigma.length; c++) {
    if (!(sigma[c]! > 0)) {
      sigma[c] = usual;
      level[c] = 0;
    }
  }
  return { columns, rows, level, sigma };
}

/** Indices of the pixels above `level`, ascending. */
export function pixelsAbove(snr: Float32Array, level: number): Int32Array {
  let found = new Int32Array(65536);
  let n = 0;
  for (let i = 0; i < snr.length; i++) {
    if (!(snr[i]! > level)) continue;
    if (n === found.length) {
      const wider = new Int32Array(2 * n);
      wider.set(found);
      found = wider;
    }
    found[n++] = i;
  }
  return found.subarray(0, n);
}

/**
 * Brings an S/N image to its own noise where it is above `level` (a little below it too), in place: `(snr − mean) / sigma`.
 * @returns indices of the pixels that are then above `level`, ascending
 */
export function rescaleAbove(snr: Float32Array, scale: NoiseScale, { width, height }: Shape, level: number): Int32Array {
  const { columns, rows, level: means, sigma: sigmas } = scale;
  let least = Infinity;
  for (let c = 0; c < sigmas.length; c++) least = Math.min(least, means[c]! + level * sigmas[c]!);
  const found = pixelsAbove(snr, least);
  const right = columns > 1 ? 1 : 0;
  const up = rows > 1 ? columns : 0;
  // Place between cell centres by column once, by row when it changes.
  const cellX = new Int32Array(width);
  const partX = new Float32Array(width);
  for (let x = 0; x < width; x++) {
    const f = Math.min(Math.max(((x + 0.5) * columns) / width - 0.5, 0), columns - 1);
    cellX[x] = Math.min(Math.floor(f), Math.max(columns - 2, 0));
    partX[x] = f - cellX[x]!;
  }
  let n = 0;
  let rowStart = -width;
  let base = 0;
  let ty = 0;
  for (let k = 0; k < found.length; k++) {
    const i = found[k]!;
    if (i >= rowStart + width) {
      const y = Math.floor(i / width);
      rowStart = y * width;
      const f = Math.min(Math.max(((y + 0.5) * rows) / height - 0.5, 0), rows - 1);
      const cy = Math.min(Math.floor(f), Math.max(rows - 2, 0));
      base = cy * columns;
      ty = f - cy;
    }
    const tx = partX[i - rowStart]!;
    const a = base + cellX[i - rowStart]!;
    const mean =
      (1 - ty) * ((1 - tx) * means[a]! + tx * means[a + right]!) + ty * ((1 - tx) * means[a + up]! + tx * means[a + up + right]!);
    const sigma =
      (1 - ty) * ((1 - tx) * sigmas[a]! + tx * sigmas[a + right]!) +
      ty * ((1 - tx) * sigmas[a + up]! + tx * sigmas[a + up + right]!);
    const v = (snr[i]! - mean) / sigma;
    snr[i] = v;
    if (v > level) found[n++] = i;
  }
  return found.subarray(0, n);
}
