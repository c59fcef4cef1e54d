import { buildPointGrid, nearestInGrid } from '@colibri/numerics';
import type { PlanePositions } from './tangent-plane.ts';

/** Source `source[k]` is catalogue entry `entry[k]`. */
export interface MatchedSources {
  readonly source: Int32Array;
  readonly entry: Int32Array;
}

/**
 * Mutual nearest neighbours on the plane: each source with its nearest entry within `radius(source)`, kept where no other source is
 * nearer to that entry.
 */
export function matchSources(
  sources: PlanePositions,
  entries: PlanePositions,
  radius: (source: number) => number,
  most: number,
): MatchedSources {
  const grid = buildPointGrid(entries.xi, entries.eta, Math.max(most, 1e-3));
  const owner = new Int32Array(entries.xi.length).fill(-1);
  const distance = new Float64Array(entries.xi.length).fill(Infinity);
  for (let s = 0; s < sources.xi.length; s++) {
    const r = Math.min(most, radius(s));
    if (!(r > 0)) continue;
    const e = nearestInGrid(grid, sources.xi[s]!, sources.eta[s]!, r);
    if (e < 0) continue;
    const d = Math.hypot(entries.xi[e]! - sources.xi[s]!, entries.eta[e]! - sources.eta[s]!);
    if (d < distance[e]!) {
      distance[e] = d;
      owner[e] = s;
    }
  }
  const source: number[] = [];
  const entry: number[] = [];
  for (let e = 0; e < owner.length; e++) {
    if (owner[e]! < 0) continue;
    source.push(owner[e]!);
    entry.push(e);
  }
  return { source: Int32Array.from(source), entry: Int32Array.from(entry) };
}
