/**
 * Triangles of bright points as scale-aware keys: the vertices in a fixed order (opposite the longest, middle and shortest side), the
 * longest side, and the two ratios of the others to it. Similar ideas: Groth, AJ 91, 1244 (1986); Valdes et al., PASP 107, 1119
 * (1995); here the nearly known plate scale makes the longest side a third coordinate, which thins out chance matches by ~100.
 */
export interface Triangles {
  readonly count: number;
  /** Vertices opposite the longest, the middle and the shortest side. */
  readonly first: Int32Array;
  readonly second: Int32Array;
  readonly third: Int32Array;
  /** Longest side [unit of the points]. */
  readonly side: Float64Array;
  /** Middle / longest and shortest / longest. */
  readonly middle: Float64Array;
  readonly shortest: Float64Array;
  /** Sign of the turn first → second → third: +1 counter-clockwise. */
  readonly turn: Int8Array;
}

/**
 * Triangles among the first `count` points, each point with its `neighbours` nearest in that set; each triangle once.
 * Triangles with a side below `minSide`, and nearly straight ones (no safe handedness), are left out.
 */
export function listTriangles(x: Float64Array, y: Float64Array, count: number, neighbours: number, minSide: number): Triangles {
  const near = nearestLists(x, y, count, neighbours);
  const isNear = new Uint8Array(count * count);
  let most = 0;
  for (let i = 0; i < count; i++) {
    for (const j of near[i]!) isNear[i * count + j] = 1;
    most += (near[i]!.length * (near[i]!.length - 1)) / 2;
  }
  const first = new Int32Array(most);
  const second = new Int32Array(most);
  const third = new Int32Array(most);
  const side = new Float64Array(most);
  const middle = new Float64Array(most);
  const shortest = new Float64Array(most);
  const turn = new Int8Array(most);
  let n = 0;
  for (let i = 0; i < count; i++) {
    const list = near[i]!;
    for (let p = 0; p < list.length; p++) {
      const j = list[p]!;
      for (let q = p + 1; q < list.length; q++) {
        const k = list[q]!;
        // met before from a vertex of lower index that has both others near
        if (j < i && isNear[j * count + i] && isNear[j * count + k]) continue;
        if (k < i && isNear[k * count + i] && isNear[k * count + j]) continue;
        // vertex, squared length of the opposite side; in falling order of the sides
        let v1 = i;
        let d1 = squared(x, y, j, k);
        let v2 = j;
        let d2 = squared(x, y, i, k);
        let v3 = k;
        let d3 = squared(x, y, i, j);
        let v = v1;
        let d = d1;
        if (d1 < d2) {
          v1 = v2;
          d1 = d2;
          v2 = v;
          d2 = d;
        }
        if (d2 < d3) {
          v = v2;
          d = d2;
          v2 = v3;
          d2 = d3;
          v3 = v;
          d3 = d;
        }
        if (d1 < d2) {
          v = v1;
          d = d1;
          v1 = v2;
          d1 = d2;
          v2 = v;
          d2 = d;
        }
        const cross = (x[v2]! - x[v1]!) * (y[v3]! - y[v1]!) - (x[v3]! - x[v1]!) * (y[v2]! - y[v1]!);
        if (d3 < minSide * minSide || Math.abs(cross) < 0.06 * d1) continue;
        first[n] = v1;
        second[n] = v2;
        third[n] = v3;
        side[n] = Math.sqrt(d1);
        middle[n] = Math.sqrt(d2 / d1);
        shortest[n] = Math.sqrt(d3 / d1);
        turn[n] = cross > 0 ? 1 : -1;
        n++;
      }
    }
  }
  return { count: n, first, second, third, side, middle, shortest, turn };
}

const squared = (x: Float64Array, y: Float64Array, i: number, j: number): number => (x[i]! - x[j]!) ** 2 + (y[i]! - y[j]!) ** 2;

/** For each of the first `count` points, the indices of its nearest `neighbours`. O(count²), for counts of a few hundred. */
function nearestLists(x: Float64Array, y: Float64Array, count: number, neighbours: number): Int32Array[] {
  const distances = new Float64Array(count);
  const lists: Int32Array[] = [];
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < count; j++) distances[j] = squared(x, y, i, j);
    const kept: number[] = [];
    for (let j = 0; j < count; j++) {
      if (j === i) continue;
      if (kept.length === neighbours && distances[j]! >= distances[kept[neighbours - 1]!]!) continue;
      let at = kept.length;
      while (at > 0 && distances[kept[at - 1]!]! > distances[j]!) at--;
      kept.splice(at, 0, j);
      if (kept.length > neighbours) kept.pop();
    }
    lists.push(Int32Array.from(kept));
  }
  return lists;
}

