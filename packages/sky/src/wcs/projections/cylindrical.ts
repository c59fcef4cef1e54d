import { acosd, asind, atan2d, cosd, DEG, sind } from '../../angles.ts';
import { BadParameter, type Parameter, type Projection } from './projection.ts';
import { bisect } from './zenithal.ts';

/** A projection with phi0 = theta0 = 0, from its two formulae. */
function equatorial(toNative: (x: number, y: number) => [number, number], toPlane: Projection['toPlane']): Projection {
  return {
    phi0: 0,
    theta0: 0,
    toNative(x, y) {
      const [phi, theta] = toNative(x, y);
      // Half an ulp of a map's edge is still on the map.
      if (!(Math.abs(phi) <= 180 * (1 + 1e-12)) || !(Math.abs(theta) <= 90 * (1 + 1e-12))) return null;
      return [Math.min(180, Math.max(-180, phi)), Math.min(90, Math.max(-90, theta))];
    },
    toPlane,
  };
}

/** Plate carrée (83). */
export const car = (): Projection =>
  equatorial(
    (x, y) => [x, y],
    (phi, theta) => [phi, theta],
  );

/** Mercator (88). */
export const mer = (): Projection =>
  equatorial(
    (x, y) => [x, 2 * Math.atan(Math.exp(y / DEG)) * DEG - 90],
    (phi, theta) => (Math.abs(theta) < 90 ? [phi, DEG * Math.asinh(sind(theta) / cosd(theta))] : null),
  );

/** Cylindrical equal area (81), λ = PV2_1. */
export function cea(pv: Parameter): Projection {
  const lambda = pv(1, 1);
  if (!(lambda > 0 && lambda <= 1)) throw new BadParameter(`CEA with PV2_1 = ${lambda}, expected 0 < λ ≤ 1`);
  return equatorial(
    (x, y) => [x, asind((lambda * y) / DEG)],
    (phi, theta) => [phi, (DEG * sind(theta)) / lambda],
  );
}

/** Cylindrical perspective (77): μ = PV2_1, λ = PV2_2. */
export function cyp(pv: Parameter): Projection {
  const mu = pv(1, 1),
    lambda = pv(2, 1);
  if (lambda === 0 || mu + lambda === 0) throw new BadParameter('CYP needs λ ≠ 0 and μ + λ ≠ 0');
  return equatorial(
    (x, y) => {
      const eta = y / (DEG * (mu + lambda));
      return [x / lambda, atan2d(eta, 1) + asind((eta * mu) / Math.hypot(eta, 1))];
    },
    (phi, theta) => {
      const denominator = mu + cosd(theta);
      return denominator > 0 ? [lambda * phi, (DEG * (mu + lambda) * sind(theta)) / denominator] : null;
    },
  );
}

/** Sanson–Flamsteed (90); GLS is its old name. */
export const sfl = (): Projection =>
  equatorial(
    (x, y) => [atEdge(x, cosd(y)), y],
    (phi, theta) => [phi * cosd(theta), theta],
  );

/** Parabolic (92). */
export const par = (): Projection =>
  equatorial(
    (x, y) => {
      const s = y / 180;
      return [atEdge(x, 1 - 4 * s * s), 3 * asind(s)];
    },
    (phi, theta) => [phi * (2 * cosd((2 * theta) / 3) - 1), 180 * sind(theta / 3)],
  );

/** Mollweide (94–97). */
export const mol = (): Projection =>
  equatorial(
    (x, y) => {
      const s = y / (DEG * Math.SQRT2);
      const gamma = asind(s);
      if (Number.isNaN(gamma)) return [Number.NaN, Number.NaN];
      return [
        atEdge((x * Math.PI) / (2 * Math.SQRT2), cosd(gamma)),
        asind((2 * gamma) / DEG / Math.PI + sind(2 * gamma) / Math.PI),
      ];
    },
    (phi, theta) => {
      if (Math.abs(theta) === 90) return [0, Math.sign(theta) * Math.SQRT2 * DEG];
      // 2γ + sin 2γ = π sin θ
      const target = Math.PI * sind(theta);
      const twoGamma = bisect((g) => target - g - Math.sin(g), -Math.PI, Math.PI);
      const gamma = twoGamma / 2;
      return [((2 * Math.SQRT2) / Math.PI) * phi * Math.cos(gamma), Math.SQRT2 * DEG * Math.sin(gamma)];
    },
  );

/** Hammer–Aitoff (100–104). */
export const ait = (): Projection =>
  equatorial(
    (x, y) => {
      const u = x / DEG,
        v = y / DEG;
      const z2 = 1 - (u * u) / 16 - (v * v) / 4;
      if (z2 < 0.5 - 1e-13) return [Number.NaN, Number.NaN];
      const z = Math.sqrt(z2);
      return [2 * atan2d((z * u) / 2, 2 * z2 - 1), asind(v * z)];
    },
    (phi, theta) => {
      const gamma = DEG * Math.sqrt(2 / (1 + cosd(theta) * cosd(phi / 2)));
      return [2 * gamma * cosd(theta) * sind(phi / 2), gamma * sind(theta)];
    },
  );

