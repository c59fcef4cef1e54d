import { DEG, wrap360 } from '../angles.ts';

/** A rotation of coordinates, row-major 3 × 3: rows are the new axes in the old frame. */
export type Rotation = readonly [number, number, number, number, number, number, number, number, number];

/** Coordinates after the axes were turned about x by an angle [deg]. */
export function aboutX(deg: number): Rotation {
  const s = Math.sin(deg / DEG),
    c = Math.cos(deg / DEG);
  return [1, 0, 0, 0, c, s, 0, -s, c];
}

/** Coordinates after the axes were turned about z by an angle [deg]. */
export function aboutZ(deg: number): Rotation {
  const s = Math.sin(deg / DEG),
    c = Math.cos(deg / DEG);
  return [c, s, 0, -s, c, 0, 0, 0, 1];
}

/** The product of rotations; the last is applied first, as written. */
export function compose(...rotations: readonly Rotation[]): Rotation {
  return rotations.reduce((a, b) => {
    const at = (r: number, c: number): number => a[3 * r]! * b[c]! + a[3 * r + 1]! * b[3 + c]! + a[3 * r + 2]! * b[6 + c]!;
    return [at(0, 0), at(0, 1), at(0, 2), at(1, 0), at(1, 1), at(1, 2), at(2, 0), at(2, 1), at(2, 2)];
  });
}

export const inverse = (r: Rotation): Rotation => [r[0], r[3], r[6], r[1], r[4], r[7], r[2], r[5], r[8]];

/** A direction (longitude, latitude) [deg] in the turned frame; longitude in [0, 360). */
export function rotate(r: Rotation, lonDeg: number, latDeg: number): [number, number] {
  const lon = lonDeg / DEG,
    lat = latDeg / DEG;
  const c = Math.cos(lat);
  const x = c * Math.cos(lon),
    y = c * Math.sin(lon),
    z = Math.sin(lat);
  const u = r[0] * x + r[1] * y + r[2] * z,
    v = r[3] * x + r[4] * y + r[5] * z,
    w = r[6] * x + r[7] * y + r[8] * z;
  return [wrap360(Math.atan2(v, u) * DEG), Math.atan2(w, Math.hypot(u, v)) * DEG];
}
