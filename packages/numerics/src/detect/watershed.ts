import type { Shape } from '../shape.ts';
import { type Components, connectedAreas } from './components.ts';

/** What decides that a summit is a source of its own. */
export interface WatershedLimits {
  /** Least height of a source's summit. */
  readonly detect: number;
  /** Height over the saddle to a higher summit, in units of the noise there. */
  readonly prominence: number;
  /** The same as a share of the saddle's height: ripples in the light of a bright neighbour. */
  readonly localContrast: number;
  /** The same as a share of the higher summit (source-extractor's DEBLEND_MINCONT, there of flux). */
  readonly contrast: number;
}

/** Catchment areas of the summits of an image, cut at a low level. */
export interface Basins {
  readonly count: number;
  /** Indices of the pixels that may have a label; none other has one. Those of one connected area lie together. */
  readonly pixels: Int32Array;
  /** One per pixel: 0 outside, else 1 + number of the basin. */
  readonly labels: Int32Array;
  /** Pixel index of each summit; its height. */
  readonly peakIndex: Int32Array;
  readonly peakHeight: Float32Array;
  /** Height of the highest saddle to another basin; 0 for one that touches none. */
  readonly saddle: Float32Array;
}

/**
 * Splits the part of `heights` above a level into one basin for each significant summit. Pixels are taken from the highest down;
 * each joins the basin of its highest labelled neighbour (8-connected). Where two basins meet, the lower one becomes part of the other
 * unless it stands out by all of `limits`. Areas that stay below `limits.detect` are dropped first. About O(n) in the
 * pixels above the level, whatever the crowding.
 *
 * @param candidates - indices of the pixels above the level, ascending
 * @param noise      - 1 sigma of `heights` at a pixel (above 1 in bright light)
 * @param solid      - true at pixels where no saddle can be: saturated cores and their trails stay one
 * Source: Vincent & Soille 1991, IEEE PAMI 13, 583 (flooding), with the prominence rule of a merge tree.
 */
export function watershed(
  heights: Float32Array,
  candidates: Int32Array,
  { width, height }: Shape,
  limits: WatershedLimits,
  noise: (pixel: number) => number,
  solid: (pixel: number) => boolean,
  labels: Int32Array,
): Basins {
  labels.fill(0);
  const areas = connectedAreas(heights, candidates, { width, height }, limits.detect, labels);
  const order = highestFirst(heights, areas);
  let capacity = 1024;
  let count = 0;
  let peakIndex = new Int32Array(capacity);
  let saddle = new Float32Array(capacity);
  let into = new Int32Array(capacity); // basin that swallowed this one, or itself
  let group = new Int32Array(capacity); // union-find over touching basins; the root is the group's highest basin
  const steps = [1, -1, width, -width, width + 1, width - 1, -width + 1, -width - 1];
  const touched = new Int32Array(8);
  const lastInside = width * (height - 1);

  for (let n = 0; n < order.length; n++) {
    const p = order[n]!;
    const x = p % width;
    const inside = x > 0 && x < width - 1 && p >= width && p < lastInside;
    let best = 0; // label of the highest labelled neighbour
    let bestHeight = -Infinity;
    let touchedCount = 0;
    let several = false;
    for (let s = 0; s < 8; s++) {
      const q = p + steps[s]!;
      if (!inside && !isNeighbour(x, p, q, width, height)) continue;
      const label = labels[q]!;
      if (label === 0) continue;
      if (touchedCount > 0 && touched[touchedCount - 1] !== label) several = true;
      touched[touchedCount++] = label;
      if (heights[q]! > bestHeight) {
        bestHeight = heights[q]!;
        best = label;
      }
    }
    if (best === 0) {
      if (count === capacity) {
        capacity *= 2;
        peakIndex = grown(peakIndex, capacity);
        into = grown(into, capacity);
        group = grown(group, capacity);
        const wider = new Float32Array(capacity);
        wider.set(saddle);
        saddle = wider;
      }
      peakIndex[count] = p;
      into[count] = group[count] = count;
      count++;
      labels[p] = count;
      continue;
    }
    labels[p] = best;
    if (!several) continue;
    const level = heights[p]!;
    for (let t = 0; t < touchedCount; t++) {
      const a = find(into, touched[t]! - 1);
      const b = find(into, best - 1);
      if (a === b) continue;
      const ga = find(group, a);
      const gb = find(group, b);
      if (ga === gb) continue;
      const aIsHigher = heights[peakIndex[ga]!]! >= heights[peakIndex[gb]!]!;
      const high = aIsHigher ? ga : gb;
      const low = aIsHigher ? gb : ga;
      const rise = heights[peakIndex[low]!]! - level;
      const own =
        !solid(p) &&
        heights[peakIndex[low]!]! >= limits.detect &&
        rise >= limits.localContrast * level &&
        rise >= limits.contrast * heights[peakIndex[high]!]! &&
        rise >= limits.prominence * noise(p);
      group[low] = high;
      if (own) {
        const other = find(into, aIsHigher ? a : b);
        saddle[low] = Math.max(saddle[low]!, level);
        saddle[other] = Math.max(saddle[other]!, level);
      } else {
        const other = find(into, aIsHigher ? a : b);
        into[low] = other;
        saddle[other] = Math.max(saddle[other]!, saddle[low]!);
      }
    }
  }

  // Keep basins with a summit above the limit; number them by position.
  const number = new Int32Array(count);
  const kept: number[] = [];
  for (let i = 0; i < count; i++) {
    if (find(into, i) === i && heights[peakIndex[i]!]! >= limits.detect) kept.push(i);
  }
  kept.sort((a, b) => peakIndex[a]! - peakIndex[b]!);
  for (const [k, i] of kept.entries()) number[i] = k + 1;
  for (let n = 0; n < order.length; n++) labels[order[n]!] = number[find(into, labels[order[n]!]! - 1)]!;
  return {
    count: kept.length,
    pixels: areas.pixels,
    labels,
    peakIndex: Int32Array.from(kept, (i) => peakIndex[i]!),
    peakHeight: Float32Array.from(kept, (i) => heights[peakIndex[i]!]!),
    saddle: Float32Array.from(kept, (i) => saddle[i]!),
  };
}

