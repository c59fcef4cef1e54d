import { meanObliquityDeg, meanOfDateRotation } from './precession.ts';
import { aboutX, compose, inverse, type Rotation, rotate } from './rotation-matrix.ts';

// FK5 at J2000 is taken as ICRS: they differ by less than 0.025″.

/** ICRS → galactic. Source: ESA (1997), The Hipparcos and Tycho Catalogues, vol. 1, §1.5.3. */
const GALACTIC: Rotation = [
  -0.0548755604162154, -0.873437090234885, -0.4838350155487132, 0.4941094278755837, -0.4448296299600112, 0.746982244497219,
  -0.8676661490190047, -0.1980763734312015, 0.4559837761750669,
];

/** ICRS → galactic longitude and latitude [deg]. */
export const icrsToGalactic = (raDeg: number, decDeg: number): [number, number] => rotate(GALACTIC, raDeg, decDeg);

/** Galactic → ICRS [deg]. */
export const galacticToIcrs = (lDeg: number, bDeg: number): [number, number] => rotate(inverse(GALACTIC), lDeg, bDeg);

const eclipticRotation = (jyear: number): Rotation => compose(aboutX(meanObliquityDeg(jyear)), meanOfDateRotation(jyear));

/** ICRS → mean ecliptic and equinox of a Julian year (J2000 by default) [deg]. */
export const icrsToEcliptic = (raDeg: number, decDeg: number, equinox = 2000): [number, number] =>
  rotate(eclipticRotation(equinox), raDeg, decDeg);

/** Mean ecliptic of a Julian year (J2000 by default) → ICRS [deg]. */
export const eclipticToIcrs = (lonDeg: number, latDeg: number, equinox = 2000): [number, number] =>
  rotate(inverse(eclipticRotation(equinox)), lonDeg, latDeg);
