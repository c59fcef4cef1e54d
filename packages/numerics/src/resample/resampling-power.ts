import { type CoordinateGrid, cellArea } from './coordinate-grid.ts';
import { LANCZOS_PHASES, LANCZOS_STRIDE, lanczosTable } from './lanczos.ts';

/**
 * What resampling does to noise: the mean over the covered nodes of Σ w² · (area of a pixel), where w are the weights. For sums over areas
 * much larger than the support, the variance is that of the input pixels, so it is the sum of the resampled variances divided by
 * this number [1].
 */
export function resamplingPower(grid: CoordinateGrid, other: { width: number; height: number }): number {
  const powers = phasePowers();
  const powerAt = (place: number): number => powers[Math.floor((place - Math.floor(place)) * LANCZOS_PHASES + 0.5)]!;
  let sum = 0;
  let count = 0;
  for (let r = 0; r + 1 < grid.rows; r++) {
    for (let c = 0; c + 1 < grid.columns; c++) {
      const k = r * grid.columns + c;
      const area = cellArea(grid, c, r);
      // Eight places of the cell: phases repeat with the period of the nodes where the scale is 1.
      for (let s = 0; s < 8; s++) {
        const f = (s + 0.5) / 8;
        const g = (((s * 3) % 8) + 0.5) / 8;
        const u = mix(grid.u, k, grid.columns, f, g);
        const v = mix(grid.v, k, grid.columns, f, g);
        if (u < 2 || v < 2 || u > other.width - 6 || v > other.height - 6) continue;
        sum += powerAt(u) * powerAt(v) * area;
        count++;
      }
    }
  }
  return count === 0 ? 1 : sum / count;
}

/** Σ w² along one axis, by the phase. */
function phasePowers(): Float64Array {
  const table = lanczosTable();
  return Float64Array.from({ length: LANCZOS_PHASES + 1 }, (_, phase) => {
    let sum = 0;
    for (let j = 0; j < 6; j++) sum += table[phase * LANCZOS_STRIDE + j]! ** 2;
    return sum;
  });
}

function mix(a: Float64Array, k: number, columns: number, f: number, g: number): number {
  const left = a[k]! + g * (a[k + columns]! - a[k]!);
  const right = a[k + 1]! + g * (a[k + 1 + columns]! - a[k + 1]!);
  return left + f * (right - left);
}
