import { DEG, wrap360 } from '../angles.ts';

/** Angular distance of two points [deg], accurate at every distance (Vincenty's formula for the sphere). */
export function separationDeg(lon1: number, lat1: number, lon2: number, lat2: number): number {
  const d = (lon2 - lon1) / DEG,
    b1 = lat1 / DEG,
    b2 = lat2 / DEG;
  const s1 = Math.sin(b1),
    c1 = Math.cos(b1),
    s2 = Math.sin(b2),
    c2 = Math.cos(b2);
  const sinD = Math.sin(d);
  // 1 − cos d by the half angle, and sin(b2 − b1): no cancellation for close points.
  const versine = 2 * Math.sin(d / 2) ** 2;
  const y = Math.hypot(c2 * sinD, Math.sin(b2 - b1) + s1 * c2 * versine);
  return Math.atan2(y, s1 * s2 + c1 * c2 * Math.cos(d)) * DEG;
}

/** Angular distance [arcsec]. */
export const separationArcsec = (lon1: number, lat1: number, lon2: number, lat2: number): number =>
  separationDeg(lon1, lat1, lon2, lat2) * 3600;

/** Direction from the first point to the second, from north through east [deg], in [0, 360). */
export function positionAngleDeg(lon1: number, lat1: number, lon2: number, lat2: number): number {
  const d = (lon2 - lon1) / DEG,
    b1 = lat1 / DEG,
    b2 = lat2 / DEG;
  const east = Math.cos(b2) * Math.sin(d),
    north = Math.sin(b2 - b1) + 2 * Math.sin(b1) * Math.cos(b2) * Math.sin(d / 2) ** 2;
  return wrap360(Math.atan2(east, north) * DEG);
}
