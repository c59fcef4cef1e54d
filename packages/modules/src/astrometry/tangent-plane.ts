import { deprojectTangent, projectTangent, propagateColumns } from '@colibri/sky';

const RAD = Math.PI / 180;
const ARCSEC = 3600 / RAD;

export interface TangentPoint {
  readonly raDeg: number;
  readonly decDeg: number;
}

/** Standard coordinates, east and north [arcsec]. NaN beyond 80° of the tangent point. */
export interface PlanePositions {
  readonly xi: Float64Array;
  readonly eta: Float64Array;
}

export interface CatalogPositions {
  readonly count: number;
  readonly raDeg: Float64Array;
  readonly decDeg: Float64Array;
  /** μα·cos δ, μδ [mas/yr]; NaN counts as zero. */
  readonly pmRaMasYr: Float32Array;
  readonly pmDecMasYr: Float32Array;
  readonly epochJyear: number;
}

/** Catalogue entries moved to `epochJyear` (null: left at the catalogue's epoch) and projected about a point, in doubles throughout. */
export function projectCatalog(catalog: CatalogPositions, epochJyear: number | null, center: TangentPoint): PlanePositions {
  const { raDeg, decDeg } = epochJyear === null ? catalog : propagateColumns(catalog, catalog.epochJyear, epochJyear);
  const sinRa0 = Math.sin(center.raDeg * RAD);
  const cosRa0 = Math.cos(center.raDeg * RAD);
  const sinDec0 = Math.sin(center.decDeg * RAD);
  const cosDec0 = Math.cos(center.decDeg * RAD);
  const xi = new Float64Array(catalog.count);
  const eta = new Float64Array(catalog.count);
  for (let i = 0; i < catalog.count; i++) {
    const ra = raDeg[i]! * RAD;
    const dec = decDeg[i]! * RAD;
    const cosDec = Math.cos(dec);
    const x = cosDec * Math.cos(ra);
    const y = cosDec * Math.sin(ra);
    const z = Math.sin(dec);
    const outward = x * cosRa0 + y * sinRa0;
    const along = outward * cosDec0 + z * sinDec0;
    const inFront = along > 0.17; // no field of ours is that wide
    xi[i] = inFront ? ((y * cosRa0 - x * sinRa0) / along) * ARCSEC : NaN;
    eta[i] = inFront ? ((z * cosDec0 - outward * sinDec0) / along) * ARCSEC : NaN;
  }
  return { xi, eta };
}

/** One direction on the plane about `center` [arcsec]; NaN on the far hemisphere. */
export function skyToPlane(center: TangentPoint, raDeg: number, decDeg: number): [number, number] {
  const plane = projectTangent(center.raDeg, center.decDeg, raDeg, decDeg);
  return plane ? [plane[0] * 3600, plane[1] * 3600] : [NaN, NaN];
}

/** Inverse of {@link skyToPlane}: (ξ, η) [arcsec] → (ra, dec) [deg], ra in [0, 360). */
export const planeToSky = (center: TangentPoint, xiArcsec: number, etaArcsec: number): [number, number] =>
  deprojectTangent(center.raDeg, center.decDeg, xiArcsec / 3600, etaArcsec / 3600);

/** Julian year of an instant [MJD]. */
export const julianYear = (mjd: number): number => 2000 + (mjd - 51544.5) / 365.25;
