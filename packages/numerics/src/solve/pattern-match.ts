import { type Affine, affineShape, fitAffine, fitSimilarity } from './affine.ts';
import { type EvidenceLists, type MatchTolerance, matchEvidence, pairUnder, quickTest } from './match-evidence.ts';
import { buildPointGrid } from './point-grid.ts';
import { listTriangles, matchTriangles } from './triangles.ts';

/** Two point lists, brightest first, and what is known of the map between them. Lengths in one unit (arcsec, say). */
export interface PatternProblem {
  /** Detections about the middle of the image, multiplied by the expected scale. */
  readonly imageX: Float64Array;
  readonly imageY: Float64Array;
  /** Half the sides of the image. */
  readonly halfWidth: number;
  readonly halfHeight: number;
  /** Reference points about the expected direction of the middle of the image, and the radius of the disc they cover. */
  readonly referenceX: Float64Array;
  readonly referenceY: Float64Array;
  readonly coverage: number;
  /** How far from the origin the middle of the image may lie. */
  readonly searchRadius: number;
  /** Relative error of the expected scale. */
  readonly scaleTolerance: number;
  /** What is believed of the orientation, tried in this order at each depth of the lists. */
  readonly beliefs: readonly PatternBelief[];
  /** Error of one position, distortion of a few hundred pixels included. */
  readonly position: number;
  /** Accepted probability that a map is wrong. */
  readonly maxFalseAlarm: number;
}

export interface PatternBelief {
  /** Direction of the image's +y axis, from +Y towards −X [deg], ± tolerance; null: any. */
  readonly rotation: { readonly deg: number; readonly tolerance: number } | null;
  /** +1: image and reference have the same handedness; null: not known. */
  readonly parity: 1 | -1 | null;
}

export interface PatternSolution {
  /** Image → reference, both about their origins. */
  readonly map: Affine;
  /** ln of the odds against chance, number of trials taken off. */
  readonly evidence: number;
  readonly trials: number;
  readonly pairs: number;
  readonly method: 'triangles' | 'pairs' | 'shift';
  /** The error of positions that was assumed. */
  readonly position: number;
}

/** Nothing is tried further beyond this: the field then has no solution within a second. */
const MOST_TRIALS = 200_000;

/**
 * Finds the map from detections to reference points, or null where none is proven: patterns of bright points propose maps, every
 * proposal is tested against all bright points, and one is accepted only when chance would give it less often than `maxFalseAlarm`,
 * counting the number of proposals. Cost: O(n log n) in the lists, which are cut to a few hundred of the brightest.
 *
 * The test of proposals follows Lang et al., AJ 139, 1782 (2010), section 2.4; proposals are triangles (see triangles.ts), then pairs, then,
 * where the orientation is known well, single points.
 */
export function matchPattern(problem: PatternProblem): PatternSolution | null {
  const search = new Search(problem);
  for (const [n, depth] of LEVELS) if (search.triangles(n, depth)) return search.found;
  for (const [n, depth] of LEVELS.slice(0, 4)) if (search.segments(Math.min(n, 40), depth)) return search.found;
  for (const n of [6, 12, 25, 50]) if (search.shifts(n)) return search.found;
  return null;
}

/** Brightest detections, and depth of the reference list relative to the same density. */
const LEVELS: readonly (readonly [number, number])[] = [
  [20, 1.3],
  [40, 1.3],
  [40, 3],
  [30, 0.5],
  [80, 1.5],
  [150, 1.5],
  [60, 6],
  [200, 0.6],
];

/** One search: the lists, the proposals tried so far, and the solution once found. */
class Search {
  found: PatternSolution | null = null;
  private trials = 0;
  private readonly scratch = { x: new Float64Array(3), y: new Float64Array(3), X: new Float64Array(3), Y: new Float64Array(3) };
  private belief: PatternBelief;
  private readonly problem: PatternProblem;
  private readonly areaRatio: number;

  constructor(problem: PatternProblem) {
    this.problem = problem;
    this.belief = problem.beliefs[0]!;
    this.areaRatio = (Math.PI * problem.coverage ** 2) / (4 * problem.halfWidth * problem.halfHeight);
  }

