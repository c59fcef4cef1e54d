import type { Compute } from '../compute.ts';
import type { Shape } from '../shape.ts';
import { medianOf } from '../stats/quantile.ts';

/** Residuals of an image in square cells: Σ r/σ² and Σ 1/σ² of the good pixels of each, so that S/N adds up along any set of cells. */
export interface StreakCells {
  readonly columns: number;
  readonly rows: number;
  readonly signal: Float32Array;
  readonly weight: Float32Array;
}

export interface Residuals extends Shape {
  /** Sky subtracted. */
  readonly data: Float32Array;
  /** 0: the pixel shows sky and nothing else known. */
  readonly mask: Uint16Array;
  /** 1 sigma of a pixel on a mesh of equal cells over the image, row-major. */
  readonly rms: Float32Array;
  readonly rmsColumns: number;
}

/** A cell counts at most so many of its sigmas [1]: a star left unmasked is one cell, a streak is hundreds. */
const MOST_SIGMA = 3;
/** Half a side of the square whose mean is taken away [cells]: what the mesh of the sky left, which is smooth. */
const SMOOTH = 6;
/** Parts of a row or column of cells whose own mean is taken away, and the most of it [sigma of a pixel]: bias that differs from row to row. */
const ROW_PARTS = 4;
const MOST_ROW = 0.3;

/** @param cellPix - side of a cell, about the FWHM of stars */
export async function streakCells(image: Residuals, cellPix: number, compute: Pick<Compute, 'sumCells'>): Promise<StreakCells> {
  const columns = Math.ceil(image.width / cellPix);
  const rows = Math.ceil(image.height / cellPix);
  const sums = { signal: new Float32Array(columns * rows), weight: new Float32Array(columns * rows) };
  const cells = await compute.sumCells(image, cellPix, { columns, rows, ...sums });
  const { signal, weight } = cells;
  for (let i = 0; i < signal.length; i++) {
    const most = MOST_SIGMA * Math.sqrt(weight[i]!);
    signal[i] = Math.min(Math.max(signal[i]!, -most), most);
  }
  flatten(cells);
  const most = MOST_ROW * medianOf(image.rms);
  destripe(cells, most, columns, rows, 1, columns);
  destripe(cells, most, rows, columns, columns, 1);
  return cells;
}

/** Residuals over σ² and 1/σ² of the good pixels of each cell. */
export function sumCells(
  { data, mask, rms, rmsColumns, width, height }: Residuals,
  cellPix: number,
  out: StreakCells,
): StreakCells {
  const { columns, signal, weight } = out;
  signal.fill(0);
  weight.fill(0);
  const rmsRows = rms.length / rmsColumns;
  for (let y = 0; y < height; y++) {
    const meshRow = Math.floor((y * rmsRows) / height) * rmsColumns;
    const row = Math.floor(y / cellPix) * columns;
    for (let c = 0; c < columns; c++) {
      const end = Math.min((c + 1) * cellPix, width);
      const sigma = rms[meshRow + Math.floor((c * cellPix * rmsColumns) / width)]!;
      let [sum, count] = [0, 0];
      for (let x = c * cellPix, p = y * width + x; x < end; x++, p++) {
        if (mask[p] !== 0) continue;
        sum += data[p]!;
        count++;
      }
      if (!(sigma > 0)) continue;
      signal[row + c]! += sum / (sigma * sigma);
      weight[row + c]! += count / (sigma * sigma);
    }
  }
  return out;
}

/** Takes the weighted mean of the square around each cell away. */
function flatten({ columns, rows, signal, weight }: StreakCells): void {
  const sums = boxSums(signal, columns, rows);
  const weights = boxSums(weight, columns, rows);
  for (let i = 0; i < signal.length; i++) if (weights[i]! > 0) signal[i]! -= (weight[i]! * sums[i]!) / weights[i]!;
}

/** Takes the mean of parts of rows away, but no more than `most`: `count` rows of `length` cells that lie `step` apart, rows `stride`. */
function destripe(
  { signal, weight }: StreakCells,
  most: number,
  length: number,
  count: number,
  step: number,
  stride: number,
): void {
  for (let row = 0; row < count; row++) {
    for (let part = 0; part < ROW_PARTS; part++) {
      const from = Math.floor((part * length) / ROW_PARTS);
      const to = Math.floor(((part + 1) * length) / ROW_PARTS);
      let [sum, total, cells] = [0, 0, 0];
      for (let k = from; k < to; k++) {
        const i = row * stride + k * step;
        sum += signal[i]!;
        total += weight[i]!;
        if (weight[i]! > 0) cells++;
      }
      if (cells < 8) continue;
      const mean = Math.min(Math.max(sum / total, -most), most);
      for (let k = from; k < to; k++) signal[row * stride + k * step]! -= mean * weight[row * stride + k * step]!;
    }
  }
}

function boxSums(values: Float32Array, columns: number, rows: number): Float64Array {
  const table = new Float64Array((columns + 1) * (rows + 1));
  for (let y = 0; y < rows; y++) {
    let sum = 0;
    for (let x = 0; x < columns; x++) {
      sum += values[y * columns + x]!;
      table[(y + 1) * (columns + 1) + x + 1] = table[y * (columns + 1) + x + 1]! + sum;
    }
  }
  const out = new Float64Array(columns * rows);
  for (let y = 0; y < rows; y++) {
    const [top, bottom] = [Math.min(y + SMOOTH + 1, rows) * (columns + 1), Math.max(y - SMOOTH, 0) * (columns + 1)];
    for (let x = 0; x < columns; x++) {
      const [left, right] = [Math.max(x - SMOOTH, 0), Math.min(x + SMOOTH + 1, columns)];
      out[y * columns + x] = table[top + right]! - table[top + left]! - table[bottom + right]! + table[bottom + left]!;
    }
  }
  return out;
}
