import { legendreRow, polynomialTermCount } from '@colibri/numerics';
import type { UnitFrame } from '@colibri/pipeline';
import type { PlateModel } from '../astrometry/plate-model.ts';
import { plateSources } from '../astrometry/plate-sources.ts';
import type { TangentPoint } from '../astrometry/tangent-plane.ts';
import { type DetectorGrid, detectorGrid, turnLegendre } from './detector-grid.ts';
import { type PlaneMap, planeMap, planeRotation } from './plane-map.ts';

/** Distortion shared by frames, over the detector: q = (u, v) + D(u, v), Legendre terms of degree 2 … order, in half detectors. */
export interface Distortion {
  order: number;
  /** All terms up to `order`; those of degree 0 and 1 are zero. */
  x: Float64Array;
  y: Float64Array;
}

/** One frame in the joint fit: (ξ, η) = a·q + t [arcsec] on the tangent plane of its own middle. */
export interface JointFrame {
  /** In the unit. */
  readonly index: number;
  readonly width: number;
  readonly height: number;
  readonly grid: DetectorGrid;
  readonly center: TangentPoint;
  /** From the unit's plane to the frame's and back, and the turn between their axes. */
  readonly toFrame: PlaneMap;
  readonly toUnit: PlaneMap;
  readonly turn: { readonly cos: number; readonly sin: number };
  /** [arcsec/pix] */
  readonly scale: number;
  /** Years from the epoch of the star positions. */
  readonly years: number;
  /** tξ, aξu, aξv, tη, aηu, aηv [arcsec]; changed by the fit. */
  readonly linear: Float64Array;
  /** Those by the frame alone. */
  readonly ownLinear: Float64Array;
  /** Positions on the detector in [−1, 1], and errors of a centroid, one axis [arcsec]; NaN: not to be used. By source. */
  readonly u: Float64Array;
  readonly v: Float64Array;
  readonly centroid: Float64Array;
  /** The frame's own distortion, before any is shared. */
  readonly own: Distortion;
}

/** `plate`: where the frame lies by itself, about its own middle. */
export function jointFrame(
  frame: Pick<UnitFrame, 'header' | 'meta' | 'width' | 'height' | 'wcs' | 'sources'>,
  plate: PlateModel,
  index: number,
  unitCenter: TangentPoint,
  years: number,
): JointFrame {
  const { width, height } = frame;
  const grid = detectorGrid(frame, plate);
  const { linear, own } = splitPlate(plate, grid);
  const scale = Math.sqrt(Math.abs((linear[1]! * linear[5]! - linear[2]! * linear[4]!) * 4) / (width * height));
  const { x, y, sigma } = plateSources(frame.sources.columns);
  const count = x.length;
  const u = new Float64Array(count);
  const v = new Float64Array(count);
  const centroid = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    [u[i], v[i]] = toDetector(grid, width, height, x[i]!, y[i]!) as [number, number];
    centroid[i] = Number.isFinite(x[i]! + y[i]!) ? sigma[i]! * scale : NaN;
  }
  const toFrame = planeMap(unitCenter, plate.center);
  return {
    index,
    width,
    height,
    grid,
    center: plate.center,
    toFrame,
    toUnit: planeMap(plate.center, unitCenter),
    turn: planeRotation(toFrame),
    scale,
    years,
    linear,
    ownLinear: linear.slice(),
    u,
    v,
    centroid,
    own,
  };
}

/** Pixel of the frame → (u, v) on the detector. */
export function toDetector({ turn }: DetectorGrid, width: number, height: number, x: number, y: number): [number, number] {
  const fu = (x - (width - 1) / 2) / (width / 2);
  const fv = (y - (height - 1) / 2) / (height / 2);
  return [turn[0] * fu + turn[1] * fv, turn[2] * fu + turn[3] * fv];
}

function splitPlate(plate: PlateModel, grid: DetectorGrid): { linear: Float64Array; own: Distortion } {
  const order = plate.order;
  const xi = turnLegendre(plate.xi, order, grid, { inverse: true });
  const eta = turnLegendre(plate.eta, order, grid, { inverse: true });
  const linear = Float64Array.of(xi[0]!, xi[1]!, xi[2]!, eta[0]!, eta[1]!, eta[2]!);
  const [, a, b, , c, d] = linear as unknown as [number, number, number, number, number, number];
  const det = a * d - b * c;
  const own: Distortion = { order, x: new Float64Array(xi.length), y: new Float64Array(xi.length) };
  for (let k = 3; k < xi.length; k++) {
    own.x[k] = (d * xi[k]! - b * eta[k]!) / det;
    own.y[k] = (a * eta[k]! - c * xi[k]!) / det;
  }
  return { linear, own };
}

/** The plate model, over the frame's own pixels, of a frame and a distortion. */
export function plateOfJoint(frame: JointFrame, distortion: Distortion): PlateModel {
  const { linear, grid, width, height, center } = frame;
  const order = Math.max(1, distortion.order);
  const terms = polynomialTermCount(order);
  const axis = (t: number, a: number, b: number): Float64Array => {
    const out = new Float64Array(terms);
    for (let k = 3; k < terms; k++) out[k] = a * distortion.x[k]! + b * distortion.y[k]!;
    out[0] = t;
    out[1] = a;
    out[2] = b;
    return turnLegendre(out, order, grid);
  };
  return {
    width,
    height,
    center,
    order,
    xi: axis(linear[0]!, linear[1]!, linear[2]!),
    eta: axis(linear[3]!, linear[4]!, linear[5]!),
  };
}

/** (ξ, η) [arcsec] on the frame's plane of a place on the detector, into `out`; `row` is scratch for the Legendre terms. */
export function jointToPlane(
  { linear }: JointFrame,
  { order, x, y }: Distortion,
  u: number,
  v: number,
  out: Float64Array,
  row: Float64Array,
): void {
  let qx = u;
  let qy = v;
  if (order >= 2) {
    legendreRow(order, u, v, row);
    for (let k = 3; k < x.length; k++) {
      qx += x[k]! * row[k]!;
      qy += y[k]! * row[k]!;
    }
  }
  out[0] = linear[0]! + linear[1]! * qx + linear[2]! * qy;
  out[1] = linear[3]! + linear[4]! * qx + linear[5]! * qy;
}
