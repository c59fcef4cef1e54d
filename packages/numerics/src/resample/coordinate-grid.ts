import type { Shape } from '../shape.ts';

/** Pixels between the nodes of a grid of coordinates. */
export const GRID_STEP = 16;

/** Where the pixels of one image lie on another: coordinates at every 16th pixel, bilinear between. Row-major. */
export interface CoordinateGrid {
  readonly columns: number;
  readonly rows: number;
  /** 0-based coordinates [pix] in the other image of pixel (16 · column, 16 · row); far outside where there is none. */
  readonly u: Float64Array;
  readonly v: Float64Array;
}

/** Coordinates of nodes that have none: far outside of any image. */
const NOWHERE = -1e6;

/** Nodes between those at which `map` is called where it bends as little as coordinates do. */
const COARSE = 4;
/** Most that the middle of four by four nodes may be off then [pix]. */
const MOST_OFF = 1e-4;

/**
 * Coordinates at the nodes that cover `shape`. Between nodes they are wrong by at most 16² / 8 of their second derivative: of distortions of 1e-5
 * per pixel, 3e-4 pixel. `map` is called at every fourth node, and a cubic through 4 × 4 of those gives the ones between, if it is right in the
 * middle of them to 1e-4 pixel; else `map` itself.
 */
export function coordinateGrid(
  { width, height }: Shape,
  map: (x: number, y: number) => readonly [number, number] | null,
): CoordinateGrid {
  const columns = Math.ceil(width / GRID_STEP) + 1;
  const rows = Math.ceil(height / GRID_STEP) + 1;
  const u = new Float64Array(columns * rows);
  const v = new Float64Array(columns * rows);
  const at = (c: number, r: number): readonly [number, number] => {
    const place = map(c * GRID_STEP, r * GRID_STEP);
    return place !== null && Number.isFinite(place[0]) && Number.isFinite(place[1]) ? place : [NOWHERE, NOWHERE];
  };
  const wide = Math.ceil(columns / COARSE) + 3;
  const coarse = Array.from({ length: wide * (Math.ceil(rows / COARSE) + 3) }, (_, k) =>
    at(((k % wide) - 1) * COARSE, (Math.floor(k / wide) - 1) * COARSE),
  );
  for (let r0 = 0; r0 < rows; r0 += COARSE) {
    for (let c0 = 0; c0 < columns; c0 += COARSE) {
      const k = (r0 / COARSE) * wide + c0 / COARSE;
      const between = (c: number, r: number, axis: 0 | 1): number => bicubic(coarse, k, wide, axis, c - c0, r - r0);
      const [c1, r1] = [c0 + COARSE / 2, r0 + COARSE / 2];
      const [um, vm] = at(c1, r1);
      const isSmooth = Math.hypot(between(c1, r1, 0) - um, between(c1, r1, 1) - vm) < MOST_OFF && um !== NOWHERE;
      for (let r = r0; r < Math.min(r0 + COARSE, rows); r++) {
        for (let c = c0; c < Math.min(c0 + COARSE, columns); c++) {
          const [x, y] = isSmooth ? [between(c, r, 0), between(c, r, 1)] : at(c, r);
          u[r * columns + c] = x;
          v[r * columns + c] = y;
        }
      }
    }
  }
  return { columns, rows, u, v };
}

/** Weights of four equidistant nodes −1 … 2 by the quarters of the way from the second to the third (Lagrange). */
const CUBIC = Array.from({ length: COARSE }, (_, i) => {
  const t = i / COARSE;
  return [
    (-t * (t - 1) * (t - 2)) / 6,
    ((t + 1) * (t - 1) * (t - 2)) / 2,
    (-(t + 1) * t * (t - 2)) / 2,
    ((t + 1) * t * (t - 1)) / 6,
  ] as const;
});

/** Value `axis` at (c, r) quarters of the way, from the 4 × 4 places whose first is `k`. */
function bicubic(
  places: readonly (readonly [number, number])[],
  k: number,
  wide: number,
  axis: 0 | 1,
  c: number,
  r: number,
): number {
  const [a, b] = [CUBIC[c]!, CUBIC[r]!];
  let sum = 0;
  for (let j = 0, i = k; j < 4; j++, i += wide) {
    const row = a[0] * places[i]![axis] + a[1] * places[i + 1]![axis] + a[2] * places[i + 2]![axis] + a[3] * places[i + 3]![axis];
    sum += b[j]! * row;
  }
  return sum;
}

/** Coordinates in the other image of one pixel of this one, as `resample` computes them. */
export function gridAt({ columns, rows, u, v }: CoordinateGrid, x: number, y: number, out: Float64Array): void {
  const c = Math.min(Math.max(Math.floor(x / GRID_STEP), 0), columns - 2);
  const r = Math.min(Math.max(Math.floor(y / GRID_STEP), 0), rows - 2);
  const fx = x / GRID_STEP - c;
  const fy = y / GRID_STEP - r;
  const k = r * columns + c;
  out[0] = bilinear(u, k, columns, fx, fy);
  out[1] = bilinear(v, k, columns, fx, fy);
}

function bilinear(a: Float64Array, k: number, columns: number, fx: number, fy: number): number {
  const left = a[k]! + fy * (a[k + columns]! - a[k]!);
  const right = a[k + 1]! + fy * (a[k + 1 + columns]! - a[k + 1]!);
  return left + fx * (right - left);
}

/** Area [pix²] of the other image that one pixel covers, in the cell of node (column, row). */
export function cellArea({ columns, u, v }: CoordinateGrid, column: number, row: number): number {
  const k = row * columns + column;
  const du1 = u[k + 1 + columns]! - u[k]!;
  const dv1 = v[k + 1 + columns]! - v[k]!;
  const du2 = u[k + columns]! - u[k + 1]!;
  const dv2 = v[k + columns]! - v[k + 1]!;
  return Math.abs(du1 * dv2 - dv1 * du2) / (2 * GRID_STEP * GRID_STEP); // from the diagonals
}

/** First and last pixel (exclusive) of `shape` that may lie inside an image of the size `other`; by whole cells. */
export function gridBounds(
  { columns, rows, u, v }: CoordinateGrid,
  { width, height }: Shape,
  other: Shape,
): { readonly x0: number; readonly y0: number; readonly x1: number; readonly y1: number } {
  let [c0, c1, r0, r1] = [columns, -1, rows, -1];
  for (let r = 0; r + 1 < rows; r++) {
    for (let c = 0; c + 1 < columns; c++) {
      const k = r * columns + c;
      if (isBeyond(u, k, columns, other.width) || isBeyond(v, k, columns, other.height)) continue;
      c0 = Math.min(c0, c);
      c1 = Math.max(c1, c);
      r0 = Math.min(r0, r);
      r1 = Math.max(r1, r);
    }
  }
  if (c1 < 0) return { x0: 0, y0: 0, x1: 0, y1: 0 };
  return {
    x0: c0 * GRID_STEP,
    y0: r0 * GRID_STEP,
    x1: Math.min((c1 + 1) * GRID_STEP, width),
    y1: Math.min((r1 + 1) * GRID_STEP, height),
  };
}

/** Whether the corners of a cell all lie on one side of 0 … size. */
function isBeyond(a: Float64Array, k: number, columns: number, size: number): boolean {
  const [p, q, r, s] = [a[k]!, a[k + 1]!, a[k + columns]!, a[k + columns + 1]!];
  return Math.max(p, q, r, s) < 0 || Math.min(p, q, r, s) > size;
}
