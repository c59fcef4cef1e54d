import type { Candidate } from '@colibri/contracts';
import type { UnitPhotometry } from '@colibri/pipeline';
import { finite } from './numbers.ts';
import type { ReferenceField } from './reference-field.ts';

/** The catalogue's entry of a source of the stack. */
export function entryOfSource(sources: UnitPhotometry['sources'], i: number, catalog: string): Candidate['entry'] {
  return {
    catalog,
    arcsec: finite(sources.catalogArcsec[i]) ?? 0,
    mag: finite(sources.catalogMag[i]),
    isStar: sources.catalogIsStar[i] === 255 ? null : sources.catalogIsStar[i] === 1,
  };
}

/** The entry under a place that is no source of the stack: within 1″. */
export function entryNear(field: ReferenceField | null, raDeg: number, decDeg: number): Candidate['entry'] {
  const near = field?.index.nearest(raDeg, decDeg, 1);
  if (!field || !near) return null;
  const isStar = field.stars.isStar[near.index]!;
  return {
    catalog: field.stars.name,
    arcsec: near.separationArcsec,
    mag: finite(field.mag[near.index]),
    isStar: isStar === 255 ? null : isStar === 1,
  };
}

/** A star that moves more than 0.1″ a year and, by its own motion and that motion's error, is here now. */
export function properMotionStar(
  field: ReferenceField | null,
  raDeg: number,
  decDeg: number,
): { readonly masYr: number; readonly arcsec: number } | null {
  if (!field) return null;
  for (const { index, separationArcsec: arcsec } of field.index.within(raDeg, decDeg, 3)) {
    const masYr = Math.hypot(field.stars.pmRaMasYr[index]!, field.stars.pmDecMasYr[index]!);
    if (masYr >= 100) return { masYr, arcsec };
  }
  return null;
}
