import { asind, sind } from '../../angles.ts';
import { BadParameter, type Parameter, type Projection } from './projection.ts';

/**
 * HEALPix: Calabretta & Roukema (2007), MNRAS 381, 865. H = PV2_1 (4), K = PV2_2 (3).
 */
export function hpx(pv: Parameter): Projection {
  const h = pv(1, 4),
    k = pv(2, 3);
  if (!(Number.isInteger(h) && Number.isInteger(k) && h > 0 && k > 0)) throw new BadParameter(`HPX with H = ${h}, K = ${k}`);
  const sinX = (k - 1) / k;
  const thetaX = asind(sinX);
  const yLimit = (90 * (k - 1)) / h;
  const north = (theta: number): number => (k % 2 === 1 || theta > 0 ? 1 : 0);
  /** Longitude of the centre of the facet that a point lies in (eqs 11, 16). */
  const facet = (x: number, w: number): number => -180 + (2 * Math.floor(((x + 180) * h) / 360 + (1 - w) / 2) + w) * (180 / h);
  return {
    phi0: 0,
    theta0: 0,
    toPlane(phi, theta) {
      if (Math.abs(theta) <= thetaX) return [phi, ((90 * k) / h) * sind(theta)];
      const sigma = Math.sqrt(k * (1 - Math.abs(sind(theta))));
      const centre = facet(phi, north(theta));
      return [centre + (phi - centre) * sigma, Math.sign(theta) * (180 / h) * ((k + 1) / 2 - sigma)];
    },
    toNative(x, y) {
      if (Math.abs(y) <= yLimit) {
        const theta = asind((y * h) / (90 * k));
        return Math.abs(x) <= 180 * (1 + 1e-12) ? [Math.min(180, Math.max(-180, x)), theta] : null;
      }
      const sigma = (k + 1) / 2 - Math.abs((y * h) / 180);
      if (sigma < -1e-12) return null;
      const s = Math.max(sigma, 0);
      const theta = Math.sign(y) * asind(1 - (s * s) / k);
      const centre = facet(x, north(theta));
      if (s === 0) return [centre, theta];
      const phi = centre + (x - centre) / s;
      // Between the teeth of the polar zones there is no sky.
      if (Math.abs(phi - centre) > (180 / h) * (1 + 1e-9)) return null;
      return [phi, theta];
    },
  };
}

/** HEALPix polar, the "butterfly" (Calabretta & Lowe 2013, PASA 30, e050). */
export function xph(): Projection {
  const sinX = 2 / 3;
  return {
    phi0: 0,
    theta0: 90,
    toPlane(phiIn, theta) {
      // Facets of 90° centred on psi = phi + 180 = 45, 135 …
      let psi = phiIn;
      if (psi < 0) psi += 360;
      if (psi < 180) psi += 180;
      else psi -= 180;
      const quarter = Math.floor(psi / 90) % 4;
      const inside = psi - 90 * Math.floor(psi / 90); // 0…90
      let xi: number, eta: number;
      if (Math.abs(sind(theta)) <= sinX) {
        xi = inside - 45;
        eta = 67.5 * sind(theta);
      } else {
        const sigma = Math.sqrt(3 * (1 - Math.abs(sind(theta))));
        xi = (inside - 45) * sigma;
        eta = Math.sign(theta) * (90 - 45 * sigma);
      }
      xi -= 0;
      eta -= 90;
      const [a, b] = [xi, eta];
      switch (quarter) {
        case 0:
          return [(-a + b) * Math.SQRT1_2, (-a - b) * Math.SQRT1_2];
        case 1:
          return [(a + b) * Math.SQRT1_2, (-a + b) * Math.SQRT1_2];
        case 2:
          return [(a - b) * Math.SQRT1_2, (a + b) * Math.SQRT1_2];
        default:
          return [(-a - b) * Math.SQRT1_2, (a - b) * Math.SQRT1_2];
      }
    },
    toNative(x, y) {
      let xi: number, eta: number, psi0: number;
      if (x <= 0 && y > 0) {
        psi0 = -180;
        xi = -x - y;
        eta = x - y;
      } else if (x < 0 && y <= 0) {
        psi0 = -90;
        xi = x - y;
        eta = x + y;
      } else if (x >= 0 && y < 0) {
        psi0 = 0;
        xi = x + y;
        eta = -x + y;
      } else {
        psi0 = 90;
        xi = -x + y;
        eta = -x - y;
      }
      xi *= Math.SQRT1_2;
      eta = eta * Math.SQRT1_2 + 90;
      if (Math.abs(xi) > 45 * (1 + 1e-12)) return null;
      if (Math.abs(eta) <= 45) {
        return [psi0 + 45 + xi, asind(eta / 67.5)];
      }
      const sigma = (90 - Math.abs(eta)) / 45;
      if (sigma < -1e-12) return null;
      if (sigma <= 0) return [psi0 + 45, Math.sign(eta) * 90];
      const phi = xi / sigma;
      if (Math.abs(phi) > 45 * (1 + 1e-9)) return null;
      return [psi0 + 45 + phi, Math.sign(eta) * asind(1 - (sigma * sigma) / 3)];
    },
  };
}
