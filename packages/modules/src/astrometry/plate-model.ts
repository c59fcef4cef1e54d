import {
  type Affine,
  evaluateLegendre,
  legendreRow,
  legendreToPowers,
  polynomialTermCount,
  polynomialTerms,
  qrLeastSquares,
} from '@colibri/numerics';
import type { TanSip, Wcs } from '@colibri/sky';
import { planeToSky, skyToPlane, type TangentPoint } from './tangent-plane.ts';

/**
 * Pixels → plane: two Legendre expansions over the frame, in arcsec about a tangent point. The frame runs over [−1, 1] in both
 * coordinates, from half a pixel outside its first pixel to half a pixel outside its last.
 */
export interface PlateModel {
  readonly width: number;
  readonly height: number;
  readonly center: TangentPoint;
  readonly order: number;
  readonly xi: Float64Array;
  readonly eta: Float64Array;
}

/** Pixel (0-based) → position in [−1, 1] of the frame. */
export const frameX = (model: { width: number }, x: number): number => (x - (model.width - 1) / 2) / (model.width / 2);
export const frameY = (model: { height: number }, y: number): number => (y - (model.height - 1) / 2) / (model.height / 2);

/** (ξ, η) [arcsec] of a pixel. */
export function plateToPlane(model: PlateModel, x: number, y: number): [number, number] {
  const u = frameX(model, x);
  const v = frameY(model, y);
  return [evaluateLegendre(model.order, model.xi, u, v), evaluateLegendre(model.order, model.eta, u, v)];
}

/** (ξ, η) [arcsec] of many pixels. */
export function plateToPlaneColumns(model: PlateModel, x: Float64Array, y: Float64Array) {
  const terms = polynomialTermCount(model.order);
  const row = new Float64Array(terms);
  const xi = new Float64Array(x.length);
  const eta = new Float64Array(x.length);
  for (let i = 0; i < x.length; i++) {
    legendreRow(model.order, frameX(model, x[i]!), frameY(model, y[i]!), row);
    let sumXi = 0;
    let sumEta = 0;
    for (let k = 0; k < terms; k++) {
      sumXi += model.xi[k]! * row[k]!;
      sumEta += model.eta[k]! * row[k]!;
    }
    xi[i] = sumXi;
    eta[i] = sumEta;
  }
  return { xi, eta };
}

/** Mean scale over the frame [arcsec/pix]. */
export function pixelScale(model: PlateModel): number {
  const [, ax, ay] = model.xi;
  const [, bx, by] = model.eta;
  return Math.sqrt(Math.abs((ax! * by! - ay! * bx!) * 4) / (model.width * model.height));
}

/** A plain frame: scale [arcsec/pix], +y to the north, x to the east of it or, `parity` −1, to the west. */
export function plainPlate(width: number, height: number, center: TangentPoint, scaleArcsec: number): PlateModel {
  const xi = Float64Array.of(0, (scaleArcsec * width) / 2, 0);
  const eta = Float64Array.of(0, 0, (scaleArcsec * height) / 2);
  return { width, height, center, order: 1, xi, eta };
}

/**
 * The plate model of any WCS, about the sky position of the frame's middle; its order is the least (1 to 5) that reproduces the WCS to a
 * milliarcsecond, or 5. null: the WCS is not defined over the frame.
 */
export function plateOfWcs(wcs: Wcs, width: number, height: number): PlateModel | null {
  const [raDeg, decDeg] = wcs.pixelToSky((width - 1) / 2, (height - 1) / 2);
  if (!Number.isFinite(raDeg) || !Number.isFinite(decDeg)) return null;
  const center = { raDeg, decDeg };
  const nodes = 13;
  const u = new Float64Array(nodes * nodes);
  const v = new Float64Array(nodes * nodes);
  const xi = new Float64Array(nodes * nodes);
  const eta = new Float64Array(nodes * nodes);
  for (let k = 0; k < u.length; k++) {
    const x = -0.5 + ((k % nodes) / (nodes - 1)) * width;
    const y = -0.5 + (Math.floor(k / nodes) / (nodes - 1)) * height;
    const [ra, dec] = wcs.pixelToSky(x, y);
    [xi[k], eta[k]] = skyToPlane(center, ra, dec) as [number, number];
    if (!Number.isFinite(xi[k]!) || !Number.isFinite(eta[k]!)) return null;
    u[k] = frameX({ width }, x);
    v[k] = frameY({ height }, y);
  }
  for (let order = 1; order <= 5; order++) {
    const terms = polynomialTermCount(order);
    const design = new Float64Array(terms * u.length);
    for (let k = 0; k < u.length; k++) legendreRow(order, u[k]!, v[k]!, design, k * terms);
    const first = qrLeastSquares(design, xi, terms);
    const second = qrLeastSquares(design, eta, terms);
    if (!first || !second) return null;
    const rms = Math.sqrt((first.residual2 + second.residual2) / u.length);
    if (rms < 1e-3 || order === 5) return { width, height, center, order, xi: first.coefficients, eta: second.coefficients };
  }
  return null;
}

