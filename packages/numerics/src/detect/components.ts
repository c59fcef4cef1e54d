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
 *
 * @param candidates - pixel indices, ascending
 * @param labels     - work space of one value per pixel, 0 on entry; 0 again on return
 * Source: Rosenfeld & Pfaltz 1966, J. ACM 13, 471 (two passes), with union by path halving.
 */
export function connectedAreas(
  heights: Float32Array,
  candidates: Int32Array,
  { width }: Shape,
  least: number,
  labels: Int32Array,
): Components {
  const n = candidates.length;
  const parent = new Int32Array(n + 1);
  const highest = new Float32Array(n + 1);
  let count = 0;
  for (let k = 0; k < n; k++) {
    const p = candidates[k]!;
    const x = p % width;
    let label = x > 0 && p > 0 ? labels[p - 1]! : 0;
    if (p >= width) {
      for (let q = x > 0 ? p - width - 1 : p - width, end = x < width - 1 ? p - width + 1 : p - width; q <= end; q++) {
        const other = labels[q]!;
        if (other === 0 || other === label) continue;
        label = label === 0 ? other : join(parent, label, other);
      }
    }
    if (label === 0) {
      label = ++count;
      parent[label] = label;
    }
    labels[p] = label;
    if (heights[p]! > highest[label]!) highest[label] = heights[p]!;
  }
  // Roots are the least label of their area, so one ascending pass carries heights and sizes to them.
  const size = new Int32Array(count + 1);
  for (let label = count; label >= 1; label--) {
    const root = rootOf(parent, label);
    if (highest[label]! > highest[root]!) highest[root] = highest[label]!;
  }
  for (let k = 0; k < n; k++) {
    const root = rootOf(parent, labels[candidates[k]!]!);
    labels[candidates[k]!] = root;
    if (highest[root]! >= least) size[root]!++;
  }
  const starts = [0];
  const place = new Int32Array(count + 1);
  let total = 0;
  for (let label = 1; label <= count; label++) {
    if (size[label] === 0) continue;
    place[label] = total;
    total += size[label]!;
    starts.push(total);
  }
  const pixels = new Int32Array(total);
  for (let k = 0; k < n; k++) {
    const p = candidates[k]!;
    const root = labels[p]!;
    labels[p] = 0;
    if (size[root] !== 0) pixels[place[root]!++] = p;
  }
  return { pixels, starts: Int32Array.from(starts) };
}

function rootOf(parent: Int32Array, label: number): number {
  while (parent[label] !== label) {
    parent[label] = parent[parent[label]!]!;
    label = parent[label]!;
  }
  return label;
}

function join(parent: Int32Array, a: number, b: number): number {
  const ra = rootOf(parent, a);
  const rb = rootOf(parent, b);
  if (ra < rb) {
    parent[rb] = ra;
    return ra;
  }
  parent[ra] = rb;
  return rb;
}
