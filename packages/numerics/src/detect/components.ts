import type { Shape } from '../shape.ts';

/** Pixels of the connected areas that reach a height, area by area. */
export interface Components {
  /** Pixel indices, those of one area together, ascending within it. */
  readonly pixels: Int32Array;
  /** First place of each area in `pixels`, and the end: length count + 1. */
  readonly starts: Int32Array;
}

/**
 * Joins pixels to 8-connected areas and keeps those that reach `least`. Areas come in the order of their first pixels.
 * Works on runs of neighbouring pixels: one look at each pixel, no plane of labels.
 *
 * @param candidates - pixel indices, ascending
 * Source: He, Chao & Suzuki 2008, IEEE TIP 17, 749 (run-based two-scan labelling), with union by path halving.
 */
export function connectedAreas(heights: Float32Array, candidates: Int32Array, { width }: Shape, least: number): Components {
  const { runs, places, highest, count } = findRuns(heights, candidates, width);
  const parent = joinRuns(runs, places, count, width);
  // Roots are the first run of their area.
  const size = new Int32Array(count);
  for (let r = count - 1; r >= 0; r--) {
    const root = rootOf(parent, r);
    if (highest[r]! > highest[root]!) highest[root] = highest[r]!;
    size[root]! += places[r + 1]! - places[r]!;
  }
  const starts: number[] = [0];
  const next = new Int32Array(count);
  let total = 0;
  for (let r = 0; r < count; r++) {
    if (parent[r] !== r || highest[r]! < least) continue;
    next[r] = total;
    total += size[r]!;
    starts.push(total);
  }
  const pixels = new Int32Array(total);
  for (let r = 0; r < count; r++) {
    const root = rootOf(parent, r);
    if (highest[root]! < least) continue;
    let to = next[root]!;
    for (let k = places[r]!; k < places[r + 1]!; k++) pixels[to++] = candidates[k]!;
    next[root] = to;
  }
  return { pixels, starts: Int32Array.from(starts) };
}

/** Runs of candidates side by side in one row: first pixel of each, its place in the list, its greatest height. */
function findRuns(heights: Float32Array, candidates: Int32Array, width: number) {
  const n = candidates.length;
  const runs = new Int32Array(n);
  const places = new Int32Array(n + 1);
  const highest = new Float32Array(n);
  let count = 0;
  let expected = -1;
  let rowEnd = 0;
  for (let k = 0; k < n; k++) {
    const p = candidates[k]!;
    if (p !== expected || p === rowEnd) {
      if (p >= rowEnd) rowEnd = (Math.floor(p / width) + 1) * width;
      runs[count] = p;
      places[count] = k;
      highest[count] = -Infinity;
      count++;
    }
    expected = p + 1;
    if (heights[p]! > highest[count - 1]!) highest[count - 1] = heights[p]!;
  }
  places[count] = n;
  return { runs, places, highest, count };
}

/** Union of runs that touch runs of the row below, diagonals included. */
function joinRuns(runs: Int32Array, places: Int32Array, count: number, width: number): Int32Array {
  const parent = new Int32Array(count);
  let below = 0; // first run that may still touch one of this row
  for (let r = 0; r < count; r++) {
    parent[r] = r;
    const first = runs[r]!;
    const last = first + places[r + 1]! - places[r]! - 1;
    const x = first % width;
    // The pixels below: one more on each side, but not around the border.
    const from = first - width - (x > 0 ? 1 : 0);
    const to = last - width + (last % width < width - 1 ? 1 : 0);
    while (below < r && runs[below]! + places[below + 1]! - places[below]! - 1 < from) below++;
    for (let q = below; q < r && runs[q]! <= to; q++) join(parent, r, q);
  }
  return parent;
}

function join(parent: Int32Array, a: number, b: number): void {
  const ra = rootOf(parent, a);
  const rb = rootOf(parent, b);
  if (ra < rb) parent[rb] = ra;
  else parent[ra] = rb;
}

function rootOf(parent: Int32Array, label: number): number {
  while (parent[label] !== label) {
    parent[label] = parent[parent[label]!]!;
    label = parent[label]!;
  }
  return label;
}