/** The model followed by an affine map of its plane; `center` may be renamed because the map moved it. */
export function mapPlate(model: PlateModel, map: Affine, center: TangentPoint = model.center): PlateModel {
  const xi = new Float64Array(model.xi.length);
  const eta = new Float64Array(model.eta.length);
  for (let k = 0; k < xi.length; k++) {
    xi[k] = map.a * model.xi[k]! + map.b * model.eta[k]!;
    eta[k] = map.d * model.xi[k]! + map.e * model.eta[k]!;
  }
  xi[0]! += map.c;
  eta[0]! += map.f;
  return { ...model, center, xi, eta };
}

/** Sky position of the middle of the frame. */
export function middleOfPlate(model: PlateModel): TangentPoint {
  const [raDeg, decDeg] = planeToSky(model.center, ...plateToPlane(model, (model.width - 1) / 2, (model.height - 1) / 2));
  return { raDeg, decDeg };
}

/**
 * The same model about the sky position of the middle of the frame. Exact for the linear part to second order in the shift; fits that
 * follow take up the rest, and {@link tanSipOfPlate} is exact when the shift is nil.
 */
export function recenterPlate(model: PlateModel): PlateModel {
  const center = middleOfPlate(model);
  const nodes = 2 * model.order + 3;
  const terms = polynomialTermCount(model.order);
  const design = new Float64Array(terms * nodes * nodes);
  const xi = new Float64Array(nodes * nodes);
  const eta = new Float64Array(nodes * nodes);
  for (let k = 0; k < xi.length; k++) {
    const x = -0.5 + ((k % nodes) / (nodes - 1)) * model.width;
    const y = -0.5 + (Math.floor(k / nodes) / (nodes - 1)) * model.height;
    legendreRow(model.order, frameX(model, x), frameY(model, y), design, k * terms);
    [xi[k], eta[k]] = skyToPlane(center, ...planeToSky(model.center, ...plateToPlane(model, x, y))) as [number, number];
  }
  const first = qrLeastSquares(design, xi, terms);
  const second = qrLeastSquares(design, eta, terms);
  if (!first || !second) return model;
  return { ...model, center, xi: first.coefficients, eta: second.coefficients };
}

/** TAN-SIP of a plate model. The reference pixel is the middle of the frame; what remains of the constant term moves CRVAL. */
export function tanSipOfPlate(model: PlateModel): TanSip {
  const { width, height, order } = model;
  const xi = legendreToPowers(order, model.xi, width / 2, height / 2);
  const eta = legendreToPowers(order, model.eta, width / 2, height / 2);
  const [raDeg, decDeg] = planeToSky(model.center, xi[0]!, eta[0]!);
  const cd = [xi[1]! / 3600, xi[2]! / 3600, eta[1]! / 3600, eta[2]! / 3600] as const;
  const det = cd[0] * cd[3] - cd[1] * cd[2];
  const a = new Map<string, number>();
  const b = new Map<string, number>();
  polynomialTerms(order).forEach(({ i, j }, k) => {
    if (i + j < 2) return;
    const dXi = xi[k]! / 3600;
    const dEta = eta[k]! / 3600;
    a.set(`${i},${j}`, (cd[3] * dXi - cd[1] * dEta) / det);
    b.set(`${i},${j}`, (cd[0] * dEta - cd[2] * dXi) / det);
  });
  return { crpix: [(width - 1) / 2, (height - 1) / 2], crval: [raDeg, decDeg], cd, order, a, b };
}
