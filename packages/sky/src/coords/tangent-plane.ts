import { DEG, wrap360 } from '../angles.ts';

/** A point on the plane that touches the sphere at (lon0, lat0): (ξ east, η north) [deg]; null on the far hemisphere. */
export function projectTangent(lon0: number, lat0: number, lon: number, lat: number): [number, number] | null {
  const d = (lon - lon0) / DEG,
    b0 = lat0 / DEG,
    b = lat / DEG;
  const cosDistance = Math.sin(b0) * Math.sin(b) + Math.cos(b0) * Math.cos(b) * Math.cos(d);
  if (!(cosDistance > 0)) return null;
  // sin(b − b0) keeps digits near the tangent point.
  const north = Math.sin(b - b0) + 2 * Math.sin(b0) * Math.cos(b) * Math.sin(d / 2) ** 2;
  return [((Math.cos(b) * Math.sin(d)) / cosDistance) * DEG, (north / cosDistance) * DEG];
}

/** The point (longitude in [0, 360), latitude) [deg] that `projectTangent` sends to (ξ, η) [deg]. */
export function deprojectTangent(lon0: number, lat0: number, xiDeg: number, etaDeg: number): [number, number] {
  const xi = xiDeg / DEG,
    eta = etaDeg / DEG;
  const s0 = Math.sin(lat0 / DEG),
    c0 = Math.cos(lat0 / DEG);
  const toward = c0 - eta * s0;
  const z = s0 + eta * c0;
  return [wrap360(lon0 + Math.atan2(xi, toward) * DEG), Math.atan2(z, Math.hypot(xi, toward)) * DEG];
}