/** Bonne (130–134): θ1 = PV2_1; with θ1 = 0 it is Sanson–Flamsteed. */
export function bon(pv: Parameter): Projection {
  const theta1 = pv(1, 0);
  if (theta1 === 0) return sfl();
  const y0 = (DEG * cosd(theta1)) / sind(theta1) + theta1;
  return equatorial(
    (x, y) => {
      const r = Math.sign(theta1) * Math.hypot(x, y0 - y);
      const theta = y0 - r;
      const a = Math.sign(theta1) >= 0 ? atan2d(x, y0 - y) : atan2d(-x, y - y0);
      return [atEdge((a * r) / DEG, cosd(theta)), theta];
    },
    (phi, theta) => {
      const r = y0 - theta;
      const a = r === 0 ? 0 : (DEG * phi * cosd(theta)) / r;
      return [r * sind(a), y0 - r * cosd(a)];
    },
  );
}

/** Polyconic (136–141), inverted by iteration on θ. */
export const pco = (): Projection =>
  equatorial(
    (x, y) => {
      if (Math.abs(y) < 1e-12) return [x, 0];
      if (Math.abs(Math.abs(y) - 90) < 1e-12) return Math.abs(x) < 1e-9 ? [0, y] : [Number.NaN, Number.NaN];
      // f(θ) = X² + (y − θ)² − 2 (180/π) (y − θ) cot θ = 0 between 0 and y.
      const f = (theta: number): number => x * x + (y - theta) ** 2 - (2 * DEG * (y - theta) * cosd(theta)) / sind(theta);
      const theta = y > 0 ? bisect((t) => -f(t), 1e-12, Math.min(y, 90)) : bisect((t) => f(t), Math.max(y, -90), -1e-12);
      const tanT = sind(theta) / cosd(theta);
      const e = atan2d(x * tanT, DEG - (y - theta) * tanT);
      return [e / sind(theta), theta];
    },
    (phi, theta) => {
      if (theta === 0) return [phi, 0];
      const e = phi * sind(theta);
      const cot = (DEG * cosd(theta)) / sind(theta);
      return [cot * sind(e), theta + 2 * cot * sind(e / 2) ** 2];
    },
  );

/** x / width of the map there; at a pole, where the width vanishes, only x = 0 is on the map. */
function atEdge(x: number, width: number): number {
  if (Math.abs(width) > 1e-12) return x / width;
  return Math.abs(x) < 1e-9 ? 0 : Number.NaN;
}

/** Conic projections (Paper II §5.4): θa = PV2_1 = (θ1 + θ2)/2, η = PV2_2 = |θ1 − θ2|/2. */
export function conic(kind: 'COP' | 'COE' | 'COD' | 'COO', pv: Parameter): Projection {
  const thetaA = pv(1, Number.NaN),
    eta = pv(2, 0);
  if (!(Math.abs(thetaA) > 0 && Math.abs(thetaA) <= 90)) throw new BadParameter(`${kind} needs PV2_1 = θa with 0 < |θa| ≤ 90`);
  const theta1 = thetaA - eta,
    theta2 = thetaA + eta;
  const sign = Math.sign(thetaA);
  const build = (c: number, y0: number, radius: (theta: number) => number, inverse: (r: number) => number): Projection => ({
    phi0: 0,
    theta0: thetaA,
    toNative(x, y) {
      const r = sign * Math.hypot(x, y0 - y);
      const a = r === 0 ? 0 : atan2d(x / r, (y0 - y) / r);
      const phi = a / c,
        theta = inverse(r);
      return Math.abs(phi) <= 180 * (1 + 1e-12) && Math.abs(theta) <= 90 * (1 + 1e-12) ? [phi, theta] : null;
    },
    toPlane(phi, theta) {
      const r = radius(theta);
      if (!Number.isFinite(r)) return null;
      return [r * sind(c * phi), y0 - r * cosd(c * phi)];
    },
  });
  if (kind === 'COD') {
    const e = eta / DEG;
    const c = eta === 0 ? sind(thetaA) : (sind(thetaA) * Math.sin(e)) / e;
    const y0 = eta === 0 ? (DEG * cosd(thetaA)) / sind(thetaA) : (eta * cosd(eta) * cosd(thetaA)) / sind(eta) / sind(thetaA);
    return build(
      c,
      y0,
      (theta) => thetaA - theta + y0,
      (r) => thetaA + y0 - r,
    );
  }
  if (kind === 'COP') {
    const y0 = (DEG * cosd(eta) * cosd(thetaA)) / sind(thetaA);
    return build(
      sind(thetaA),
      y0,
      (theta) =>
        Math.abs(theta - thetaA) < 90 ? y0 - (DEG * cosd(eta) * sind(theta - thetaA)) / cosd(theta - thetaA) : Number.NaN,
      (r) => thetaA + atan2d(y0 - r, DEG * cosd(eta)),
    );
  }
  if (kind === 'COE') {
    const gamma = sind(theta1) + sind(theta2),
      s = sind(theta1) * sind(theta2);
    const radius = (theta: number): number => ((2 * DEG) / gamma) * Math.sqrt(Math.max(0, 1 + s - gamma * sind(theta)));
    return build(gamma / 2, radius(thetaA), radius, (r) => asind((1 + s - ((r * gamma) / (2 * DEG)) ** 2) / gamma));
  }
  const half = (theta: number): number => sind((90 - theta) / 2) / cosd((90 - theta) / 2);
  const c = eta === 0 ? sind(theta1) : Math.log(cosd(theta2) / cosd(theta1)) / Math.log(half(theta2) / half(theta1));
  const psi = (DEG * cosd(theta1)) / (c * half(theta1) ** c);
  const radius = (theta: number): number => (theta === -90 ? Number.NaN : psi * half(theta) ** c);
  return build(c, radius(thetaA), radius, (r) => 90 - 2 * acosd(1 / Math.hypot(1, (r / psi) ** (1 / c))));
}
