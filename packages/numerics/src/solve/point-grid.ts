/** Points of a plane sorted into square cells, for nearest neighbours and counts within a radius in O(1) each. */
export interface PointGrid {
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly cell: number;
  readonly x0: number;
  readonly y0: number;
  readonly columns: number;
  readonly rows: number;
  /** Point indices sorted by cell, and where each cell begins. */
  readonly order: Int32Array;
  readonly start: Int32Array;
}

/** Sorts the first `count` points into cells of side `cell`, enlarged where that would make more than ~4 cells a point. */
export function buildPointGrid(x: Float64Array, y: Float64Array, cell: number, count = x.length): PointGrid {
  let x0 = Infinity;
  let y0 = Infinity;
  let x1 = -Infinity;
  let y1 = -Infinity;
  for (let i = 0; i < count; i++) {
    if (!(Number.isFinite(x[i]!) && Number.isFinite(y[i]!))) continue;
    if (x[i]! < x0) x0 = x[i]!;
    if (x[i]! > x1) x1 = x[i]!;
    if (y[i]! < y0) y0 = y[i]!;
    if (y[i]! > y1) y1 = y[i]!;
  }
  if (!(x1 >= x0)) x0 = y0 = x1 = y1 = 0;
  const most = 4 * count + 64;
  const side = Math.max(cell, Math.sqrt(((x1 - x0) * (y1 - y0)) / most), (x1 - x0) / most, (y1 - y0) / most, 1e-12);
  const columns = Math.floor((x1 - x0) / side) + 1;
  const rows = Math.floor((y1 - y0) / side) + 1;
  const start = new Int32Array(columns * rows + 1);
  const cellOf = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const finite = Number.isFinite(x[i]!) && Number.isFinite(y[i]!);
    const c = finite ? Math.floor((y[i]! - y0) / side) * columns + Math.floor((x[i]! - x0) / side) : -1;
    cellOf[i] = c;
    if (c >= 0) start[c + 1]!++;
  }
  for (let c = 0; c < columns * rows; c++) start[c + 1]! += start[c]!;
  const next = start.slice();
  const order = new Int32Array(start[columns * rows]!);
  for (let i = 0; i < count; i++) if (cellOf[i]! >= 0) order[next[cellOf[i]!]!++] = i;
  return { x, y, cell: side, x0, y0, columns, rows, order, start };
}

/** Index of the nearest point within `radius` of (x, y), or −1. */
export function nearestInGrid(grid: PointGrid, x: number, y: number, radius: number): number {
  const c0 = Math.max(0, Math.floor((x - radius - grid.x0) / grid.cell));
  const c1 = Math.min(grid.columns - 1, Math.floor((x + radius - grid.x0) / grid.cell));
  const r0 = Math.max(0, Math.floor((y - radius - grid.y0) / grid.cell));
  const r1 = Math.min(grid.rows - 1, Math.floor((y + radius - grid.y0) / grid.cell));
  if (c1 < c0) return -1;
  let best = -1;
  let bestD2 = radius * radius;
  for (let r = r0; r <= r1; r++) {
    const to = grid.start[r * grid.columns + c1 + 1]!;
    for (let k = grid.start[r * grid.columns + c0]!; k < to; k++) {
      const i = grid.order[k]!;
      const d2 = (grid.x[i]! - x) ** 2 + (grid.y[i]! - y) ** 2;
      if (d2 <= bestD2) {
        bestD2 = d2;
        best = i;
      }
    }
  }
  return best;
}

/** Number of points within `radius` of (x, y). */
export function countInGrid(grid: PointGrid, x: number, y: number, radius: number): number {
  const c0 = Math.max(0, Math.floor((x - radius - grid.x0) / grid.cell));
  const c1 = Math.min(grid.columns - 1, Math.floor((x + radius - grid.x0) / grid.cell));
  const r0 = Math.max(0, Math.floor((y - radius - grid.y0) / grid.cell));
  const r1 = Math.min(grid.rows - 1, Math.floor((y + radius - grid.y0) / grid.cell));
  if (c1 < c0) return 0;
  let count = 0;
  for (let r = r0; r <= r1; r++) {
    const to = grid.start[r * grid.columns + c1 + 1]!;
    for (let k = grid.start[r * grid.columns + c0]!; k < to; k++) {
      const i = grid.order[k]!;
      if ((grid.x[i]! - x) ** 2 + (grid.y[i]! - y) ** 2 <= radius * radius) count++;
    }
  }
  return count;
}