/** Root of i in a forest of parents, with path compression. */
function find(forest: Int32Array, i: number): number {
  let root = i;
  while (forest[root] !== root) root = forest[root]!;
  while (forest[i] !== root) {
    const next = forest[i]!;
    forest[i] = root;
    i = next;
  }
  return root;
}

function isNeighbour(x: number, p: number, q: number, width: number, height: number): boolean {
  if (q < 0 || q >= width * height) return false;
  const dx = (q % width) - x;
  return dx >= -1 && dx <= 1 && q !== p;
}

function grown(array: Int32Array, capacity: number): Int32Array<ArrayBuffer> {
  const wider = new Int32Array(capacity);
  wider.set(array);
  return wider;
}

/** The pixels of each area from the highest to the lowest. */
function highestFirst(heights: Float32Array, { pixels, starts }: Components): Int32Array {
  const order = pixels.slice();
  for (let a = 0; a + 1 < starts.length; a++) {
    const from = starts[a]!;
    const to = starts[a + 1]!;
    if (to - from > 40) order.set(sortDescending(heights, pixels.subarray(from, to)), from);
    else insertionSort(heights, order, from, to);
  }
  return order;
}

function insertionSort(heights: Float32Array, order: Int32Array, from: number, to: number): void {
  for (let i = from + 1; i < to; i++) {
    const p = order[i]!;
    const h = heights[p]!;
    let j = i - 1;
    while (j >= from && heights[order[j]!]! < h) {
      order[j + 1] = order[j]!;
      j--;
    }
    order[j + 1] = p;
  }
}

/** Pixel indices from the highest to the lowest value (all above 0), ties by place: by comparison, or by the bits of the floats. */
export function sortDescending(heights: Float32Array, candidates: Int32Array): Int32Array {
  const n = candidates.length;
  if (n < 3000) {
    // Height and place in one double: 32 bits of a positive float sort as an integer, the place breaks ties.
    const bits = new Uint32Array(heights.buffer, heights.byteOffset, heights.length);
    const packed = new Float64Array(n);
    for (let i = 0; i < n; i++) packed[i] = -bits[candidates[i]!]! * 4096 + i;
    packed.sort();
    const sorted = new Int32Array(n);
    for (let i = 0; i < n; i++) sorted[i] = candidates[((packed[i]! % 4096) + 4096) % 4096]!;
    return sorted;
  }
  const values = new Float32Array(n);
  let from = new Int32Array(n);
  let to = new Int32Array(n);
  for (let i = 0; i < n; i++) {
    values[i] = heights[candidates[i]!]!;
    from[i] = i;
  }
  const keys = new Uint32Array(values.buffer);
  const starts = new Int32Array(2048);
  for (let shift = 0; shift < 32; shift += 11) {
    starts.fill(0);
    for (let i = 0; i < n; i++) starts[2047 - ((keys[i]! >>> shift) & 2047)]!++;
    for (let b = 0, sum = 0; b < 2048; b++) {
      const c = starts[b]!;
      starts[b] = sum;
      sum += c;
    }
    for (let k = 0; k < n; k++) {
      const i = from[k]!;
      const b = 2047 - ((keys[i]! >>> shift) & 2047);
      to[starts[b]!++] = i;
    }
    [from, to] = [to, from];
  }
  for (let i = 0; i < n; i++) to[i] = candidates[from[i]!]!;
  return to;
}
