import type { StreakCells } from './streak-cells.ts';

/** A straight segment through the centres of two cells, and the S/N of what lies on it over the scatter of all such segments. */
export interface Segment {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
  readonly snr: number;
}

/** Shortest segments that are looked at, as a share of the longest, and in cells. */
const SHORTEST_SHARE = 2;
const SHORTEST = 32;

/**
 * Segments of all slopes and places whose S/N is above `threshold`, the best first. Sums along lines come from sums along halves of them, so all n²
 * lines of one octant cost n² log n additions, and each step on the way gives those of half the length: streaks that begin or end in the image.
 *
 * Source: Götz & Druckmüller 1996, Pattern Recognition 29, 711; Brady 1998, SIAM J. Comput. 27, 107; for streaks in astronomical images
 * Nir, Zackay & Ofek 2018, AJ 156, 229.
 */
export function brightSegments(cells: StreakCells, threshold: number): Segment[] {
  const found: Segment[] = [];
  let size = 1;
  while (size < Math.max(cells.columns, cells.rows)) size *= 2;
  const planes = Array.from({ length: 4 }, () => new Float32Array(size * (size + Math.max(cells.columns, cells.rows))));
  for (const isSteep of [false, true]) {
    for (const isFalling of [false, true]) {
      const turned = turn(cells, isSteep, isFalling);
      for (const { x0, y0, x1, y1, snr } of octant(turned, threshold, planes)) {
        const [v0, v1] = isFalling ? [turned.rows - 1 - y0, turned.rows - 1 - y1] : [y0, y1];
        found.push(isSteep ? { x0: v0, y0: x0, x1: v1, y1: x1, snr } : { x0, y0: v0, x1, y1: v1, snr });
      }
    }
  }
  return found.sort((a, b) => b.snr - a.snr || a.x0 - b.x0 || a.y0 - b.y0);
}

/** The cells with x and y exchanged, and turned upside down. */
function turn(cells: StreakCells, isSteep: boolean, isFalling: boolean): StreakCells {
  if (!isSteep && !isFalling) return cells;
  const [columns, rows] = isSteep ? [cells.rows, cells.columns] : [cells.columns, cells.rows];
  const move = (from: Float32Array): Float32Array => {
    const out = new Float32Array(from.length);
    for (let y = 0; y < rows; y++) {
      const v = isFalling ? rows - 1 - y : y;
      for (let x = 0; x < columns; x++) out[y * columns + x] = isSteep ? from[x * cells.columns + v]! : from[v * columns + x]!;
    }
    return out;
  };
  return { columns, rows, signal: move(cells.signal), weight: move(cells.weight) };
}

/**
 * Lines that rise by 0 to 45°. After step k the row `strip · w + rise` holds, for strips of w = 2^k columns, the sums along the lines that
 * enter the strip at each y (from −rise, offset by `pad`) and leave it `rise` higher.
 *
 * @param planes - four, of room for n · (n + rows): work space
 */
function octant({ columns, rows, signal, weight }: StreakCells, threshold: number, planes: readonly Float32Array[]): Segment[] {
  let size = 1;
  while (size < columns) size *= 2;
  const pad = size;
  const stride = rows + pad;
  let [s, w, s2, w2] = planes.map((plane) => plane.fill(0)) as [Float32Array, Float32Array, Float32Array, Float32Array];
  for (let x = 0; x < columns; x++) {
    for (let y = 0; y < rows; y++) {
      s[x * stride + pad + y] = signal[y * columns + x]!;
      w[x * stride + pad + y] = weight[y * columns + x]!;
    }
  }
  const found: Segment[] = [];
  const shortest = Math.min(size, Math.max(SHORTEST, size / SHORTEST_SHARE));
  for (let half = 1; half < size; half *= 2) {
    const width = 2 * half;
    for (let strip = 0; strip < size; strip += width) {
      for (let rise = 0; rise < width; rise++) {
        const near = rise >> 1;
        const shift = rise - near;
        const a = (strip + near) * stride + pad;
        const b = (strip + half + near) * stride + pad + shift;
        const o = (strip + rise) * stride + pad;
        const both = rows - shift;
        for (let y = -rise; y < both; y++) {
          s2[o + y] = s[a + y]! + s[b + y]!;
          w2[o + y] = w[a + y]! + w[b + y]!;
        }
        for (let y = Math.max(both, -rise); y < rows; y++) {
          s2[o + y] = s[a + y]!;
          w2[o + y] = w[a + y]!;
        }
      }
    }
    [s, s2, w, w2] = [s2, s, w2, w];
    if (width >= shortest) collect(s, w, { columns, rows, size, width, stride, pad }, threshold, found);
  }
  return found;
}

/** Lines beside a line whose mean is taken from it [cells]: structure of the sky or the detector that is wider than a streak. */
const FLANKS = [-5, -4, -3, 3, 4, 5] as const;

/** Segments above the threshold that are the best of their neighbours along y. */
function collect(
  s: Float32Array,
  w: Float32Array,
  { columns, rows, size, width, stride, pad }: Record<'columns' | 'rows' | 'size' | 'width' | 'stride' | 'pad', number>,
  threshold: number,
  found: Segment[],
): void {
  const snrAt = (row: number, y: number, rise: number): number => {
    const p = row + y;
    if (!(w[p]! > 0)) return 0;
    let [sum, weight] = [0, 0];
    for (const d of FLANKS) {
      if (y + d < -rise || y + d >= rows) continue;
      sum += s[p + d]!;
      weight += w[p + d]!;
    }
    return weight > 0 ? (s[p]! / w[p]! - sum / weight) / Math.sqrt(1 / w[p]! + 1 / weight) : 0;
  };
  const some: number[] = [];
  for (let k = 0; k < SAMPLES; k++) {
    const strip = Math.floor((((k * 7) % 64) / 64) * (size / width)) * width;
    const rise = (k * 31) % width;
    const y = (k * 101) % rows;
    const snr = snrAt((strip + rise) * stride + pad, y, rise);
    if (snr !== 0) some.push(Math.abs(snr));
  }
  const scale = some.length < 100 ? 1 : Math.max(1, some.sort((a, b) => a - b)[some.length >> 1]! / 0.6745);
  const limit = threshold * scale;
  for (let strip = 0; strip < size; strip += width) {
    for (let rise = 0; rise < width; rise++) {
      const row = (strip + rise) * stride + pad;
      for (let y = -rise; y < rows; y++) {
        const value = s[row + y]!;
        // Flanks are near 0: what is far below the limit without them is below it with them.
        if (!(value > 0 && value * value > 0.49 * limit * limit * w[row + y]!)) continue;
        const snr = snrAt(row, y, rise);
        if (snr < limit || (y > -rise && snrAt(row, y - 1, rise) > snr) || (y + 1 < rows && snrAt(row, y + 1, rise) >= snr))
          continue;
        // The part of the line inside the image.
        const slope = rise / Math.max(1, width - 1);
        const last = Math.min(width - 1, columns - 1 - strip);
        const from = slope > 0 ? Math.max(0, -y / slope) : 0;
        const to = slope > 0 ? Math.min(last, (rows - 1 - y) / slope) : last;
        if (to - from < SHORTEST / 2) continue;
        found.push({ x0: strip + from, y0: y + from * slope, x1: strip + to, y1: y + to * slope, snr: snr / scale });
      }
    }
  }
}

/** Segments that tell the scatter of S/N. */
const SAMPLES = 4096;
