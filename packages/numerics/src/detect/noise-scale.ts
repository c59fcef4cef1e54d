import type { Compute } from '../compute.ts';
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

/** What one cell needs to be measured. */
export interface NoiseCellArgs extends Shape {
  readonly snr: Float32Array;
  /** Pixels with a label don't count. */
  readonly labels: Int32Array;
  readonly columns: number;
  readonly rows: number;
}

/**
 * Measures the noise that an S/N image really has: from the median and the lower quantiles, which sources don't reach. It is 1 where
 * the variance and the filter are right; more where noise is correlated or the sky is crowded with unresolved light.
 */
export async function measureNoiseScale(
  snr: Float32Array,
  labels: Int32Array,
  { width, height }: Shape,
  compute: Compute,
): Promise<NoiseScale> {
  const columns = Math.max(1, Math.round(width / CELL_PIX));
  const rows = Math.max(1, Math.round(height / CELL_PIX));
  const cells = columns * rows;
  const ranges = await compute.runTask('measureNoiseCells', { snr, labels, columns, rows, width, height }, cells, { chunk: 4 });
  const pairs = ranges.flat();
  const level = Float32Array.from({ length: cells }, (_, c) => pairs[2 * c]!);
  const sigma = Float32Array.from({ length: cells }, (_, c) => pairs[2 * c + 1]!);
  // A cell without sky: as the frame.
  const known = sigma.filter((s) => s > 0);
  const usual = known.length > 0 ? quantileInPlace(known, 0.5) : 1;
  for (let c = 0; c < cells; c++) {
    if (!(sigma[c]! > 0)) {
      sigma[c] = usual;
      level[c] = 0;
    }
  }
  return { columns, rows, level, sigma };
}

/** Level and sigma of cells `from` … `to − 1`, one after the other; NaN where too few pixels are left. A task of the pool. */
export function measureNoiseCells(
  { snr, labels, columns, rows, width, height }: NoiseCellArgs,
  from: number,
  to: number,
): number[] {
  const values = new Float32Array((Math.ceil(width / columns / STRIDE) + 1) * (Math.ceil(height / rows / STRIDE) + 1));
  const result: number[] = [];
  for (let c = from; c < to; c++) {
    const cx = c % columns;
    const cy = (c - cx) / columns;
    const x0 = Math.floor((cx * width) / columns);
    const x1 = Math.floor(((cx + 1) * width) / columns);
    const y1 = Math.floor(((cy + 1) * height) / rows);
    let n = 0;
    for (let y = Math.floor((cy * height) / rows); y < y1; y += STRIDE) {
      for (let i = y * width + x0; i < y * width + x1; i += STRIDE) {
        const v = snr[i]!;
        if (v !== 0 && labels[i] === 0) values[n++] = v;
      }
    }
    if (n < 100) {
      result.push(NaN, NaN);
      continue;
    }
    const half = Math.floor(n / 2);
    const median = quantileInPlace(values, 0.5, n);
    // The lower half is apart already.
    result.push(median, median - quantileInPlace(values, 0.15865525 * ((n - 1) / half), half + 1));
  }
  return result;
}
