import { buildPointGrid, nearestInGrid } from '@colibri/numerics';
import type { ForcedMeasurement, ForcedPlaces } from './forced-photometry.ts';

/** The same source in a renewed list [arcsec]. */
const SAME_ARCSEC = 0.5;

/**
 * What an earlier first look measured on a frame, for the places of now: those within half an arcsecond take its fluxes, places that were
 * not known then have no row. So a new frame costs what it costs itself. null: nothing was kept.
 */
export function keptMeasurement(before: ForcedMeasurement | undefined, places: ForcedPlaces): ForcedMeasurement | null {
  if (before === undefined || before.raDeg.length === 0) return null;
  const ra0 = before.raDeg[0]!;
  const cosDec = Math.cos((before.decDeg[0]! * Math.PI) / 180);
  const along = (ra: number): number => (((((ra - ra0 + 180) % 360) + 360) % 360) - 180) * cosDec * 3600;
  const grid = buildPointGrid(
    before.raDeg.map(along),
    before.decDeg.map((d) => d * 3600),
    5,
  );
  const now: number[] = [];
  const then: number[] = [];
  for (let i = 0; i < places.raDeg.length; i++) {
    const k = nearestInGrid(grid, along(places.raDeg[i]!), places.decDeg[i]! * 3600, SAME_ARCSEC);
    if (k < 0) continue;
    now.push(i);
    then.push(k);
  }
  const old = (values: Float64Array): Float64Array => Float64Array.from(then, (k) => values[k]!);
  const renewed = (values: Float64Array): Float64Array => Float64Array.from(now, (i) => values[i]!);
  return {
    image: before.image,
    psf: before.psf,
    source: Int32Array.from(now, (i) => places.source[i]!),
    raDeg: renewed(places.raDeg),
    decDeg: renewed(places.decDeg),
    flux: old(before.flux),
    fluxErr: old(before.fluxErr),
    chi2: old(before.chi2),
    flags: Int32Array.from(then, (k) => before.flags[k]!),
    zeroPointMag: renewed(places.zeroPointMag),
  };
}