  triangles(wanted: number, depth: number): boolean {
    const p = this.problem;
    const n = Math.min(wanted, p.imageX.length);
    const m = Math.min(Math.round(n * depth * this.areaRatio) + 5, p.referenceX.length);
    if (n < 4 || m < 4 || (n < wanted / 2 && wanted > 20)) return false;
    const neighbours = Math.min(n - 1, n <= 80 ? 14 : 9);
    const referenceNeighbours = Math.min(
      m - 1,
      Math.round(neighbours * Math.max(1, depth) + 3),
      Math.floor(Math.sqrt(160_000 / m)),
    );
    const minSide = 12 * p.position;
    const image = listTriangles(p.imageX, p.imageY, n, neighbours, minSide);
    const reference = listTriangles(p.referenceX, p.referenceY, m, referenceNeighbours, minSide * 0.9);
    const lists = this.lists(Math.max(60, n), Math.max(1, depth));
    const tolerance = { scale: p.scaleTolerance + 0.01, ratio: 0.008, position: 0.5 * p.position };
    for (const belief of p.beliefs) {
      this.belief = belief;
      const stopped = matchTriangles(image, reference, tolerance, (t, r) => {
        const turn = image.turn[t]! === reference.turn[r]! ? 1 : -1;
        if (belief.parity !== null && turn !== belief.parity) return false;
        const own = [image.first[t]!, image.second[t]!, image.third[t]!];
        const theirs = [reference.first[r]!, reference.second[r]!, reference.third[r]!];
        return this.propose(own, theirs, turn, lists, 'triangles') || this.trials > MOST_TRIALS;
      });
      if (stopped) return this.found !== null;
    }
    return false;
  }

  /** Pairs of points of equal separation: for sparse fields. */
  segments(wanted: number, depth: number): boolean {
    const p = this.problem;
    const n = Math.min(wanted, p.imageX.length);
    const m = Math.min(Math.round(n * depth * this.areaRatio) + 5, p.referenceX.length, 160);
    if (n < 3 || m < 3) return false;
    const minSide = 0.25 * Math.min(p.halfWidth, p.halfHeight);
    const reference = segmentsByLength(p.referenceX, p.referenceY, m, minSide, 2.3 * Math.hypot(p.halfWidth, p.halfHeight));
    const image = segmentsByLength(p.imageX, p.imageY, n, minSide, Infinity);
    const lists = this.lists(Math.max(60, n), Math.max(1, depth));
    for (const belief of p.beliefs) {
      this.belief = belief;
      const parities = belief.parity === null ? ([-1, 1] as const) : [belief.parity];
      for (let s = 0; s < image.length.length; s++) {
        const side = image.length[s]!;
        const slack = p.scaleTolerance * side + 2 * p.position;
        const own = [image.from[s]!, image.to[s]!];
        const beyond = lowerBound(reference.length, side + slack);
        for (let r = lowerBound(reference.length, side - slack); r < beyond; r++) {
          for (const parity of parities) {
            if (this.propose(own, [reference.from[r]!, reference.to[r]!], parity, lists, 'pairs')) return true;
            if (this.propose(own, [reference.to[r]!, reference.from[r]!], parity, lists, 'pairs')) return true;
          }
        }
        if (this.trials > MOST_TRIALS) return false;
      }
    }
    return false;
  }

  /** Single points, orientation and scale as expected: for cut-outs with a handful of stars. */
  shifts(wanted: number): boolean {
    const p = this.problem;
    const belief = p.beliefs.find(({ rotation, parity }) => rotation !== null && rotation.tolerance <= 1 && parity !== null);
    if (!belief) return false;
    this.belief = belief;
    const rotation = belief.rotation!;
    const parity = belief.parity!;
    const n = Math.min(wanted, p.imageX.length);
    const m = Math.min(p.referenceX.length, Math.round(n * 1.5 * this.areaRatio) + 5);
    const lists = this.lists(n, 1.5);
    const theta = (rotation.deg * Math.PI) / 180;
    const linear = { a: parity * Math.cos(theta), b: -Math.sin(theta), d: parity * Math.sin(theta), e: Math.cos(theta) };
    for (let i = 0; i < n; i++) {
      const x = linear.a * p.imageX[i]! + linear.b * p.imageY[i]!;
      const y = linear.d * p.imageX[i]! + linear.e * p.imageY[i]!;
      for (let j = 0; j < m; j++) {
        const c = p.referenceX[j]! - x;
        const f = p.referenceY[j]! - y;
        if (Math.hypot(c, f) > p.searchRadius) continue;
        this.trials++;
        const map = { ...linear, c, f };
        const growth = p.scaleTolerance + (rotation.tolerance * Math.PI) / 180;
        const tolerance = { base: 1.5 * p.position, growth, x: p.imageX[i]!, y: p.imageY[i]!, most: 6 * p.position };
        if (quickTest(map, lists, tolerance, [i], 3, -Infinity) > 1 && this.refine(map, lists, tolerance, 'shift')) return true;
        if (this.trials > MOST_TRIALS) return false;
      }
    }
    return false;
  }

