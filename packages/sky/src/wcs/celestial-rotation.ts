import { acosd, atan2d, cosd, sind, wrap180, wrap360 } from '../angles.ts';
import { BadParameter } from './projections/projection.ts';

/** The rotation between the native coordinates of a projection and the sky. All angles [deg]. */
export interface CelestialRotation {
  /** (φ, θ) → (longitude in [0, 360), latitude). */
  toSky(phi: number, theta: number): [number, number];
  /** (longitude, latitude) → (φ in (−180, 180], θ). */
  toNative(lon: number, lat: number): [number, number];
}

export interface RotationSpec {
  /** Sky coordinates of the fiducial point (CRVAL). */
  readonly lon0: number;
  readonly lat0: number;
  /** Native coordinates of the fiducial point. */
  readonly phi0: number;
  readonly theta0: number;
  /** LONPOLE; undefined: φ0, or φ0 + 180° where the fiducial point lies south of θ0. */
  readonly lonPole?: number | undefined;
  /** LATPOLE: chooses between two solutions. */
  readonly latPole?: number | undefined;
}

/** The default of LONPOLE (Paper II §2.2). */
export const defaultLonPole = ({ lat0, phi0, theta0 }: RotationSpec): number => wrap180(phi0 + (lat0 >= theta0 ? 0 : 180));

/** Source: Calabretta & Greisen (2002), A&A 395, 1077, equations 2, 5 and 8–10. */
export function celestialRotation(spec: RotationSpec): CelestialRotation {
  const phiP = spec.lonPole ?? defaultLonPole(spec);
  const [lonP, latP] = pole(spec, phiP);
  const sinP = sind(latP),
    cosP = cosd(latP);
  return {
    toSky(phi, theta) {
      const dPhi = phi - phiP;
      const s = sind(theta),
        c = cosd(theta),
        cosD = cosd(dPhi);
      const x = s * cosP - c * sinP * cosD,
        y = -c * sind(dPhi),
        z = s * sinP + c * cosP * cosD;
      return [wrap360(lonP + (x === 0 && y === 0 ? dPhi + 180 : atan2d(y, x))), atan2d(z, Math.sqrt(x * x + y * y))];
    },
    toNative(lon, lat) {
      const dLon = lon - lonP;
      const s = sind(lat),
        c = cosd(lat),
        cosD = cosd(dLon);
      const x = s * cosP - c * sinP * cosD,
        y = -c * sind(dLon),
        z = s * sinP + c * cosP * cosD;
      return [wrap180(phiP + (x === 0 && y === 0 ? dLon - 180 : atan2d(y, x))), atan2d(z, Math.sqrt(x * x + y * y))];
    },
  };
}

/** Sky coordinates of the native pole. */
function pole({ lon0, lat0, phi0, theta0, latPole = 90 }: RotationSpec, phiP: number): [number, number] {
  if (theta0 === 90) return [lon0, lat0];
  const dPhi = phiP - phi0;
  const sin0 = sind(theta0),
    cos0 = cosd(theta0);
  const base = atan2d(sin0, cos0 * cosd(dPhi));
  const norm = Math.hypot(sin0, cos0 * cosd(dPhi));
  let latP: number;
  if (norm < 1e-14) {
    if (Math.abs(lat0) > 1e-12) throw new BadParameter(`CRVAL latitude ${lat0} is impossible with LONPOLE ${phiP}`);
    latP = latPole;
  } else {
    const ratio = sind(lat0) / norm;
    const spread = Math.abs(ratio) <= 1 + 1e-10 ? acosd(Math.max(-1, Math.min(1, ratio))) : Number.NaN;
    const candidates = [wrap180(base + spread), wrap180(base - spread)].filter((lat) => Math.abs(lat) <= 90 + 1e-10);
    if (candidates.length === 0)
      throw new BadParameter(`no place of the native pole agrees with CRVAL latitude ${lat0} and LONPOLE ${phiP}`);
    candidates.sort((a, b) => Math.abs(a - latPole) - Math.abs(b - latPole));
    latP = Math.max(-90, Math.min(90, candidates[0]!));
  }
  if (Math.abs(Math.abs(lat0) - 90) < 1e-12) return [lon0, latP];
  if (Math.abs(latP - 90) < 1e-12) return [lon0 + dPhi - 180, 90];
  if (Math.abs(latP + 90) < 1e-12) return [lon0 - dPhi, -90];
  const y = sind(dPhi) * cos0 * cosd(latP),
    x = sin0 - sind(latP) * sind(lat0);
  return [lon0 - atan2d(y, x), latP];
}
