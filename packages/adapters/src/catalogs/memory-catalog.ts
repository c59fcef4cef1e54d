import type { ReferenceCatalog, ReferenceStars } from '@colibri/pipeline';
import { selectCone } from './tables/star-table.ts';

/** A catalogue that lives in memory, for tests and for tables of a few thousand entries. */
export function memoryCatalog(stars: ReferenceStars): ReferenceCatalog {
  const table = { ...stars, ids: [] };
  const bandNames = [...stars.bands.keys()];
  return {
    name: stars.name,
    cone: async (raDeg, decDeg, radiusDeg, limit) =>
      selectCone(stars.name, [table], { raDeg, decDeg, radiusDeg }, limit, { epochJyear: stars.epochJyear, bandNames }),
  };
}
