/** Degrees in one radian. */
export const DEG = 180 / Math.PI;
/** Arcseconds in one radian. */
export const ARCSEC = 3600 * DEG;

/** Any angle [deg] into [0, 360). */
export function wrap360(deg: number): number {
  const wrapped = deg % 360;
  if (wrapped < 0) {
    const up = wrapped + 360;
    return up >= 360 ? 0 : up; // −1e-20 + 360 rounds to 360
  }
  return wrapped + 0; // no negative zero
}

/** Any angle [deg] into (−180, 180]. */
export function wrap180(deg: number): number {
  const wrapped = wrap360(deg);
  return wrapped > 180 ? wrapped - 360 : wrapped;
}

/** Sine of an angle in degrees, exact at multiples of 90°. */
export function sind(deg: number): number {
  if (deg % 90 === 0) return [0, 1, 0, -1][(((deg / 90) % 4) + 4) % 4]!;
  return Math.sin(deg / DEG);
}

/** Cosine of an angle in degrees, exact at multiples of 90°. */
export function cosd(deg: number): number {
  if (deg % 90 === 0) return [1, 0, -1, 0][(((deg / 90) % 4) + 4) % 4]!;
  return Math.cos(deg / DEG);
}

export const atan2d = (y: number, x: number): number => Math.atan2(y, x) * DEG;

/** Arc sine [deg] that forgives the last bits beyond ±1 and is NaN further out. */
export function asind(s: number): number {
  if (s > 1 && s < 1 + 1e-13) return 90;
  if (s < -1 && s > -1 - 1e-13) return -90;
  return Math.asin(s) * DEG;
}

/** Arc cosine [deg] that forgives the last bits beyond ±1 and is NaN further out. */
export function acosd(c: number): number {
  if (c > 1 && c < 1 + 1e-13) return 0;
  if (c < -1 && c > -1 - 1e-13) return 180;
  return Math.acos(c) * DEG;
}
