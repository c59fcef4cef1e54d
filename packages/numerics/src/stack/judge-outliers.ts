import { MaskPlane } from '../mask-plane.ts';
import { type CoordinateGrid, cellArea, GRID_STEP, gridAt } from '../resample/coordinate-grid.ts';
import type { Shape } from '../shape.ts';

export interface OutlierJudgement {
  /** The frame on its own pixels: sky subtracted and filled, its noise, its mask: COSMIC is added. */
  readonly data: Float32Array;
  readonly variance: Float32Array;
  readonly mask: Uint16Array;
  readonly shape: Shape;
  /** Where the pixels of the stack lie on the frame; what the frame was multiplied by on the way (the area of a pixel aside). */
  readonly grid: CoordinateGrid;
  readonly scale: number;
  /** What it is compared with, on the stack's pixels; NaN where nothing is known. */
  readonly reference: Float32Array;
  readonly stackShape: Shape;
  /** Variance of the reference over that of the frame [1]. */
  readonly referenceNoise: number;
  /** Variance of the sky [unit of the frame²]. */
  readonly skyVariance: number;
  /** FWHM of stars in the frame, and in the reference on the frame's pixels [pix]. */
  readonly fwhmPix: number;
  readonly referenceFwhmPix: number;
  /** Least excess over what the PSF allows [sigma]. */
  readonly sigmas: number;
}

/** Part of the ratio of neighbours that a PSF may fall short of: cores sharper than a Gaussian, noise of the model. */
const SLACK = 0.8;
/** Errors of the reference from interpolation, as a share of its own curvature; and of its matching, per pix² of blur. Empirical. */
const LEAST_MISMATCH = 0.2;
const MATCHED_SHARE = 0.3;
/** Beyond it the series of the blur does not hold [pix²]. */
const MOST_BLUR = 1;

const PAIRS = [
  [1, 0, 1],
  [0, 1, 1],
  [1, 1, 2],
  [1, -1, 2],
] as const;

/**
 * Finds the pixels that something other than light through the telescope made brighter: those whose excess over the reference is sharper
 * than the PSF. Of a star that changed, the mean of two opposite neighbours is at least exp(−4 ln 2 d²/FWHM²) of the pixel between, in every
 * direction, wherever its centre lies; of a cosmic ray it is less across at least one direction. So a change of a point source, however large,
 * is never taken for an outlier. The reference is brought to the seeing of the frame; what that leaves undone is tolerated.
 *
 * @param candidates - pixels of the stack where the resampled frame is off
 * @returns pixels of the frame that were newly masked
 *
 * Source: the comparison with the reference on the frame's own pixels is that of Fruchter & Hook 2002, PASP 114, 144, section 5; the sharpness in
 * the place of a derivative of the image follows van Dokkum 2001, PASP 113, 1420.
 */
export function judgeOutliers(candidates: Int32Array, job: OutlierJudgement): Int32Array {
  const { data, variance, mask, shape, grid, stackShape, skyVariance, sigmas } = job;
  const { width, height } = shape;
  const excess = new Map<number, Excess>();
  const places = new Map<number, Place>();
  const at = new Float64Array(2);
  for (const o of candidates) {
    const x = o % stackShape.width;
    const y = (o - x) / stackShape.width;
    gridAt(grid, x, y, at);
    const u = Math.round(at[0]!);
    const v = Math.round(at[1]!);
    for (let dv = -1; dv <= 1; dv++) {
      for (let du = -1; du <= 1; du++) {
        if (u + du < 4 || v + dv < 4 || u + du >= width - 4 || v + dv >= height - 4) continue;
        const p = (v + dv) * width + u + du;
        if (mask[p] === 0 && !places.has(p)) places.set(p, placeOf(u + du, v + dv, x, y, at[0]!, at[1]!, grid));
      }
    }
  }
  // The reference in the seeing of the frame: exp(t ∇²) of it, to second order, t half the difference of the σ² of the Gaussians.
  const t = Math.min(Math.max((job.fwhmPix ** 2 - job.referenceFwhmPix ** 2) / (16 * Math.LN2), -MOST_BLUR), MOST_BLUR);
  const interpolated = new Map<number, number>();
  const raw = (q: number, place: Place, du: number, dv: number): number => {
    let value = interpolated.get(q);
    if (value === undefined) {
      const [x, y] = [place.x + du * place.xu + dv * place.xv, place.y + du * place.yu + dv * place.yv];
      value = cubicAt(job.reference, stackShape, x, y) * place.perReference(job.scale);
      interpolated.set(q, value);
    }
    return value;
  };
  const curvatures = new Map<number, number>();
  const curvature = (q: number, place: Place, du: number, dv: number): number => {
    let value = curvatures.get(q);
    if (value === undefined) {
      const sides = raw(q + 1, place, du + 1, dv) + raw(q - 1, place, du - 1, dv);
      const ends = raw(q + width, place, du, dv + 1) + raw(q - width, place, du, dv - 1);
      value = sides + ends - 4 * raw(q, place, du, dv);
      curvatures.set(q, value);
    }
    return value;
  };
  const known = (p: number, place: Place, du: number, dv: number): Excess | null => {
    const q = p + dv * width + du;
    if (mask[q] !== 0) return null;
    const had = excess.get(q);
    if (had !== undefined) return had;
    const first = curvature(q, place, du, dv);
    const sides = curvature(q + 1, place, du + 1, dv) + curvature(q - 1, place, du - 1, dv);
    const ends = curvature(q + width, place, du, dv + 1) + curvature(q - width, place, du, dv - 1);
    const second = sides + ends - 4 * first;
    const model = raw(q, place, du, dv) + t * (first + 0.5 * t * second);
    const doubt = (LEAST_MISMATCH + MATCHED_SHARE * Math.abs(t)) * (Math.abs(first) / 4 + Math.abs(second) / 16);
    const value = { model, residual: data[q]! - model, doubt };
    excess.set(q, value);
    return value;
  };
  const noiseOf = (p: number, residual: number): number =>
    Math.max(variance[p]! - Math.max(residual, 0), 0.8 * skyVariance) * (1 + job.referenceNoise);
  const rejected: number[] = [];
  const judge = (p: number, place: Place): boolean => {
    const here = known(p, place, 0, 0);
    if (here === null || !(here.residual > 0)) return false;
    const noise = noiseOf(p, here.residual);
    if (here.residual < sigmas * Math.sqrt(noise)) return false;
    for (const [du, dv, d2] of PAIRS) {
      const a = known(p, place, du, dv);
      const b = known(p, place, -du, -dv);
      if (a === null || b === null) continue;
      const ratio = SLACK * Math.exp((-4 * Math.LN2 * d2) / job.fwhmPix ** 2);
      const sharp = here.residual - (a.residual + b.residual) / (2 * ratio);
      const sigma = Math.sqrt(noise + noise / (2 * ratio * ratio));
      if (sharp > sigmas * sigma + Math.max(here.doubt, a.doubt, b.doubt)) return true;
    }
    return false;
  };
  // Wide hits are peeled from their edge: pixels already masked say nothing about their neighbours.
  let pending = [...places];
  for (let round = 0; round < 4; round++) {
    const hits = pending.filter(([p, place]) => mask[p] === 0 && judge(p, place));
    if (hits.length === 0) break;
    for (const [p] of hits) {
      mask[p]! |= MaskPlane.COSMIC;
      rejected.push(p);
    }
    const near = new Map<number, Place>();
    for (const [p, place] of hits) {
      for (let dv = -1; dv <= 1; dv++) {
        for (let du = -1; du <= 1; du++) {
          const q = p + dv * width + du;
          if (mask[q] === 0 && !near.has(q)) near.set(q, moved(place, du, dv));
        }
      }
    }
    pending = [...near].filter(([p]) => p % width > 3 && p % width < width - 4 && p > 4 * width && p < (height - 4) * width);
  }
  return Int32Array.from(rejected).sort();
}

