import { quantileInPlace } from '../stats/quantile.ts';

/** Fills NaN cells in place, ring by ring, with the mean of their good neighbours. All NaN stays all NaN. */
export function fillMesh(values: Float32Array, columns: number, rows: number): void {
  for (let left = values.length; left > 0; ) {
    const before = values.slice();
    let missing = 0;
    for (let y = 0; y < rows; y++) {
      for (let x = 0; x < columns; x++) {
        if (!Number.isNaN(before[y * columns + x]!)) continue;
        let sum = 0;
        let n = 0;
        for (let j = Math.max(0, y - 1); j <= Math.min(rows - 1, y + 1); j++) {
          for (let i = Math.max(0, x - 1); i <= Math.min(columns - 1, x + 1); i++) {
            const v = before[j * columns + i]!;
            if (Number.isNaN(v)) continue;
            sum += v;
            n++;
          }
        }
        if (n > 0) values[y * columns + x] = sum / n;
        else missing++;
      }
    }
    if (missing === 0 || missing === left) return;
    left = missing;
  }
}

/**
 * Median of the `size × size` cells around each cell, in place. At the border the window moves inside, and its values are first carried
 * to the cell along the median slopes within the window, so that a gradient passes unchanged and a bright galaxy in a corner does not.
 */
export function filterMesh(values: Float32Array, columns: number, rows: number, size: number): void {
  const r = size >> 1;
  if (r === 0) return;
  const source = values.slice();
  const window = new Float64Array(size * size);
  const at = (x: number, y: number): number => source[y * columns + x]!;
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      const box = {
        x0: inside(x, r, columns),
        x1: inside(x, r, columns) + Math.min(size, columns),
        y0: inside(y, r, rows),
        y1: 0,
      };
      box.y1 = box.y0 + Math.min(size, rows);
      const moved = box.x0 !== x - r || box.y0 !== y - r;
      const sx = moved ? medianStep(at, box, 1, 0) : 0;
      const sy = moved ? medianStep(at, box, 0, 1) : 0;
      let n = 0;
      for (let j = box.y0; j < box.y1; j++) {
        for (let i = box.x0; i < box.x1; i++) window[n++] = at(i, j) + (x - i) * sx + (y - j) * sy;
      }
      values[y * columns + x] = quantileInPlace(window, 0.5, n);
    }
  }
}

/** First cell of a window of half size r around i that stays within 0 … n − 1. */
function inside(i: number, r: number, n: number): number {
  return Math.max(0, Math.min(i - r, n - 2 * r - 1));
}

/** Median difference of neighbours along x or y inside a box; 0 for a box one cell wide. */
function medianStep(
  at: (x: number, y: number) => number,
  { x0, x1, y0, y1 }: { x0: number; x1: number; y0: number; y1: number },
  dx: number,
  dy: number,
): number {
  const steps = new Float64Array((x1 - x0) * (y1 - y0));
  let n = 0;
  for (let j = y0; j + dy < y1; j++) for (let i = x0; i + dx < x1; i++) steps[n++] = at(i + dx, j + dy) - at(i, j);
  return n === 0 ? 0 : quantileInPlace(steps, 0.5, n);
}
