import { cellAt } from '../background/background-mesh.ts';
import type { Compute } from '../compute.ts';
import { MaskPlane } from '../mask-plane.ts';
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

/** Planes and limits that decide where areas are split; arrays in shared memory where there are threads. */
export interface FloodArgs extends Shape {
  readonly heights: Float32Array;
  readonly limits: WatershedLimits;
  /** Variance of the pixels and the sky's rms on a mesh: noise of `heights` at p is √(variance)/rms, at least 1. null: 1. */
  readonly noise: {
    readonly variance: Float32Array;
    readonly rms: Float32Array;
    readonly columns: number;
    readonly rows: number;
  } | null;
  /** No saddle is where it has SATURATED: saturated cores and their trails stay one. null: nowhere. */
  readonly mask: Uint16Array | null;
  /** 0 everywhere; filled. */
  readonly labels: Int32Array;
}

/**
 * Splits the part of `heights` above a level into one basin for each significant summit. In each connected area, pixels are taken from
 * the highest down; each joins the basin of its highest labelled neighbour (8-connected). Where two basins meet, the lower one becomes
 * part of the other unless it stands out by all of `limits`. Areas that stay below `limits.detect` are dropped first. About O(n) in the
 * pixels above the level, whatever the crowding; areas are shared out to the threads.
 *
 * @param candidates - indices of the pixels above the level, ascending
 * Source: Vincent & Soille 1991, IEEE PAMI 13, 583 (flooding), with the prominence rule of a merge tree.
 */
export async function watershed(args: FloodArgs, candidates: Int32Array, compute: Compute): Promise<Basins> {
  const { heights, labels } = args;
  const areas = connectedAreas(heights, candidates, args, args.limits.detect);
  const pixels = compute.int32(areas.pixels.length);
  const starts = compute.int32(areas.starts.length);
  pixels.set(areas.pixels);
  starts.set(areas.starts);
  const ranges = await compute.runTask('floodAreas', { ...args, pixels, starts }, starts.length - 1, { chunk: AREA_CHUNK });
  compute.free(pixels);
  compute.free(starts);
  const found = ranges.flat().sort((a, b) => a.peakIndex - b.peakIndex);
  const number = new Int32Array(areas.pixels.length + 1);
  for (let k = 0; k < found.length; k++) number[found[k]!.label] = k + 1;
  for (let k = 0; k < areas.pixels.length; k++) labels[areas.pixels[k]!] = number[labels[areas.pixels[k]!]!]!;
  return {
    count: found.length,
    pixels: areas.pixels,
    labels,
    peakIndex: Int32Array.from(found, (b) => b.peakIndex),
    peakHeight: Float32Array.from(found, (b) => heights[b.peakIndex]!),
    saddle: Float32Array.from(found, (b) => b.saddle),
  };
}

/** Areas in a range: enough work to be worth a message. */
const AREA_CHUNK = 256;

/** One basin as `floodAreas` leaves it: `label` is what its pixels carry until all are numbered. */
export interface FloodedBasin {
  readonly label: number;
  readonly peakIndex: number;
  readonly saddle: number;
}

/** Floods areas `from` … `to − 1`. A task of the pool: each area's pixels are its alone. */
export function floodAreas(args: FloodArgs & Components, from: number, to: number): FloodedBasin[] {
  const { heights, pixels, starts } = args;
  const begin = starts[from]!;
  const order = pixels.slice(begin, starts[to]!);
  const keys = valuesAt(heights, order);
  const basins: FloodedBasin[] = [];
  for (let a = from; a < to; a++) {
    const first = starts[a]! - begin;
    const last = starts[a + 1]! - begin;
    sortDescending(keys, order, first, last - 1);
    flood(args, order, first, last, starts[a]! + 1, basins);
  }
  return basins;
}

// A loop in a function of its own, and arrays as arguments: the compiler then knows it from one call to the next.
function valuesAt(values: Float32Array, pixels: Int32Array): Float32Array {
  const found = new Float32Array(pixels.length);
  for (let k = 0; k < pixels.length; k++) found[k] = values[pixels[k]!]!;
  return found;
}

/** Work space of `flood`, by basin of the area in hand. */
let capacity = 1024;
let peakIndex = new Int32Array(capacity);
let saddle = new Float32Array(capacity);
/** Basin that swallowed this one, or itself. */
let into = new Int32Array(capacity);
/** Union-find over touching basins; the root is the group's highest basin. */
let group = new Int32Array(capacity);
const touched = new Int32Array(8);

/**
 * Floods one area, whose pixels are `order[first..last)` from the highest down, and appends its basins.
 *
 * @param base - labels of the area's basins begin here: no other area has as many pixels in between
 */
