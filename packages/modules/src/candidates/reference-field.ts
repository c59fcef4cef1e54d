import type { ReferenceStars } from '@colibri/pipeline';
import { propagateColumns, SphereIndex } from '@colibri/sky';
import { referenceBand } from '../astrometry/reference-band.ts';
import { julianYear } from '../astrometry/tangent-plane.ts';

/** The catalogue around a unit, at the epoch of its light. */
export interface ReferenceField {
  readonly stars: ReferenceStars;
  readonly index: SphereIndex;
  readonly raDeg: Float64Array;
  readonly decDeg: Float64Array;
  /** In (or nearest to) the filter's band; NaN: none. */
  readonly mag: Float64Array;
  readonly band: string;
}

/** Moves the catalogue to the epoch and indexes it. null: no entries. */
export function referenceField(stars: ReferenceStars | null, filter: string, mjdUtc: number): ReferenceField | null {
  if (!stars || stars.count === 0) return null;
  const moved = propagateColumns(stars, stars.epochJyear, julianYear(mjdUtc));
  const band = referenceBand(stars, filter);
  return {
    stars,
    index: new SphereIndex(moved.raDeg, moved.decDeg),
    raDeg: moved.raDeg,
    decDeg: moved.decDeg,
    mag: band?.mag ?? new Float64Array(stars.count).fill(NaN),
    band: band?.label ?? 'none',
  };
}
