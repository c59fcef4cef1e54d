import type { TangentPoint } from '../astrometry/tangent-plane.ts';

const RAD = Math.PI / 180;
const ARCSEC = 3600 / RAD;

/**
 * From the tangent plane of one point to that of another: the same rays, so a projective map of nine numbers (row-major 3 × 3 on
 * (1, ξ, η) in radians). Exact, and far cheaper than the way over right ascension and declination.
 */
export type PlaneMap = Float64Array;

export function planeMap(from: TangentPoint, to: TangentPoint): PlaneMap {
  const f = basis(from);
  const t = basis(to);
  const map = new Float64Array(9);
  for (let i = 0; i < 3; i++)
    for (let j = 0; j < 3; j++) for (let k = 0; k < 3; k++) map[3 * i + j]! += t[3 * i + k]! * f[3 * j + k]!;
  return map;
}

/** Moves (ξ, η) [arcsec] to the other plane, into `out`. NaN where the ray points away from it. */
export function mapPoint(map: PlaneMap, xi: number, eta: number, out: Float64Array): void {
  const x = xi / ARCSEC;
  const y = eta / ARCSEC;
  const along = map[0]! + map[1]! * x + map[2]! * y;
  const scale = along > 0.05 ? ARCSEC / along : NaN;
  out[0] = (map[3]! + map[4]! * x + map[5]! * y) * scale;
  out[1] = (map[6]! + map[7]! * x + map[8]! * y) * scale;
}

/** Small steps (east, north) on the first plane as steps on the second: the rotation nearest to the map near the tangent points. */
export function planeRotation(map: PlaneMap): { readonly cos: number; readonly sin: number } {
  const c = map[4]! + map[8]!;
  const s = map[7]! - map[5]!;
  const norm = Math.hypot(c, s);
  return { cos: c / norm, sin: s / norm };
}

/** Rows outward, east, north. */
function basis({ raDeg, decDeg }: TangentPoint): Float64Array {
  const [sa, ca] = [Math.sin(raDeg * RAD), Math.cos(raDeg * RAD)];
  const [sd, cd] = [Math.sin(decDeg * RAD), Math.cos(decDeg * RAD)];
  return Float64Array.of(cd * ca, cd * sa, sd, -sa, ca, 0, -sd * ca, -sd * sa, cd);
}

/** The direction in the middle of several. */
export function meanDirection(points: readonly TangentPoint[]): TangentPoint {
  let x = 0;
  let y = 0;
  let z = 0;
  for (const point of points) {
    const b = basis(point);
    x += b[0]!;
    y += b[1]!;
    z += b[2]!;
  }
  return { raDeg: (Math.atan2(y, x) / RAD + 360) % 360, decDeg: Math.atan2(z, Math.hypot(x, y)) / RAD };
}
