import { ARCSEC, DEG, wrap360 } from '../angles.ts';

/** Kilometres per second in one astronomical unit per Julian year. */
const AU_PER_YEAR_KM_S = 4.740470464;

/** What the third dimension adds, for the few stars where it shows. */
export interface RadialMotion {
  /** [mas], greater than 0. */
  readonly parallaxMas: number;
  /** Positive when receding [km/s]. */
  readonly radialVelocityKmS: number;
}

/**
 * Position at another epoch by uniform straight motion through space (no Taylor series in RA and Dec: good at the poles).
 *
 * @param pmRaMasYr - μα·cos δ [mas/yr]; NaN: not known, taken as 0, and so for `pmDecMasYr`
 * @param fromJyear - Julian year (TCB ≈ TDB) of the position and of the proper motion
 * @returns ICRS (right ascension in [0, 360), declination) [deg] at `toJyear`
 *
 * Source: ESA (1997), The Hipparcos and Tycho Catalogues, vol. 1, §1.5.5. Light travel time is left out, as there.
 */
export function propagate(
  raDeg: number,
  decDeg: number,
  pmRaMasYr: number,
  pmDecMasYr: number,
  fromJyear: number,
  toJyear: number,
  radial?: RadialMotion,
): [number, number] {
  const years = toJyear - fromJyear;
  const east = (Number.isNaN(pmRaMasYr) ? 0 : pmRaMasYr / 1000 / ARCSEC) * years,
    north = (Number.isNaN(pmDecMasYr) ? 0 : pmDecMasYr / 1000 / ARCSEC) * years;
  // Distance grows by this share of itself.
  const outward =
    radial === undefined ? 0 : (radial.radialVelocityKmS / AU_PER_YEAR_KM_S) * (radial.parallaxMas / 1000 / ARCSEC) * years;
  if (east === 0 && north === 0) return [wrap360(raDeg), decDeg];
  const ra = raDeg / DEG,
    dec = decDeg / DEG;
  // In the frame whose x axis points to the star turned to right ascension 0.
  const x = Math.cos(dec) * (1 + outward) - Math.sin(dec) * north,
    z = Math.sin(dec) * (1 + outward) + Math.cos(dec) * north;
  return [wrap360((ra + Math.atan2(east, x)) * DEG), Math.atan2(z, Math.hypot(x, east)) * DEG];
}

/** `propagate` for columns of one length; positions in double precision. */
export function propagateColumns(
  stars: {
    readonly raDeg: ArrayLike<number>;
    readonly decDeg: ArrayLike<number>;
    readonly pmRaMasYr: ArrayLike<number>;
    readonly pmDecMasYr: ArrayLike<number>;
  },
  fromJyear: number,
  toJyear: number,
): { raDeg: Float64Array; decDeg: Float64Array } {
  const n = stars.raDeg.length;
  const raDeg = new Float64Array(n),
    decDeg = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const [ra, dec] = propagate(stars.raDeg[i]!, stars.decDeg[i]!, stars.pmRaMasYr[i]!, stars.pmDecMasYr[i]!, fromJyear, toJyear);
    raDeg[i] = ra;
    decDeg[i] = dec;
  }
  return { raDeg, decDeg };
}
