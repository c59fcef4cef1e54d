import { ARCSEC, DEG } from '../angles.ts';
import { catalogLengths } from '../errors.ts';

/** An entry found near a position. */
export interface Neighbour {
  /** Its row in the columns that the index was made of. */
  readonly index: number;
  readonly separationArcsec: number;
}

/** Rows below which a node of the tree is searched one by one. */
const LEAF = 8;

/**
 * Points on the sphere, searched by angular distance: a balanced k-d tree over unit vectors, so that poles and
 * 0°/360° are places like any other. Building is O(N log N), a query O(log N + found). A row whose coordinates are
 * not finite is never found.
 */
export class SphereIndex {
  /** Rows that can be found. */
  readonly count: number;
  /** Row numbers, ordered as an implicit tree: the middle of each range is its root. */
  readonly #rows: Int32Array;
  /** Unit vectors in tree order, three per row. */
  readonly #vectors: Float64Array;

  constructor(raDeg: ArrayLike<number>, decDeg: ArrayLike<number>) {
    if (raDeg.length !== decDeg.length) throw catalogLengths({ ra: raDeg.length, dec: decDeg.length });
    const byRow = new Float64Array(3 * raDeg.length);
    const rows = new Int32Array(raDeg.length);
    let count = 0;
    for (let i = 0; i < raDeg.length; i++) {
      const ra = raDeg[i]!,
        dec = decDeg[i]!;
      if (!Number.isFinite(ra) || !(Math.abs(dec) <= 90)) continue;
      writeUnitVector(ra, dec, byRow, 3 * i);
      rows[count++] = i;
    }
    this.count = count;
    this.#rows = rows.subarray(0, count);
    sortAsTree(this.#rows, byRow, 0, count, 0);
    this.#vectors = new Float64Array(3 * count);
    for (let k = 0; k < count; k++) this.#vectors.set(byRow.subarray(3 * this.#rows[k]!, 3 * this.#rows[k]! + 3), 3 * k);
  }

  /** The closest entry within the radius [arcsec], or null. Of two at the same distance, the lower row. */
  nearest(raDeg: number, decDeg: number, maxRadiusArcsec: number): Neighbour | null {
    let best = -1,
      limit = chordSquared(maxRadiusArcsec);
    this.#visit(raDeg, decDeg, limit, (row, distance2) => {
      if (distance2 < limit || (distance2 === limit && (best < 0 || row < best))) {
        best = row;
        limit = distance2;
      }
      return limit;
    });
    return best < 0 ? null : { index: best, separationArcsec: arcsecOfChord(limit) };
  }

  /** Every entry within the radius [arcsec], border included, nearest first. */
  within(raDeg: number, decDeg: number, radiusArcsec: number): Neighbour[] {
    const limit = chordSquared(radiusArcsec);
    const found: Neighbour[] = [];
    this.#visit(raDeg, decDeg, limit, (index, distance2) => {
      found.push({ index, separationArcsec: arcsecOfChord(distance2) });
      return limit;
    });
    return found.sort((a, b) => a.separationArcsec - b.separationArcsec || a.index - b.index);
  }

  /** Calls `each` for every row closer than a squared chord, which it may lower as it goes. */
  #visit(raDeg: number, decDeg: number, chord2: number, each: (row: number, distance2: number) => number): void {
    if (!Number.isFinite(raDeg) || !Number.isFinite(decDeg) || !(chord2 >= 0)) return;
    const target = new Float64Array(3);
    writeUnitVector(raDeg, decDeg, target, 0);
    const vectors = this.#vectors,
      rows = this.#rows;
    let limit = chord2;
    const test = (k: number): void => {
      const dx = vectors[3 * k]! - target[0]!,
        dy = vectors[3 * k + 1]! - target[1]!,
        dz = vectors[3 * k + 2]! - target[2]!;
      const distance2 = dx * dx + dy * dy + dz * dz;
      if (distance2 <= limit) limit = each(rows[k]!, distance2);
    };
    const descend = (from: number, to: number, axis: number): void => {
      if (to - from <= LEAF) {
        for (let k = from; k < to; k++) test(k);
        return;
      }
      const middle = (from + to) >> 1;
      const delta = target[axis]! - vectors[3 * middle + axis]!;
      const next = axis === 2 ? 0 : axis + 1;
      if (delta <= 0) descend(from, middle, next);
      else descend(middle + 1, to, next);
      if (delta * delta <= limit) {
        test(middle);
        if (delta <= 0) descend(middle + 1, to, next);
        else descend(from, middle, next);
      }
    };
    descend(0, rows.length, 0);
  }
}

function writeUnitVector(raDeg: number, decDeg: number, out: Float64Array, at: number): void {
  const ra = raDeg / DEG,
    dec = decDeg / DEG;
  const c = Math.cos(dec);
  out[at] = c * Math.cos(ra);
  out[at + 1] = c * Math.sin(ra);
  out[at + 2] = Math.sin(dec);
}

/** Chord² of an angle; every angle from 180° on covers the sphere. A last bit is granted so that a radius equal to a distance finds it. */
function chordSquared(arcsec: number): number {
  if (!(arcsec >= 0)) return Number.NaN;
  const chord = 2 * Math.sin(Math.min(arcsec / ARCSEC, Math.PI) / 2);
  return (chord * (1 + 1e-12) + 1e-15) ** 2;
}

const arcsecOfChord = (chord2: number): number => 2 * Math.asin(Math.min(1, Math.sqrt(chord2) / 2)) * ARCSEC;

/** Orders rows[from, to) so that the middle splits them along one axis, then each half along the next. */
function sortAsTree(rows: Int32Array, vectors: Float64Array, from: number, to: number, axis: number): void {
  if (to - from <= LEAF) return;
  const middle = (from + to) >> 1;
  select(rows, vectors, from, to - 1, middle, axis);
  const next = axis === 2 ? 0 : axis + 1;
  sortAsTree(rows, vectors, from, middle, next);
  sortAsTree(rows, vectors, middle + 1, to, next);
}

/** Quickselect with the median of three: afterwards rows[k] is in its sorted place, smaller ones before it. */
function select(rows: Int32Array, vectors: Float64Array, low: number, high: number, k: number, axis: number): void {
  let left = low,
    right = high;
  const value = (i: number): number => vectors[3 * rows[i]! + axis]!;
  const swap = (i: number, j: number): void => {
    const kept = rows[i]!;
    rows[i] = rows[j]!;
    rows[j] = kept;
  };
  while (right > left) {
    const middle = (left + right) >> 1;
    if (value(middle) < value(left)) swap(middle, left);
    if (value(right) < value(left)) swap(right, left);
    if (value(right) < value(middle)) swap(right, middle);
    const pivot = value(middle);
    let i = left,
      j = right;
    while (i <= j) {
      while (value(i) < pivot) i++;
      while (value(j) > pivot) j--;
      if (i <= j) swap(i++, j--);
    }
    if (k <= j) right = j;
    else if (k >= i) left = i;
    else return;
  }
}
