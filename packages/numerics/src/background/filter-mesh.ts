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
 * Median of the `size × size` cells around each cell, in place. Beyond the border the mesh continues point-reflected
 * (v(−k) = 2 v(0) − v(k)), so that a gradient passes unchanged; with `mirror`, symmetrically, so that a noise level stays positive.
 */
export function filterMesh(values: Float32Array, columns: number, rows: number, size: number, { mirror = false } = {}): void {
  const r = size >> 1;
  if (r === 0) return;
  const source = values.slice();
  const window = new Float64Array(size * size);
  const row = new Float64Array(columns);
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      let n = 0;
      for (let dy = -r; dy <= r; dy++) {
        const along = (i: number): number => extend((j) => source[j * columns + i]!, y + dy, rows, mirror);
        for (let dx = -r; dx <= r; dx++) window[n++] = extend(along, x + dx, columns, mirror);
      }
      row[x] = quantileInPlace(window, 0.5, n);
    }
    values.set(row, y * columns);
  }
}

function extend(at: (i: number) => number, i: number, n: number, mirror: boolean): number {
  if (i >= 0 && i < n) return at(i);
  const edge = i < 0 ? 0 : n - 1;
  const inside = Math.min(Math.max(2 * edge - i, 0), n - 1);
  return mirror ? at(inside) : 2 * at(edge) - at(inside);
}
