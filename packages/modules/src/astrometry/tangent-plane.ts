import { deprojectTangent, projectTangent } from '@colibri/sky';

/** Gnomonic projection about one point, on columns. Source: Calabretta & Greisen, A&A 395, 1077 (2002), section 5.1.3. */

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

/**
 * Catalogue entries moved along great circles to `epochJyear`, projected about a point. Motion is a rotation of the unit vector in the
 * direction of the proper motion, in doubles throughout: right at the poles too; radial velocity and parallax are left out.
 */
export function projectCatalog(catalog: CatalogPositions, epochJyear: number | null, center: TangentPoint): PlanePositions {
  const frame = planeFrame(center);
  const xi = new Float64Array(catalog.count);
  const eta = new Float64Array(catalog.count);
  const years = epochJyear === null ? 0 : epochJyear - catalog.epochJyear;
  const perMas = years * (RAD / 3600e3);
  const out = new Float64Array(2);
  for (let i = 0; i < catalog.count; i++) {
    const ra = catalog.raDeg[i]! * RAD;
    const dec = catalog.decDeg[i]! * RAD;
    const sinRa = Math.sin(ra);
    const cosRa = Math.cos(ra);
    const sinDec = Math.sin(dec);
    const cosDec = Math.cos(dec);
    const pmRa = (catalog.pmRaMasYr[i]! || 0) * perMas;
    const pmDec = (catalog.pmDecMasYr[i]! || 0) * perMas;
    frame.project(
      cosDec * cosRa - pmRa * sinRa - pmDec * sinDec * cosRa,
      cosDec * sinRa + pmRa * cosRa - pmDec * sinDec * sinRa,
      sinDec + pmDec * cosDec,
      out,
    );
    xi[i] = out[0]!;
    eta[i] = out[1]!;
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

function planeFrame({ raDeg, decDeg }: TangentPoint) {
  const sinRa = Math.sin(raDeg * RAD);
  const cosRa = Math.cos(raDeg * RAD);
  const sinDec = Math.sin(decDeg * RAD);
  const cosDec = Math.cos(decDeg * RAD);
  const up = [cosDec * cosRa, cosDec * sinRa, sinDec] as const;
  const east = [-sinRa, cosRa, 0] as const;
  const north = [-sinDec * cosRa, -sinDec * sinRa, cosDec] as const;
  const project = (x: number, y: number, z: number, out: Float64Array): void => {
    const along = x * up[0] + y * up[1] + z * up[2];
    // no field of ours is that wide; z is compared with the vector's own length, which proper motion changes by nothing
    const inFront = along > 0.17;
    out[0] = inFront ? ((x * east[0] + y * east[1]) / along) * ARCSEC : NaN;
    out[1] = inFront ? ((x * north[0] + y * north[1] + z * north[2]) / along) * ARCSEC : NaN;
  };
  return { project };
}

/** Julian year of an instant [MJD]. */
export const julianYear = (mjd: number): number => 2000 + (mjd - 51544.5) / 365.25;
