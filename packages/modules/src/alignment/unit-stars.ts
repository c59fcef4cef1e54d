import { buildPointGrid, nearestInGrid, polynomialTermCount } from '@colibri/numerics';
import { type Distortion, type JointFrame, jointToPlane } from './joint-frame.ts';
import { mapPoint } from './plane-map.ts';

/** The catalogue around the unit, on the unit's plane at the epoch of its star positions. */
export interface UnitCatalog {
  readonly count: number;
  /** [arcsec] */
  readonly xi: Float64Array;
  readonly eta: Float64Array;
  /** Proper motion along them [arcsec/yr]. */
  readonly pmXi: Float64Array;
  readonly pmEta: Float64Array;
  readonly isStar: Uint8Array;
}

/** What was seen: star `star[k]` is source `source[k]` of frame `frame[k]` (of the list of joint frames); ordered by frame. */
export interface Sightings {
  readonly count: number;
  readonly frame: Int32Array;
  readonly source: Int32Array;
  readonly star: Int32Array;
}

/** Stars of the unit on its plane. Those with an entry first move by its proper motion. */
export interface UnitStars {
  readonly count: number;
  /** [arcsec]; changed by the fit. */
  readonly xi: Float64Array;
  readonly eta: Float64Array;
  /** Catalogue entry, −1: none. */
  readonly entry: Int32Array;
  readonly sightings: Sightings;
}

export interface MatchRadius {
  /** Of a source with the catalogue and with other frames: within this many of its errors … */
  readonly sigmas: number;
  /** … and this [pix] … */
  readonly floorPix: number;
  /** … but never farther [pix]. */
  readonly mostPix: number;
  /** Error of a sighting by frame and source, one axis [arcsec], without that of the catalogue. */
  readonly error: (frame: JointFrame, source: number) => number;
  /** Error of the catalogue, one axis [arcsec]. */
  readonly catalogArcsec: number;
}

/**
 * Finds the stars that the frames have in common with the catalogue and among each other: each source the nearest entry, and each entry
 * its nearest source of a frame; sources without an entry gather where those of other frames lie. In cells of a grid, so the time is linear.
 */
export function findStars(
  frames: readonly JointFrame[],
  distortion: (frame: JointFrame) => Distortion,
  catalog: UnitCatalog,
  radius: MatchRadius,
): UnitStars {
  const scale = frames[0]?.scale ?? 1;
  const most = radius.mostPix * scale;
  const grid = buildPointGrid(catalog.xi, catalog.eta, Math.max(most, 1e-3));
  const starOfEntry = new Int32Array(catalog.count).fill(-1);
  const loose = new LooseStars(most);
  const found: { frame: number; source: number; star: number; entry: number }[] = [];
  const entries: number[] = [];
  for (const [f, frame] of frames.entries()) {
    const at = onUnitPlane(frame, distortion(frame), frame.years, catalog);
    const reach = (s: number, other: number): number =>
      Math.min(most, radius.sigmas * Math.hypot(radius.error(frame, s), other) + radius.floorPix * frame.scale);
    const taken = nearestPairs(
      at.xi,
      at.eta,
      (s) => nearestInGrid(grid, at.xi[s]!, at.eta[s]!, reach(s, radius.catalogArcsec)),
      catalog.xi,
      catalog.eta,
      (s) => frame.centroid[s]! > 0,
    );
    const free: number[] = [];
    for (let s = 0; s < taken.length; s++) {
      const e = taken[s]!;
      if (e >= 0) {
        if (starOfEntry[e]! < 0) {
          starOfEntry[e] = entries.length;
          entries.push(e);
        }
        found.push({ frame: f, source: s, star: starOfEntry[e]!, entry: e });
      } else if (frame.centroid[s]! > 0) free.push(s);
    }
    for (const [s, star] of loose.add(f, free, at.xi, at.eta, (source) => reach(source, radius.error(frame, source))))
      found.push({ frame: f, source: s, star, entry: -1 });
  }
  return assemble(found, entries, loose, catalog);
}

/** Sources on the unit's plane. */
function onUnitPlane(frame: JointFrame, distortion: Distortion, _years: number, _catalog: UnitCatalog) {
  const n = frame.u.length;
  const xi = new Float64Array(n).fill(NaN);
  const eta = new Float64Array(n).fill(NaN);
  const point = new Float64Array(2);
  const row = new Float64Array(polynomialTermCount(Math.max(1, distortion.order)));
  for (let s = 0; s < n; s++) {
    if (!(frame.centroid[s]! > 0)) continue;
    jointToPlane(frame, distortion, frame.u[s]!, frame.v[s]!, point, row);
    mapPoint(frame.toUnit, point[0]!, point[1]!, point);
    xi[s] = point[0]!;
    eta[s] = point[1]!;
  }
  return { xi, eta };
}

