import { aboutX, aboutZ, compose, inverse, type Rotation, rotate } from './rotation-matrix.ts';

/** Julian centuries of TT from J2000. */
const centuries = (jyear: number): number => (jyear - 2000) / 100;

/** c0 + c1 t + c2 t² … [arcsec] as degrees. */
const series = (t: number, ...c: readonly number[]): number => c.reduceRight((sum, k) => sum * t + k, 0) / 3600;

/** Mean obliquity of the ecliptic [deg], IAU 2006. */
export function meanObliquityDeg(jyear: number): number {
  return series(centuries(jyear), 84381.406, -46.836769, -0.0001831, 0.0020034, -0.000000576, -0.0000000434);
}

/**
 * ICRS → mean equator and equinox of a Julian year (frame bias and precession, IAU 2006), by the Fukushima–Williams angles.
 * Source: Hilton et al. (2006), Celest. Mech. 94, 351; Capitaine & Wallace (2006), A&A 450, 855. Good for some centuries around 2000.
 */
export function meanOfDateRotation(jyear: number): Rotation {
  const t = centuries(jyear);
  const gamma = series(t, -0.052928, 10.556378, 0.4932044, -0.00031238, -0.000002788, 0.000000026);
  const phi = series(t, 84381.412819, -46.811016, 0.0511268, 0.00053289, -0.00000044, -0.0000000176);
  const psi = series(t, -0.041775, 5038.481484, 1.5584175, -0.00018522, -0.000026452, -0.0000000148);
  return compose(aboutX(-meanObliquityDeg(jyear)), aboutZ(-psi), aboutX(phi), aboutZ(gamma));
}

/** ICRS [deg] → right ascension and declination on the mean equator of a Julian year [deg]. */
export const icrsToMeanOfDate = (raDeg: number, decDeg: number, jyear: number): [number, number] =>
  rotate(meanOfDateRotation(jyear), raDeg, decDeg);

/** The inverse of `icrsToMeanOfDate`. */
export const meanOfDateToIcrs = (raDeg: number, decDeg: number, jyear: number): [number, number] =>
  rotate(inverse(meanOfDateRotation(jyear)), raDeg, decDeg);

/** FK5-like coordinates of one equinox [Julian year] → another. */
export function precess(raDeg: number, decDeg: number, fromEquinox: number, toEquinox: number): [number, number] {
  return rotate(compose(meanOfDateRotation(toEquinox), inverse(meanOfDateRotation(fromEquinox))), raDeg, decDeg);
}