interface Excess {
  readonly model: number;
  readonly residual: number;
  /** What the model may be wrong by. */
  readonly doubt: number;
}

/** A pixel of the frame on the stack, and how the stack's coordinates change with the frame's. */
interface Place {
  readonly x: number;
  readonly y: number;
  readonly xu: number;
  readonly xv: number;
  readonly yu: number;
  readonly yv: number;
  /** Value of the frame per value of the stack. */
  perReference(scale: number): number;
}

const moved = (place: Place, du: number, dv: number): Place => ({
  ...place,
  x: place.x + du * place.xu + dv * place.xv,
  y: place.y + du * place.yu + dv * place.yv,
});

function placeOf(pu: number, pv: number, x: number, y: number, u: number, v: number, grid: CoordinateGrid): Place {
  const c = Math.min(Math.floor(x / GRID_STEP), grid.columns - 2);
  const r = Math.min(Math.floor(y / GRID_STEP), grid.rows - 2);
  const k = r * grid.columns + c;
  const n = k + grid.columns;
  const ux = (grid.u[k + 1]! - grid.u[k]!) / GRID_STEP;
  const vx = (grid.v[k + 1]! - grid.v[k]!) / GRID_STEP;
  const uy = (grid.u[n]! - grid.u[k]!) / GRID_STEP;
  const vy = (grid.v[n]! - grid.v[k]!) / GRID_STEP;
  const det = ux * vy - uy * vx;
  const [xu, xv, yu, yv] = [vy / det, -uy / det, -vx / det, ux / det];
  const area = cellArea(grid, c, r);
  return {
    x: x + xu * (pu - u) + xv * (pv - v),
    y: y + yu * (pu - u) + yv * (pv - v),
    xu,
    xv,
    yu,
    yv,
    perReference: (scale) => 1 / (scale * area),
  };
}

/** Catmull–Rom interpolation; NaN where a pixel of the sixteen is NaN or outside. */
function cubicAt(image: Float32Array, { width, height }: Shape, x: number, y: number): number {
  const ix = Math.floor(x);
  const iy = Math.floor(y);
  if (!(ix >= 1 && iy >= 1 && ix < width - 2 && iy < height - 2)) return NaN;
  const fx = x - ix;
  const fy = y - iy;
  let sum = 0;
  for (let b = -1; b <= 2; b++) {
    const p = (iy + b) * width + ix;
    sum += cubic(image[p - 1]!, image[p]!, image[p + 1]!, image[p + 2]!, fx) * cubicWeight(fy - b);
  }
  return sum;
}

const cubic = (a: number, b: number, c: number, d: number, t: number): number =>
  b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));

function cubicWeight(t: number): number {
  const x = Math.abs(t);
  if (x < 1) return 1 + x * x * (1.5 * x - 2.5);
  return x < 2 ? 2 + x * (-4 + x * (2.5 - 0.5 * x)) : 0;
}