/** For each source the target that `nearest` names, unless another source is nearer to that target. −1: none. */
function nearestPairs(
  xi: Float64Array,
  eta: Float64Array,
  nearest: (source: number) => number,
  targetXi: ArrayLike<number>,
  targetEta: ArrayLike<number>,
  isUsed: (source: number) => boolean,
): Int32Array {
  const target = new Int32Array(xi.length).fill(-1);
  const owner = new Map<number, { source: number; distance: number }>();
  for (let s = 0; s < xi.length; s++) {
    if (!isUsed(s)) continue;
    const t = nearest(s);
    if (t < 0) continue;
    const distance = Math.hypot(targetXi[t]! - xi[s]!, targetEta[t]! - eta[s]!);
    const rival = owner.get(t);
    if (rival && rival.distance <= distance) continue;
    if (rival) target[rival.source] = -1;
    owner.set(t, { source: s, distance });
    target[s] = t;
  }
  return target;
}

/** Stars that no catalogue knows, growing frame by frame: cells of the plane, each with the stars in it. */
class LooseStars {
  readonly xi: number[] = [];
  readonly eta: number[] = [];
  readonly #cells = new Map<number, number[]>();
  readonly #cell: number;

  constructor(cell: number) {
    this.#cell = Math.max(cell, 1e-3);
  }

  /** Joins the sources of one frame to stars, or makes new ones: pairs (source, star). */
  add(
    _frame: number,
    sources: readonly number[],
    xi: Float64Array,
    eta: Float64Array,
    reach: (source: number) => number,
  ): [number, number][] {
    const pick = Float64Array.from(sources, (s) => xi[s]!);
    const pickEta = Float64Array.from(sources, (s) => eta[s]!);
    const known = nearestPairs(
      pick,
      pickEta,
      (k) => this.#nearest(pick[k]!, pickEta[k]!, reach(sources[k]!)),
      this.xi,
      this.eta,
      () => true,
    );
    return sources.map((s, k): [number, number] => {
      if (known[k]! >= 0) return [s, known[k]!];
      const star = this.xi.length;
      this.xi.push(pick[k]!);
      this.eta.push(pickEta[k]!);
      const key = this.#key(Math.floor(pick[k]! / this.#cell), Math.floor(pickEta[k]! / this.#cell));
      const cell = this.#cells.get(key);
      if (cell) cell.push(star);
      else this.#cells.set(key, [star]);
      return [s, star];
    });
  }

  #key = (i: number, j: number): number => i * 67_108_864 + j;

  #nearest(x: number, y: number, radius: number): number {
    const i = Math.floor(x / this.#cell);
    const j = Math.floor(y / this.#cell);
    let best = -1;
    let least = radius;
    for (let di = -1; di <= 1; di++)
      for (let dj = -1; dj <= 1; dj++)
        for (const star of this.#cells.get(this.#key(i + di, j + dj)) ?? []) {
          const d = Math.hypot(this.xi[star]! - x, this.eta[star]! - y);
          if (d < least) {
            least = d;
            best = star;
          }
        }
    return best;
  }
}

function assemble(
  found: readonly { frame: number; source: number; star: number; entry: number }[],
  entries: readonly number[],
  loose: LooseStars,
  catalog: UnitCatalog,
): UnitStars {
  const seen = new Int32Array(loose.xi.length);
  for (const { star, entry } of found) if (entry < 0) seen[star]!++;
  // a source of one frame alone ties nothing
  const renumbered = new Int32Array(loose.xi.length).fill(-1);
  let count = entries.length;
  for (let star = 0; star < seen.length; star++) if (seen[star]! >= 2) renumbered[star] = count++;
  const kept = found.filter(({ star, entry }) => entry >= 0 || renumbered[star]! >= 0);
  const xi = new Float64Array(count);
  const eta = new Float64Array(count);
  const entry = new Int32Array(count).fill(-1);
  for (const [star, e] of entries.entries()) {
    xi[star] = catalog.xi[e]!;
    eta[star] = catalog.eta[e]!;
    entry[star] = e;
  }
  for (let star = 0; star < seen.length; star++) {
    if (renumbered[star]! < 0) continue;
    xi[renumbered[star]!] = loose.xi[star]!;
    eta[renumbered[star]!] = loose.eta[star]!;
  }
  return {
    count,
    xi,
    eta,
    entry,
    sightings: {
      count: kept.length,
      frame: Int32Array.from(kept, (k) => k.frame),
      source: Int32Array.from(kept, (k) => k.source),
      star: Int32Array.from(kept, (k) => (k.entry >= 0 ? k.star : renumbered[k.star]!)),
    },
  };
}
