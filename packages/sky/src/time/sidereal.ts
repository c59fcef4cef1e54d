import { wrap360 } from '../angles.ts';
import { ttOfUtc } from './scales.ts';

/** Earth rotation angle [deg] of an MJD in UT1. Source: IERS Conventions (2010), equation 5.15. */
export function earthRotationAngleDeg(mjdUt1: number): number {
  const day = Math.floor(mjdUt1);
  const du = day - 51544.5 + (mjdUt1 - day);
  return wrap360(360 * (0.779057273264 + 0.00273781191135448 * du + ((mjdUt1 - day + 0.5) % 1)));
}

/**
 * Greenwich mean sidereal time [deg], IAU 2006 (Capitaine, Wallace & Chapront 2003, A&A 412, 567).
 *
 * UT1 − UTC, less than 0.9 s (0.004°), is taken as 0 unless given [s].
 */
export function gmstDeg(mjdUtc: number, ut1MinusUtcSec = 0): number {
  const t = (ttOfUtc(mjdUtc) - 51544.5) / 36525;
  const arcsec = 0.014506 + t * (4612.156534 + t * (1.3915817 + t * (-0.00000044 + t * (-0.000029956 - t * 0.0000000368))));
  return wrap360(earthRotationAngleDeg(mjdUtc + ut1MinusUtcSec / 86400) + arcsec / 3600);
}

/** Local mean sidereal time [deg] at a longitude, east positive [deg]. */
export const lstDeg = (mjdUtc: number, longitudeEastDeg: number, ut1MinusUtcSec = 0): number =>
  wrap360(gmstDeg(mjdUtc, ut1MinusUtcSec) + longitudeEastDeg);
