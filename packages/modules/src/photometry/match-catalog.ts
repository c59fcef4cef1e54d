import { buildPointGrid } from '@colibri/numerics';
import type { ReferenceCatalog, ReferenceStars, Stack } from '@colibri/pipeline';
import { localGeometry, propagateColumns, separationDeg } from '@colibri/sky';
import { julianYear } from '../astrometry/tangent-plane.ts';

/** Most entries of a cone. */
const LIMIT = 50_000;

/** The catalogue around a stack: the one cone that `catalogIndex` of its sources counts in. */
export async function stackCone(
  stack: Pick<Stack, 'wcs' | 'width' | 'height'>,
  catalog: ReferenceCatalog,
): Promise<ReferenceStars> {
  const { wcs, width, height } = stack;
  const [ra, dec] = wcs.pixelToSky((width - 1) / 2, (height - 1) / 2);
  const corners = [
    [0, 0],
    [width - 1, 0],
    [0, height - 1],
    [width - 1, height - 1],
  ].map(([x, y]) => wcs.pixelToSky(x!, y!));
  const radius = Math.max(...corners.map(([a, d]) => separationDeg(ra, dec, a, d)));
  return catalog.cone(ra, dec, radius + 5 / 3600, LIMIT);
}

export interface CatalogMatches {
  /** By source: entry, −1 none. Each entry belongs to one source at most. */
  readonly index: Int32Array;
  readonly arcsec: Float64Array;
}

/** Pairs sources with entries moved to the date: mutual nearest within `radiusArcsec`. */
export function matchStackSources(
  stack: Pick<Stack, 'wcs' | 'width' | 'height' | 'midMjdUtc'>,
  { x, y }: { readonly x: Float64Array; readonly y: Float64Array },
  stars: ReferenceStars,
  radiusArcsec: number,
): CatalogMatches {
  const scale = localGeometry(stack.wcs, stack.width / 2, stack.height / 2).pixelScaleArcsec;
  const moved = propagateColumns(stars, stars.epochJyear, julianYear(stack.midMjdUtc));
  const ex = new Float64Array(stars.count).fill(Number.NaN);
  const ey = new Float64Array(stars.count).fill(Number.NaN);
  for (let k = 0; k < stars.count; k++) {
    const place = stack.wcs.skyToPixel(moved.raDeg[k]!, moved.decDeg[k]!);
    if (place) [ex[k], ey[k]] = place;
  }
  const radius = radiusArcsec / scale;
  const grid = buildPointGrid(ex, ey, Math.max(radius, 4));
  const index = new Int32Array(x.length).fill(-1);
  const arcsec = new Float64Array(x.length).fill(Number.NaN);
  const owner = new Int32Array(stars.count).fill(-1);
  // All pairs within the radius, the nearest first.
  const pairs: [d: number, source: number, entry: number][] = [];
  for (let i = 0; i < x.length; i++) {
    const c0 = Math.max(0, Math.floor((x[i]! - radius - grid.x0) / grid.cell));
    const c1 = Math.min(grid.columns - 1, Math.floor((x[i]! + radius - grid.x0) / grid.cell));
    const r0 = Math.max(0, Math.floor((y[i]! - radius - grid.y0) / grid.cell));
    const r1 = Math.min(grid.rows - 1, Math.floor((y[i]! + radius - grid.y0) / grid.cell));
    if (!(c1 >= c0)) continue;
    for (let r = r0; r <= r1; r++) {
      for (let k = grid.start[r * grid.columns + c0]!; k < grid.start[r * grid.columns + c1 + 1]!; k++) {
        const e = grid.order[k]!;
        const d = Math.hypot(ex[e]! - x[i]!, ey[e]! - y[i]!);
        if (d <= radius) pairs.push([d, i, e]);
      }
    }
  }
  pairs.sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]);
  for (const [d, i, e] of pairs) {
    if (index[i]! >= 0 || owner[e]! >= 0) continue;
    index[i] = e;
    owner[e] = i;
    arcsec[i] = d * scale;
  }
  return { index, arcsec };
}
