import { acosd, asind, atan2d, cosd, DEG, sind } from '../../angles.ts';
import { BadParameter, type Parameter, type Projection } from './projection.ts';

/** A zenithal projection with circular symmetry, from its radius R(θ) [deg] and the inverse. */
function radial(radius: (theta: number) => number, theta: (radius: number) => number): Projection {
  return {
    phi0: 0,
    theta0: 90,
    toNative(x, y) {
      const r = Math.sqrt(x * x + y * y);
      const lat = theta(r);
      return Number.isNaN(lat) ? null : [r === 0 ? 0 : atan2d(x, -y), lat];
    },
    toPlane(phi, lat) {
      const r = radius(lat);
      return Number.isFinite(r) ? [r * sind(phi), -r * cosd(phi)] : null;
    },
  };
}

/** Gnomonic (54). The far hemisphere has no image. */
export const tan = (): Projection =>
  radial(
    (theta) => (theta > 0 ? (DEG * cosd(theta)) / sind(theta) : Number.NaN),
    (r) => atan2d(DEG, r),
  );

/** Stereographic (57). */
export const stg = (): Projection =>
  radial(
    (theta) => (theta > -90 ? (2 * DEG * cosd(theta)) / (1 + sind(theta)) : Number.NaN),
    (r) => 90 - 2 * atan2d(r, 2 * DEG),
  );

/** Zenithal equidistant (67). */
export const arc = (): Projection =>
  radial(
    (theta) => 90 - theta,
    (r) => (r <= 180 * (1 + 1e-13) ? 90 - r : Number.NaN),
  );

/** Zenithal equal area (69). */
export const zea = (): Projection =>
  radial(
    (theta) => 2 * DEG * sind((90 - theta) / 2),
    (r) => 90 - 2 * asind(r / (2 * DEG)),
  );

/** Zenithal polynomial (71): R = (180/π) Σ P_m ζ^m with ζ = 90° − θ in radians, up to its first maximum. */
export function zpn(pv: Parameter): Projection {
  const p = Array.from({ length: 31 }, (_, m) => pv(m, 0));
  while (p.length > 0 && p[p.length - 1] === 0) p.pop();
  if (p.length < 2) throw new BadParameter('ZPN needs a coefficient PV2_m with m ≥ 1');
  const poly = (z: number): number => p.reduceRight((sum, c) => sum * z + c, 0);
  const slope = (z: number): number => p.reduceRight((sum, c, m) => (m === 0 ? sum : sum * z + m * c), 0);
  if (!(slope(0) > 0)) throw new BadParameter(`ZPN with PV2_1 = ${p[1]}: R does not grow with the distance from the centre`);
  // R(ζ) is used where it grows: from 0 to the first root of its slope, or to the opposite pole.
  const step = Math.PI / 180;
  let zetaMax = Math.PI;
  for (let z = step; z <= Math.PI; z += step) {
    if (slope(z) <= 0) {
      zetaMax = bisect(slope, z - step, z);
      break;
    }
  }
  const rMin = poly(0),
    rMax = poly(zetaMax);
  return radial(
    (theta) => {
      const zeta = (90 - theta) / DEG;
      return zeta <= zetaMax ? DEG * poly(zeta) : Number.NaN;
    },
    (radiusDeg) => {
      const r = radiusDeg / DEG;
      if (r < rMin - 1e-13 || r > rMax + 1e-13) return Number.NaN;
      let low = 0,
        high = zetaMax,
        z = Math.min(Math.max((r - rMin) / slope(0), 0), zetaMax);
      for (let i = 0; i < 100; i++) {
        const difference = poly(z) - r;
        if (difference > 0) high = z;
        else low = z;
        let next = z - difference / slope(z);
        if (!(next >= low && next <= high)) next = (low + high) / 2;
        if (Math.abs(next - z) <= 1e-16 * (1 + Math.abs(z))) {
          z = next;
          break;
        }
        z = next;
      }
      return 90 - z * DEG;
    },
  );
}

/** Orthographic, and its generalisation the slant orthographic of synthesis telescopes (Paper II §5.1.5, 60–66). */
export function sin(pv: Parameter): Projection {
  const xi = pv(1, 0),
    eta = pv(2, 0);
  if (xi === 0 && eta === 0) {
    return radial(
      (theta) => (theta >= 0 ? DEG * cosd(theta) : Number.NaN),
      (r) => acosd(r / DEG),
    );
  }
  return {
    phi0: 0,
    theta0: 90,
    toNative(xDeg, yDeg) {
      const x = xDeg / DEG,
        y = yDeg / DEG;
      // With s = 1 − sin θ: (x − ξ s)² + (y − η s)² = cos² θ = s (2 − s).
      const a = 1 + xi * xi + eta * eta,
        b = 1 + xi * x + eta * y,
        c = x * x + y * y;
      const discriminant = b * b - a * c;
      if (discriminant < 0) return null;
      const s = c / (b + Math.sqrt(discriminant)); // the nearer of the two, without cancellation
      if (!(s >= -1e-13 && s <= 2)) return null;
      const px = x - xi * s,
        py = y - eta * s;
      return [px === 0 && py === 0 ? 0 : atan2d(px, -py), atan2d(1 - s, Math.hypot(px, py))];
    },
    toPlane(phi, theta) {
      const s = 2 * sind((90 - theta) / 2) ** 2;
      // The near side only: where the line of sight still meets the front of the sphere.
      if (theta < -atan2d(xi * sind(phi) - eta * cosd(phi), 1)) return null;
      return [DEG * (cosd(theta) * sind(phi) + xi * s), -DEG * (cosd(theta) * cosd(phi) - eta * s)];
    },
  };
}