  private lists(wanted: number, depth: number): EvidenceLists {
    const p = this.problem;
    const count = Math.min(wanted, p.imageX.length);
    const m = Math.min(p.referenceX.length, Math.round(count * Math.max(2, depth * 1.3) * this.areaRatio) + 10);
    return {
      x: p.imageX,
      y: p.imageY,
      count,
      grid: buildPointGrid(p.referenceX, p.referenceY, 6 * p.position, m),
      coverage: p.coverage,
      usedBy: new Int32Array(m),
    };
  }

  /** Tests the similarity that takes `own` to `theirs`; true when it is accepted. */
  private propose(
    own: readonly number[],
    theirs: readonly number[],
    parity: 1 | -1,
    lists: EvidenceLists,
    method: 'triangles' | 'pairs',
  ): boolean {
    const p = this.problem;
    if (!this.couldBe(own[0]!, own[1]!, theirs[0]!, theirs[1]!, parity)) return false;
    const n = own.length;
    const { x, y, X, Y } = this.scratch;
    let mx = 0;
    let my = 0;
    for (let k = 0; k < n; k++) {
      x[k] = p.imageX[own[k]!]!;
      y[k] = p.imageY[own[k]!]!;
      X[k] = p.referenceX[theirs[k]!]!;
      Y[k] = p.referenceY[theirs[k]!]!;
      mx += x[k]! / n;
      my += y[k]! / n;
    }
    const map = fitSimilarity(x, y, X, Y, n === 3 ? WEIGHTS_OF_3 : WEIGHTS_OF_2, parity);
    if (!map || !this.isPlausible(map, 1.5)) return false;
    this.trials++;
    if (this.trials > MOST_TRIALS) return false;
    let extent2 = 0;
    for (let k = 0; k < n; k++) extent2 = Math.max(extent2, (x[k]! - mx) ** 2 + (y[k]! - my) ** 2);
    const growth = 0.004 + p.position / Math.sqrt(extent2);
    const tolerance = { base: 1.5 * p.position, growth, x: mx, y: my, most: 12 * p.position };
    if (quickTest(map, lists, tolerance, own, 7, -5) < 4) return false;
    return this.refine(map, lists, tolerance, method);
  }

  /** Refits a promising map on all that agrees with it, tightening the tolerance, and weighs the result. */
  private refine(start: Affine, lists: EvidenceLists, loose: MatchTolerance, method: PatternSolution['method']): boolean {
    const p = this.problem;
    const parity = affineShape(start).parity;
    let map = start;
    let tolerance = loose;
    let parameters = method === 'shift' ? 2 : 4;
    let pairCount = 0;
    for (let round = 0; round < 6; round++) {
      const { image, reference } = pairUnder(map, lists, tolerance);
      pairCount = image.length;
      if (pairCount < 2) return false;
      const x = image.map((i) => p.imageX[i]!);
      const y = image.map((i) => p.imageY[i]!);
      const X = reference.map((j) => p.referenceX[j]!);
      const Y = reference.map((j) => p.referenceY[j]!);
      const weights = new Float64Array(pairCount).fill(1);
      const affine = pairCount >= 12 && round >= 2;
      const shiftOnly = method === 'shift' && pairCount < 5;
      parameters = affine ? 6 : shiftOnly ? 2 : 4;
      const next = affine
        ? fitAffine(x, y, X, Y, weights)
        : shiftOnly
          ? shifted(map, x, y, X, Y)
          : fitSimilarity(x, y, X, Y, weights, parity);
      if (!next) return false;
      map = next;
      const mx = x.reduce((a, b) => a + b) / pairCount;
      const my = y.reduce((a, b) => a + b) / pairCount;
      const growth = Math.max(0.001, tolerance.growth * 0.4);
      tolerance = { base: 1.5 * p.position, growth, x: mx, y: my, most: Math.max(3 * p.position, tolerance.most * 0.6) };
    }
    const shape = affineShape(map);
    if (!this.isPlausible(map, 1.2) || shape.distortion > 0.03) return false;
    const evidence = matchEvidence(map, lists, tolerance, parameters / 2) - Math.log(this.trials);
    if (!(evidence > -Math.log(p.maxFalseAlarm))) return false;
    this.found = { map, evidence, trials: this.trials, pairs: pairCount, method, position: p.position };
    return true;
  }

