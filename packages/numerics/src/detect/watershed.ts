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
  const areas = connectedAreas(heights, candidates, { width, height }, limits.detect);
  const order = highestFirst(heights, areas);
  let capacity = 1024;
  let count = 0;
  let peakIndex = new Int32Array(capacity);
  let saddle = new Float32Array(capacity);
  let into = new Int32Array(capacity); // basin that swallowed this one, or itself
  let group = new Int32Array(capacity); // union-find over touching basins; the root is the group's highest basin
  const steps = Int32Array.of(1, -1, width, -width, width + 1, width - 1, -width + 1, -width - 1);
  const touched = new Int32Array(8);
  const lastInside = width * (height - 1);

  for (let n = 0; n < order.length; n++) {
    const p = order[n]!;
    const x = p % width;
    let best = 0; // a label of a neighbour; the highest one's where they differ
    let several = false;
    if (x > 0 && x < width - 1 && p >= width && p < lastInside) {
      for (let s = 0; s < 8; s++) {
        const label = labels[p + steps[s]!]!;
        if (label === 0 || label === best) continue;
        if (best !== 0) several = true;
        best = label;
      }
    } else {
      for (let s = 0; s < 8; s++) {
        const label = isNeighbour(x, p, p + steps[s]!, width, height) ? labels[p + steps[s]!]! : 0;
        if (label === 0 || label === best) continue;
        if (best !== 0) several = true;
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
    if (!several) {
      labels[p] = best;
      continue;
    }
    let touchedCount = 0;
    let bestHeight = -Infinity;
    for (let s = 0; s < 8; s++) {
      const q = p + steps[s]!;
      if (!isNeighbour(x, p, q, width, height) || labels[q] === 0) continue;
      touched[touchedCount++] = labels[q]!;
      if (heights[q]! > bestHeight) {
        bestHeight = heights[q]!;
        best = labels[q]!;
      }
    }
    labels[p] = best;
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
  const keys = new Float32Array(order.length);
  for (let k = 0; k < order.length; k++) keys[k] = heights[order[k]!]!;
  for (let a = 0; a + 1 < starts.length; a++) sortDescending(keys, order, starts[a]!, starts[a + 1]! - 1);
  return order;
}

/** Sorts `keys[left..right]` from high to low and `order` with it, in place. Source: Sedgewick 1978, CACM 21, 847 (quicksort). */
export function sortDescending(keys: Float32Array, order: Int32Array, left: number, right: number): void {
  while (right - left > 16) {
    const middle = (left + right) >> 1;
    if (keys[middle]! > keys[left]!) swap(keys, order, middle, left);
    if (keys[right]! > keys[left]!) swap(keys, order, right, left);
    if (keys[right]! > keys[middle]!) swap(keys, order, right, middle);
    const pivot = keys[middle]!;
    let i = left;
    let j = right;
    while (i <= j) {
      while (keys[i]! > pivot) i++;
      while (keys[j]! < pivot) j--;
      if (i <= j) swap(keys, order, i++, j--);
    }
    // The shorter part by recursion: the depth stays logarithmic.
    if (j - left < right - i) {
      sortDescending(keys, order, left, j);
      left = i;
    } else {
      sortDescending(keys, order, i, right);
      right = j;
    }
  }
  for (let i = left + 1; i <= right; i++) {
    const key = keys[i]!;
    const p = order[i]!;
    let j = i - 1;
    while (j >= left && keys[j]! < key) {
      keys[j + 1] = keys[j]!;
      order[j + 1] = order[j]!;
      j--;
    }
    keys[j + 1] = key;
    order[j + 1] = p;
  }
}

function swap(keys: Float32Array, order: Int32Array, i: number, j: number): void {
  const key = keys[i]!;
  keys[i] = keys[j]!;
  keys[j] = key;
  const p = order[i]!;
  order[i] = order[j]!;
  order[j] = p;
}
