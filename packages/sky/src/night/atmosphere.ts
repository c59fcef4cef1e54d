import { DEG } from '../angles.ts';

/**
 * Airmass at an apparent (refracted) altitude [deg]: 1 at the zenith, 38.7 at the horizon; NaN below it.
 * Source: Pickering (2002), "The Southern Limits of the Ancient Star Catalog", DIO 12, 3, footnote 39.
 */
export function airmassPickering(apparentAltitudeDeg: number): number {
  if (!(apparentAltitudeDeg >= 0)) return Number.NaN;
  return 1 / Math.sin((apparentAltitudeDeg + 244 / (165 + 47 * apparentAltitudeDeg ** 1.1)) / DEG);
}

/** Air pressure [hPa] of the standard atmosphere at a height above the sea [m]. */
export const standardPressureHPa = (altitudeM: number): number => 1013.25 * (1 - 2.25577e-5 * altitudeM) ** 5.25588;

/** State of the air for refraction. */
export interface Air {
  readonly pressureHPa: number;
  readonly temperatureC: number;
}

/**
 * Refraction [deg] at a true (geometric) altitude [deg], for visible light; to be added to it. Good to 0.1′ above the
 * horizon; 0 below −1.9°, where the formula ends.
 * Source: Sæmundsson (1986), Sky & Telescope 72, 70, the inverse of Bennett (1982), J. Navigation 35, 255.
 */
export function refractionDeg(trueAltitudeDeg: number, { pressureHPa, temperatureC }: Air): number {
  if (!(trueAltitudeDeg > -1.9)) return Number.isNaN(trueAltitudeDeg) ? Number.NaN : 0;
  const arcmin = 1.02 / Math.tan((trueAltitudeDeg + 10.3 / (trueAltitudeDeg + 5.11)) / DEG);
  return Math.max(0, (arcmin / 60) * (pressureHPa / 1010) * (283 / (273 + temperatureC)));
}
