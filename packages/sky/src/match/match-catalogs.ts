import { SphereIndex } from './sphere-index.ts';

/** Matched pairs as columns of one length: row in the first table, row in the second, distance [arcsec]. */
export interface CatalogMatch {
  readonly count: number;
  readonly first: Int32Array;
  readonly second: Int32Array;
  readonly separationArcsec: Float64Array;
}

/**
 * `mutual`: each is the other's nearest, so that no row appears twice (the default).
 * `nearest`: the nearest of the second table for every row of the first. `all`: every pair within the radius.
 */
export type MatchKind = 'mutual' | 'nearest' | 'all';

/** Pairs of two tables (ICRS [deg]) closer than a radius, in the order of the first table. O(N log N). */
export function matchCatalogs(
  ra1: ArrayLike<number>,
  dec1: ArrayLike<number>,
  ra2: ArrayLike<number>,
  dec2: ArrayLike<number>,
  radiusArcsec: number,
  kind: MatchKind = 'mutual',
): CatalogMatch {
  const index2 = new SphereIndex(ra2, dec2);
  const index1 = kind === 'mutual' ? new SphereIndex(ra1, dec1) : null;
  const first: number[] = [],
    second: number[] = [],
    separation: number[] = [];
  for (let i = 0; i < ra1.length; i++) {
    if (kind === 'all') {
      for (const { index, separationArcsec } of index2.within(ra1[i]!, dec1[i]!, radiusArcsec)) {
        first.push(i);
        second.push(index);
        separation.push(separationArcsec);
      }
      continue;
    }
    const found = index2.nearest(ra1[i]!, dec1[i]!, radiusArcsec);
    if (found === null) continue;
    if (index1 !== null && index1.nearest(ra2[found.index]!, dec2[found.index]!, radiusArcsec)?.index !== i) continue;
    first.push(i);
    second.push(found.index);
    separation.push(found.separationArcsec);
  }
  return {
    count: first.length,
    first: Int32Array.from(first),
    second: Int32Array.from(second),
    separationArcsec: Float64Array.from(separation),
  };
}
