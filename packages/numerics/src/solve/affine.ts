import { weightedLeastSquares } from './least-squares.ts';

/** `X = a x + b y + c`, `Y = d x + e y + f`. */
export interface Affine {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
  readonly e: number;
  readonly f: number;
}

/** What an affine map does: mean scale, rotation of a right-handed frame, mirror, and how far it is from a similarity. */
export interface AffineShape {
  /** √|det| */
  readonly scale: number;
  /** +1: orientation kept; −1: mirrored. */
  readonly parity: 1 | -1;
  /** Direction of the image's +y axis on the target plane, from +Y towards −X (counter-clockwise) [deg], in (−180, 180]. */
  readonly rotationDeg: number;
  /** Larger over smaller singular value, minus 1. */
  readonly distortion: number;
}

/**
 * Similarity of a given parity, scale and rotation that takes (x0, y0) to (X0, Y0). With `m = parity`:
 * `X = k (m cosθ · x − sinθ · y) + …`, `Y = k (m sinθ · x + cosθ · y) + …`, so that θ is the direction of the image's +y axis.
 */
export function similarity(
  scale: number,
  rotationDeg: number,
  parity: 1 | -1,
  x0: number,
  y0: number,
  X0: number,
  Y0: number,
): Affine {
  const theta = (rotationDeg * Math.PI) / 180;
  const cos = scale * Math.cos(theta);
  const sin = scale * Math.sin(theta);
  const a = parity * cos;
  const d = parity * sin;
  return { a, b: -sin, c: X0 - a * x0 + sin * y0, d, e: cos, f: Y0 - d * x0 - cos * y0 };
}

export function affineShape({ a, b, d, e }: Affine): AffineShape {
  const det = a * e - b * d;
  const parity = det < 0 ? -1 : 1;
  // the nearest similarity of that parity
  const cos = e + parity * a;
  const sin = -b + parity * d;
  const sum = a * a + b * b + d * d + e * e;
  const root = Math.sqrt(Math.max(0, sum * sum - 4 * det * det));
  const ratio = Math.sqrt((sum + root) / Math.max(sum - root, 1e-300));
  return {
    scale: Math.sqrt(Math.abs(det)),
    parity,
    rotationDeg: (Math.atan2(sin, cos) * 180) / Math.PI,
    distortion: ratio - 1,
  };
}

/** The inverse map. */
export function invertAffine({ a, b, c, d, e, f }: Affine): Affine {
  const det = a * e - b * d;
  const ia = e / det;
  const ib = -b / det;
  const id = -d / det;
  const ie = a / det;
  return { a: ia, b: ib, c: -(ia * c + ib * f), d: id, e: ie, f: -(id * c + ie * f) };
}

/** Weighted least-squares similarity of a given parity, from at least two pairs; null when they coincide. */
export function fitSimilarity(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  X: ArrayLike<number>,
  Y: ArrayLike<number>,
  weights: ArrayLike<number>,
  parity: 1 | -1,
): Affine | null {
  let sw = 0;
  let mx = 0;
  let my = 0;
  let mX = 0;
  let mY = 0;
  for (let i = 0; i < x.length; i++) {
    const w = weights[i]!;
    sw += w;
    mx += w * x[i]!;
    my += w * y[i]!;
    mX += w * X[i]!;
    mY += w * Y[i]!;
  }
  if (!(sw > 0)) return null;
  mx /= sw;
  my /= sw;
  mX /= sw;
  mY /= sw;
  let cos = 0;
  let sin = 0;
  let norm = 0;
  for (let i = 0; i < x.length; i++) {
    const w = weights[i]!;
    const u = parity * (x[i]! - mx);
    const v = y[i]! - my;
    const U = X[i]! - mX;
    const V = Y[i]! - mY;
    cos += w * (u * U + v * V);
    sin += w * (u * V - v * U);
    norm += w * (u * u + v * v);
  }
  if (!(norm > 0)) return null;
  cos /= norm;
  sin /= norm;
  const a = parity * cos;
  const d = parity * sin;
  return { a, b: -sin, c: mX - a * mx + sin * my, d, e: cos, f: mY - d * mx - cos * my };
}

/** Weighted least-squares affine map, from at least three pairs that are not in line; else null. */
export function fitAffine(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  X: ArrayLike<number>,
  Y: ArrayLike<number>,
  weights: ArrayLike<number>,
): Affine | null {
  const n = x.length;
  if (n < 3) return null;
  let mx = 0;
  let my = 0;
  for (let i = 0; i < n; i++) {
    mx += x[i]! / n;
    my += y[i]! / n;
  }
  const design = new Float64Array(3 * n);
  for (let i = 0; i < n; i++) design.set([x[i]! - mx, y[i]! - my, 1], 3 * i);
  const w = Float64Array.from(weights);
  const first = weightedLeastSquares(design, 3, Float64Array.from(X), w);
  const second = weightedLeastSquares(design, 3, Float64Array.from(Y), w);
  if (!first || !second) return null;
  const [a, b, c] = first.coefficients;
  const [d, e, f] = second.coefficients;
  return { a: a!, b: b!, c: c! - a! * mx - b! * my, d: d!, e: e!, f: f! - d! * mx - e! * my };
}
