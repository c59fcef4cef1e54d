/** San Pedro Mártir. */
export const site = { longitudeEastDeg: -115.4646, latitudeDeg: 31.0449, altitudeM: 2792 };

/** Altitude above the horizon [deg], mean equinox, no refraction: good to 0.3°, enough to pretend. */
export function altitudeDegOf(raDeg: number, decDeg: number, unix: number): number {
  const rad = Math.PI / 180;
  const gmstDeg = 280.46061837 + 360.98564736629 * (unix / 86400 + 2440587.5 - 2451545);
  const hourAngle = (gmstDeg + site.longitudeEastDeg - raDeg) * rad;
  const sine =
    Math.sin(site.latitudeDeg * rad) * Math.sin(decDeg * rad) +
    Math.cos(site.latitudeDeg * rad) * Math.cos(decDeg * rad) * Math.cos(hourAngle);
  return Math.asin(sine) / rad;
}

/** Young & Irvine (1967): sec z (1 − 0.0012 (sec² z − 1)). */
export function airmassOf(altitudeDeg: number): number {
  const secant = 1 / Math.max(0.15, Math.sin((altitudeDeg * Math.PI) / 180));
  return secant * (1 - 0.0012 * (secant * secant - 1));
}