export interface TriangleTolerance {
  /** Relative tolerance of the longest side (scale unknown, distortion). */
  readonly scale: number;
  /** Floor of the tolerance of the ratios (distortion). */
  readonly ratio: number;
  /** Positional error of one point [unit of the points]: widens the ratio tolerance of small triangles. */
  readonly position: number;
}

/** Calls `visit(image triangle, reference triangle)` for every pair alike within the tolerance; `visit` returns true to stop. */
export function matchTriangles(
  image: Triangles,
  reference: Triangles,
  tolerance: TriangleTolerance,
  visit: (image: number, reference: number) => boolean,
): boolean {
  if (image.count === 0 || reference.count === 0) return false;
  const index = indexTriangles(reference, tolerance);
  for (let t = 0; t < image.count; t++) {
    const ratioTolerance = tolerance.ratio + (2 * tolerance.position) / image.side[t]!;
    const sideTolerance = tolerance.scale + tolerance.position / image.side[t]!;
    const logSide = Math.log(image.side[t]!);
    const s0 = Math.max(0, Math.floor((logSide - sideTolerance - index.logSide0) / index.step));
    const s1 = Math.min(index.sides - 1, Math.floor((logSide + sideTolerance - index.logSide0) / index.step));
    const m0 = Math.max(0, Math.floor((image.middle[t]! - ratioTolerance - 0.5) / index.cell));
    const m1 = Math.min(index.middles - 1, Math.floor((image.middle[t]! + ratioTolerance - 0.5) / index.cell));
    const h0 = Math.max(0, Math.floor((image.shortest[t]! - ratioTolerance) / index.cell));
    const h1 = Math.min(index.shorts - 1, Math.floor((image.shortest[t]! + ratioTolerance) / index.cell));
    for (let s = s0; s <= s1; s++) {
      for (let m = m0; m <= m1; m++) {
        const row = (s * index.middles + m) * index.shorts;
        if (h1 < h0) continue;
        const to = index.start[row + h1 + 1]!;
        for (let k = index.start[row + h0]!; k < to; k++) {
          const r = index.order[k]!;
          if (
            Math.abs(reference.middle[r]! - image.middle[t]!) <= ratioTolerance &&
            Math.abs(reference.shortest[r]! - image.shortest[t]!) <= ratioTolerance &&
            Math.abs(Math.log(reference.side[r]! / image.side[t]!)) <= sideTolerance &&
            visit(t, r)
          )
            return true;
        }
      }
    }
  }
  return false;
}

/** Reference triangles sorted into cells of (log side, middle, shortest). */
function indexTriangles(triangles: Triangles, tolerance: TriangleTolerance) {
  const cell = Math.max(0.02, tolerance.ratio);
  const step = Math.max(0.02, tolerance.scale);
  let low = Infinity;
  let high = -Infinity;
  for (let t = 0; t < triangles.count; t++) {
    low = Math.min(low, triangles.side[t]!);
    high = Math.max(high, triangles.side[t]!);
  }
  const logSide0 = Math.log(low);
  const sides = Math.floor((Math.log(high) - logSide0) / step) + 1;
  const middles = Math.floor(0.5 / cell) + 1;
  const shorts = Math.floor(1 / cell) + 1;
  const start = new Int32Array(sides * middles * shorts + 1);
  const cells = new Int32Array(triangles.count);
  for (let t = 0; t < triangles.count; t++) {
    const s = Math.min(sides - 1, Math.floor((Math.log(triangles.side[t]!) - logSide0) / step));
    const m = Math.max(0, Math.floor((triangles.middle[t]! - 0.5) / cell)); // the middle side is at least half the longest
    const c = (s * middles + m) * shorts + Math.floor(triangles.shortest[t]! / cell);
    cells[t] = c;
    start[c + 1]!++;
  }
  for (let c = 1; c < start.length; c++) start[c]! += start[c - 1]!;
  const next = start.slice();
  const order = new Int32Array(triangles.count);
  for (let t = 0; t < triangles.count; t++) order[next[cells[t]!]!++] = t;
  return { cell, step, logSide0, sides, middles, shorts, start, order };
}
