import type { Affine } from './affine.ts';
import { countInGrid, nearestInGrid, type PointGrid } from './point-grid.ts';

/** One list of detections to be explained by one list of reference points, both in the reference's unit, brightest first. */
export interface EvidenceLists {
  /** Detections, about the middle of the image. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** How many of the brightest detections are tested. */
  readonly count: number;
  /** Reference points to the depth that is compared. */
  readonly grid: PointGrid;
  /** Reference points cover a disc of this radius about the origin; detections that map outside are not counted. */
  readonly coverage: number;
  /** For each reference point: number of the test that used it last, so that each explains one detection. */
  readonly usedBy: Int32Array;
}

/** Tolerance of a match: `base + growth · distance` from (x, y), the middle of the points that gave the map. */
export interface MatchTolerance {
  readonly base: number;
  readonly growth: number;
  readonly x: number;
  readonly y: number;
  readonly most: number;
}

/** Detections and the reference points they fall on. */
export interface MatchedPairs {
  readonly image: number[];
  readonly reference: number[];
  /** Distance [unit of the reference]. */
  readonly distance: number[];
}

let testNumber = 0;

/** Pairs up detections and reference points under a map, brightest first, one to one. */
export function pairUnder(map: Affine, lists: EvidenceLists, tolerance: MatchTolerance): MatchedPairs {
  const pairs: MatchedPairs = { image: [], reference: [], distance: [] };
  testNumber++;
  for (let i = 0; i < lists.count; i++) {
    const X = map.a * lists.x[i]! + map.b * lists.y[i]! + map.c;
    const Y = map.d * lists.x[i]! + map.e * lists.y[i]! + map.f;
    const radius = toleranceAt(tolerance, lists.x[i]!, lists.y[i]!);
    const near = nearestInGrid(lists.grid, X, Y, radius);
    if (near < 0 || lists.usedBy[near] === testNumber) continue;
    lists.usedBy[near] = testNumber;
    pairs.image.push(i);
    pairs.reference.push(near);
    pairs.distance.push(Math.hypot(lists.grid.x[near]! - X, lists.grid.y[near]! - Y));
  }
  return pairs;
}

function toleranceAt(t: MatchTolerance, x: number, y: number): number {
  const dx = x - t.x;
  const dy = y - t.y;
  return Math.min(t.most, t.base + t.growth * Math.sqrt(dx * dx + dy * dy)); // Math.hypot is ten times slower
}

/**
 * A quick sequential test of a map: the log of how much likelier these coincidences are under a true map than by chance. Gives up as
 * soon as the balance falls below `giveUp`; three points of the hypothesis itself are not counted.
 */
export function quickTest(
  map: Affine,
  lists: EvidenceLists,
  tolerance: MatchTolerance,
  own: readonly number[],
  enough: number,
  giveUp: number,
): number {
  const matchShare = 0.25; // a spoilt list: many false detections, or a catalogue of other depth
  const logMiss = Math.log(1 - matchShare);
  const density = lists.grid.order.length / (Math.PI * lists.coverage ** 2);
  let balance = 0;
  testNumber++;
  for (let i = 0; i < lists.count; i++) {
    if (i === own[0] || i === own[1] || i === own[2]) continue;
    const X = map.a * lists.x[i]! + map.b * lists.y[i]! + map.c;
    const Y = map.d * lists.x[i]! + map.e * lists.y[i]! + map.f;
    if (X * X + Y * Y > lists.coverage ** 2) continue;
    const radius = toleranceAt(tolerance, lists.x[i]!, lists.y[i]!);
    const near = nearestInGrid(lists.grid, X, Y, radius);
    if (near < 0) balance += logMiss;
    else if (lists.usedBy[near] !== testNumber) {
      lists.usedBy[near] = testNumber;
      balance += Math.max(0, Math.log(matchShare / Math.min(0.6, density * Math.PI * radius * radius)));
    }
    if (balance < giveUp || balance > enough) return balance;
  }
  return balance;
}

/**
 * The evidence for a map [ln]: the likelihood ratio "true map : chance" of where the reference points fall among the detections,
 * averaged over how many detections the catalogue may know and how well positions may agree. By Markov's inequality a map that is
 * wrong reaches evidence E with probability ≤ e^−E, so that `E − ln(maps tried)` bounds the chance of a false solution. The density of
 * chance neighbours is the highest on three scales around each detection (clusters do not count for more than they prove), and the best contributions of
 * `spent` points are left out for the parameters that were fitted.
 */
export function matchEvidence(map: Affine, lists: EvidenceLists, tolerance: MatchTolerance, spent: number): number {
  const area = lists.grid.order.length > 0 ? (Math.PI * lists.coverage ** 2) / lists.grid.order.length : Infinity;
  const neighbourhood = Math.sqrt((12 * area) / Math.PI);
  const logChance: number[] = [];
  const distance2: number[] = [];
  let misses = 0;
  testNumber++;
  for (let i = 0; i < lists.count; i++) {
    const X = map.a * lists.x[i]! + map.b * lists.y[i]! + map.c;
    const Y = map.d * lists.x[i]! + map.e * lists.y[i]! + map.f;
    if (X * X + Y * Y > lists.coverage ** 2) continue;
    const radius = toleranceAt(tolerance, lists.x[i]!, lists.y[i]!);
    const near = nearestInGrid(lists.grid, X, Y, radius);
    if (near < 0) {
      misses++;
      continue;
    }
    if (lists.usedBy[near] === testNumber) continue;
    lists.usedBy[near] = testNumber;
    let density = 1 / area;
    for (let reach = Math.max(neighbourhood, 4 * radius), step = 0; step < 3; step++, reach /= 2) {
      density = Math.max(density, countInGrid(lists.grid, X, Y, reach) / (Math.PI * reach * reach));
    }
    logChance.push(Math.log(Math.min(1, density * Math.PI * radius * radius)));
    distance2.push(((lists.grid.x[near]! - X) ** 2 + (lists.grid.y[near]! - Y) ** 2) / (radius * radius));
  }
  // Rayleigh within the tolerance radius, sigma a third, a ninth and a twentieth of it, over the uniform density 1/(π radius²)
  let total = -Infinity;
  for (const share of [0.05, 0.15, 0.35, 0.6, 0.85]) {
    for (const sigma of [1 / 3, 1 / 9, 1 / 20]) {
      const gains = distance2.map((d2, k) => {
        const peak = (0.95 * Math.exp(-d2 / (2 * sigma * sigma))) / (2 * sigma * sigma) + 0.05;
        return Math.log((share * peak) / Math.exp(logChance[k]!) + (1 - share));
      });
      gains.sort((p, q) => q - p);
      let sum = misses * Math.log(1 - share);
      for (let k = Math.ceil(spent); k < gains.length; k++) sum += gains[k]!;
      total = logAdd(total, sum - Math.log(15));
    }
  }
  return total;
}

function logAdd(a: number, b: number): number {
  const high = Math.max(a, b);
  return high === -Infinity ? high : high + Math.log(Math.exp(a - high) + Math.exp(b - high));
}
