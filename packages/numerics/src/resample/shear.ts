import type { Shape } from '../shape.ts';
import type { CoordinateGrid } from './coordinate-grid.ts';

/** How far columns of a cell may lean on those of the input [pix/pix], and how much its scale may differ. */
const MOST_LEAN = 0.1;
const MOST_SCALE = 0.2;
/** Pixels from the lower and from the upper border of the input that the corners of a cell keep. */
const LOW = 5;
const HIGH = 9;

/**
 * How far a column of the cell of node (column, row) moves along the rows of the input per row [pix/pix]: rows of the support of its pixels are
 * interpolated where the column crosses them, so neighbours in a column share those values. 0 for cells that are turned or scaled too much
 * for that, or reach the border: theirs is the plain square.
 *
 * Source: the two passes of Catmull & Smith 1980, SIGGRAPH 14, 279.
 */
export function cellShear({ columns, u, v }: CoordinateGrid, column: number, row: number, { width, height }: Shape): number {
  const k = row * columns + column;
  const n = k + columns;
  const [u00, u10, u01, u11] = [u[k]!, u[k + 1]!, u[n]!, u[n + 1]!];
  const [v00, v10, v01, v11] = [v[k]!, v[k + 1]!, v[n]!, v[n + 1]!];
  const [ux, uy] = [(u10 - u00 + (u11 - u01)) / 32, (u01 - u00 + (u11 - u10)) / 32];
  const [vx, vy] = [(v10 - v00 + (v11 - v01)) / 32, (v01 - v00 + (v11 - v10)) / 32];
  const shear = uy / vy;
  const along = ux - shear * vx;
  const isNearly = (size: number): boolean => Math.abs(Math.abs(size) - 1) <= MOST_SCALE;
  if (!(Math.abs(shear) <= MOST_LEAN && Math.abs(vx) <= MOST_LEAN && isNearly(vy) && isNearly(along))) return 0;
  if (!(Math.min(u00, u10, u01, u11) >= LOW && Math.min(v00, v10, v01, v11) >= LOW)) return 0;
  if (!(Math.max(u00, u10, u01, u11) < width - HIGH && Math.max(v00, v10, v01, v11) < height - HIGH)) return 0;
  return shear;
}