function flood(args: FloodArgs, order: Int32Array, first: number, last: number, base: number, basins: FloodedBasin[]): void {
  const { heights, limits, labels } = args;
  const count = join(args, heights, labels, args.width, args.height, order, first, last);
  relabel(labels, order, first, last, base);
  for (let i = 0; i < count; i++) {
    if (into[i] === i && heights[peakIndex[i]!]! >= limits.detect) {
      basins.push({ label: base + i, peakIndex: peakIndex[i]!, saddle: saddle[i]! });
    }
  }
}

/** Gives the pixels the labels of their basins in place of those that the basins were begun with. */
function relabel(labels: Int32Array, order: Int32Array, first: number, last: number, base: number): void {
  for (let n = first; n < last; n++) labels[order[n]!] = base + find(into, labels[order[n]!]! - 1);
}

/** Labels the pixels, from the highest down, by the basins they run into, and joins basins; the number of those begun. */
function join(
  args: FloodArgs,
  heights: Float32Array,
  labels: Int32Array,
  width: number,
  height: number,
  order: Int32Array,
  first: number,
  last: number,
): number {
  const lastInside = width * (height - 1);
  let count = 0;
  for (let n = first; n < last; n++) {
    const p = order[n]!;
    const x = p % width;
    let best = 0; // a label of a neighbour; the highest one's where they differ
    let several = false;
    const inside = x > 0 && x < width - 1 && p >= width && p < lastInside;
    if (inside) {
      for (let q = p - width - 1; q <= p + width - 1; q += width) {
        const [left, middle, right] = [labels[q]!, labels[q + 1]!, labels[q + 2]!];
        if (left !== 0) {
          several ||= best !== 0 && best !== left;
          best = left;
        }
        if (middle !== 0) {
          several ||= best !== 0 && best !== middle;
          best = middle;
        }
        if (right !== 0) {
          several ||= best !== 0 && best !== right;
          best = right;
        }
      }
    } else {
      for (let s = 0; s < 8; s++) {
        const q = p + stepTo(s, width);
        const label = isNeighbour(x, p, q, width, height) ? labels[q]! : 0;
        if (label === 0 || label === best) continue;
        if (best !== 0) several = true;
        best = label;
      }
    }
    if (best === 0) {
      if (count === capacity) grow();
      peakIndex[count] = p;
      saddle[count] = 0;
      into[count] = group[count] = count;
      count++;
      labels[p] = count;
    } else if (several) meet(args, heights, labels, p, x);
    else labels[p] = best;
  }
  return count;
}

/** Offset of neighbour s of eight: the sides before the corners. */
function stepTo(s: number, width: number): number {
  const away = s & 1 ? -1 : 1;
  return away * (s < 2 ? 1 : s < 4 ? width : s < 6 ? width + 1 : width - 1);
}

/** Labels a pixel where basins meet, and joins those that do not stand out. */
function meet(args: FloodArgs, heights: Float32Array, labels: Int32Array, p: number, x: number): void {
  const { limits, mask, width, height } = args;
  let best = 0;
  let touchedCount = 0;
  let bestHeight = -Infinity;
  for (let s = 0; s < 8; s++) {
    const q = p + stepTo(s, width);
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
      heights[peakIndex[low]!]! >= limits.detect &&
      rise >= limits.localContrast * level &&
      rise >= limits.contrast * heights[peakIndex[high]!]! &&
      rise >= limits.prominence * noiseAt(args, p) &&
      (mask === null || (mask[p]! & MaskPlane.SATURATED) === 0);
    group[low] = high;
    const other = find(into, aIsHigher ? a : b);
    if (own) {
      saddle[low] = Math.max(saddle[low]!, level);
      saddle[other] = Math.max(saddle[other]!, level);
    } else {
      into[low] = other;
      saddle[other] = Math.max(saddle[other]!, saddle[low]!);
    }
  }
}

function noiseAt({ noise, width, height }: FloodArgs, p: number): number {
  if (noise === null) return 1;
  const rms = noise.rms[cellAt(noise, { width, height }, p)]!;
  return Math.sqrt(Math.max(noise.variance[p]! / (rms * rms), 1));
}

function grow(): void {
  capacity *= 2;
  peakIndex = grown(peakIndex);
  into = grown(into);
  group = grown(group);
  const wider = new Float32Array(capacity);
  wider.set(saddle);
  saddle = wider;
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

function grown(array: Int32Array): Int32Array<ArrayBuffer> {
  const wider = new Int32Array(capacity);
  wider.set(array);
  return wider;
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