  /** A quick look at the similarity of two points alone: most proposals already miss the pointing or the orientation. */
  private couldBe(i1: number, i2: number, r1: number, r2: number, parity: 1 | -1): boolean {
    const p = this.problem;
    const x1 = parity * p.imageX[i1]!;
    const y1 = p.imageY[i1]!;
    const u = parity * p.imageX[i2]! - x1;
    const v = p.imageY[i2]! - y1;
    const U = p.referenceX[r2]! - p.referenceX[r1]!;
    const V = p.referenceY[r2]! - p.referenceY[r1]!;
    const norm = u * u + v * v;
    const cos = (u * U + v * V) / norm;
    const sin = (u * V - v * U) / norm;
    const reach = 1.6 * p.searchRadius + 0.05 * (Math.abs(x1) + Math.abs(y1)) + 8 * p.position;
    const c = p.referenceX[r1]! - cos * x1 + sin * y1;
    const f = p.referenceY[r1]! - sin * x1 - cos * y1;
    if (c * c + f * f > reach * reach) return false;
    const { rotation } = this.belief;
    if (!rotation) return true;
    const off = Math.abs((((Math.atan2(sin, cos) * 180) / Math.PI - rotation.deg + 540) % 360) - 180);
    return off <= 1.6 * rotation.tolerance + (200 * p.position) / Math.sqrt(norm);
  }

  /** Within what is known of scale, orientation and pointing, the tolerances stretched by `slack`. */
  private isPlausible(map: Affine, slack: number): boolean {
    const p = this.problem;
    if (Math.hypot(map.c, map.f) > p.searchRadius * slack) return false;
    const shape = affineShape(map);
    if (Math.abs(shape.scale - 1) > p.scaleTolerance * slack + 0.005) return false;
    const { rotation } = this.belief;
    if (rotation) {
      const off = Math.abs(((shape.rotationDeg - rotation.deg + 540) % 360) - 180);
      if (off > rotation.tolerance * slack + 0.2) return false;
    }
    return true;
  }
}

const WEIGHTS_OF_3 = Float64Array.of(1, 1, 1);
const WEIGHTS_OF_2 = Float64Array.of(1, 1, 0);

function shifted(map: Affine, x: number[], y: number[], X: number[], Y: number[]): Affine {
  const n = x.length;
  let c = 0;
  let f = 0;
  for (let i = 0; i < n; i++) {
    c += (X[i]! - map.a * x[i]! - map.b * y[i]!) / n;
    f += (Y[i]! - map.d * x[i]! - map.e * y[i]!) / n;
  }
  return { ...map, c, f };
}

function segmentsByLength(x: Float64Array, y: Float64Array, count: number, shortest: number, longest: number) {
  const all: { from: number; to: number; length: number }[] = [];
  for (let i = 0; i < count; i++) {
    for (let j = i + 1; j < count; j++) {
      const length = Math.hypot(x[i]! - x[j]!, y[i]! - y[j]!);
      if (length >= shortest && length <= longest) all.push({ from: i, to: j, length });
    }
  }
  all.sort((p, q) => p.length - q.length);
  return {
    from: Int32Array.from(all, (s) => s.from),
    to: Int32Array.from(all, (s) => s.to),
    length: Float64Array.from(all, (s) => s.length),
  };
}

function lowerBound(sorted: Float64Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
