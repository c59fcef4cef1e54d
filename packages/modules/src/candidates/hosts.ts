import type { Candidate } from '@colibri/contracts';
import type { ReferenceField } from './reference-field.ts';

/** Galaxies farther than this are no hosts [arcsec]; likelier than this by chance neither (svom.md §4.11). */
const WIDEST_ARCSEC = 30;
const MOST_CHANCE = 0.2;

/**
 * Galaxies that may be the host: P_cc = 1 − exp(−π r² σ(≤ m)) below 0.2, least first, at most three.
 *
 * σ(≤ m): galaxies per arcsec² by the r counts of Hogg et al. 1997, as Bloom, Kulkarni & Djorgovski (2002, AJ 123, 1111, eq. 1) give them.
 * A galaxy under the position itself counts as 0.5″ away: its light has a size.
 */
export function possibleHosts(field: ReferenceField, raDeg: number, decDeg: number): Candidate['hosts'] {
  const found: Candidate['hosts'] = [];
  for (const { index, separationArcsec } of field.index.within(raDeg, decDeg, WIDEST_ARCSEC)) {
    const mag = field.mag[index]!;
    if (field.stars.isStar[index] !== 0 || !Number.isFinite(mag)) continue;
    const chance = chanceOfGalaxy(mag, Math.max(0.5, separationArcsec));
    if (chance > MOST_CHANCE) continue;
    found.push({
      raDeg: field.raDeg[index]!,
      decDeg: field.decDeg[index]!,
      arcsec: separationArcsec,
      mag,
      band: field.band,
      chance,
    });
  }
  return found.sort((a, b) => a.chance - b.chance).slice(0, 3);
}

/** Probability that a galaxy as bright as `rMag` lies within `arcsec` by chance. */
export function chanceOfGalaxy(rMag: number, arcsec: number): number {
  const perArcsec2 = 10 ** (0.334 * (rMag - 22.963) + 4.32) / (3600 ** 2 * 0.334 * Math.LN10);
  return -Math.expm1(-Math.PI * arcsec ** 2 * perArcsec2);
}