/** Zenithal perspective (Paper II §5.1.1, 38–44): distance μ in sphere radii, look angle γ. */
export function azp(pv: Parameter): Projection {
  const mu = pv(1, 0),
    gamma = pv(2, 0);
  if (mu === -1) throw new BadParameter('AZP with PV2_1 = −1 has its eye on the plane');
  if (cosd(gamma) === 0) throw new BadParameter('AZP with PV2_2 = ±90° looks along the plane');
  const tanG = sind(gamma) / cosd(gamma);
  return {
    phi0: 0,
    theta0: 90,
    toNative(x, y) {
      const yc = y * cosd(gamma);
      const r = Math.hypot(x, yc);
      if (r === 0) return [0, 90];
      const rho = r / (DEG * (mu + 1) + y * sind(gamma));
      const psi = atan2d(1, rho);
      const omega = asind((rho * mu) / Math.hypot(rho, 1));
      if (Number.isNaN(omega)) return null;
      // Two intersections with the sphere: the one nearer to the pole.
      const candidates = [psi - omega, psi + omega + 180]
        .map((t) => (t > 180 ? t - 360 : t))
        .filter((t) => Math.abs(t) <= 90 + 1e-12);
      return candidates.length === 0 ? null : [atan2d(x, -yc), Math.min(90, Math.max(...candidates))];
    },
    toPlane(phi, theta) {
      const denominator = mu + sind(theta) + cosd(theta) * cosd(phi) * tanG;
      if (denominator <= 0) return null;
      // Beyond the limb of the sphere, or hidden behind it.
      if (Math.abs(mu) > 1 ? theta < asind(-1 / mu) : theta < asind(-mu)) return null;
      const r = (DEG * (mu + 1) * cosd(theta)) / denominator;
      return [r * sind(phi), (-r * cosd(phi)) / cosd(gamma)];
    },
  };
}

/** Slant zenithal perspective (Paper II §5.1.2, 45–53). */
export function szp(pv: Parameter): Projection {
  const mu = pv(1, 0),
    phiC = pv(2, 0),
    thetaC = pv(3, 90);
  const xp = -mu * cosd(thetaC) * sind(phiC),
    yp = mu * cosd(thetaC) * cosd(phiC),
    zp = mu * sind(thetaC) + 1;
  if (zp === 0) throw new BadParameter('SZP has its eye on the plane (μ sin θc = −1)');
  return {
    phi0: 0,
    theta0: 90,
    toNative(xDeg, yDeg) {
      const x = xDeg / DEG,
        y = yDeg / DEG;
      const xs = (x - xp) / zp,
        ys = (y - yp) / zp;
      const a = xs * xs + ys * ys + 1,
        b = xs * (x - xs) + ys * (y - ys),
        c = (x - xs) ** 2 + (y - ys) ** 2 - 1;
      const discriminant = b * b - a * c;
      if (discriminant < 0) return null;
      const root = Math.sqrt(discriminant);
      const sinTheta = [(-b + root) / a, (-b - root) / a].filter((s) => Math.abs(s) <= 1 + 1e-13);
      if (sinTheta.length === 0) return null;
      const theta = asind(Math.max(...sinTheta));
      const s = 1 - sind(theta);
      return [x - xs * s === 0 && y - ys * s === 0 ? 0 : atan2d(x - xs * s, -(y - ys * s)), theta];
    },
    toPlane(phi, theta) {
      const s = 1 - sind(theta);
      const denominator = zp - s;
      if (denominator === 0) return null;
      const x = (zp * cosd(theta) * sind(phi) - xp * s) / denominator,
        y = -(zp * cosd(theta) * cosd(phi) + yp * s) / denominator;
      // The point is seen when going back from the plane finds it again and not one in front of it.
      const back = this.toNative(DEG * x, DEG * y);
      return back === null || Math.abs(back[1] - theta) > 1e-6 ? null : [DEG * x, DEG * y];
    },
  };
}

/** Airy's minimum-error projection (Paper II §5.1.9, 75–79). */
export function air(pv: Parameter): Projection {
  const thetaB = pv(1, 90);
  const xiB = (90 - thetaB) / 2 / DEG;
  if (!(thetaB > -90 && thetaB <= 90)) throw new BadParameter(`AIR with PV2_1 = ${thetaB}, expected −90 < θb ≤ 90`);
  const k = thetaB === 90 ? -0.5 : Math.log(Math.cos(xiB)) / Math.tan(xiB) ** 2;
  const radius = (xi: number): number =>
    xi < 1e-4 ? -xi * (-0.5 + k) : -(Math.log(Math.cos(xi)) / Math.tan(xi) + k * Math.tan(xi));
  // Grows from the pole to a maximum; used as far as that.
  let limit = Math.PI / 2 - 1e-9;
  for (let xi = 0.01; xi < Math.PI / 2; xi += 0.01) {
    if (radius(xi) < radius(xi - 0.01)) {
      limit = xi - 0.01;
      break;
    }
  }
  return radial(
    (theta) => {
      const xi = (90 - theta) / 2 / DEG;
      return xi <= limit ? 2 * DEG * radius(xi) : Number.NaN;
    },
    (rDeg) => {
      const r = rDeg / (2 * DEG);
      if (r > radius(limit)) return Number.NaN;
      return 90 - 2 * DEG * bisect((xi) => r - radius(xi), 0, limit);
    },
  );
}

/** Root of a function that goes from positive at `low` to negative at `high`, to the last bit. */
export function bisect(f: (x: number) => number, low: number, high: number): number {
  let a = low,
    b = high;
  for (let i = 0; i < 200; i++) {
    const middle = (a + b) / 2;
    if (middle === a || middle === b) break;
    if (f(middle) > 0) a = middle;
    else b = middle;
  }
  return (a + b) / 2;
}
