import type { Bivariate } from './bivariate.ts';
import { leastSquares } from './least-squares.ts';
import { type Sip, sipGuess, sipMap } from './sip.ts';

/** The image over which an inverse has to be good [pix]. */
export interface ImageSize {
  readonly width: number;
  readonly height: number;
}

export interface SipInverse {
  readonly ap: Bivariate;
  readonly bp: Bivariate;
  /** Largest distance between a pixel and its image there and back, over the whole frame [pix]. */
  readonly maxErrorPix: number;
}

/** The inverse is judged at so many places along each side. */
const CHECKS = 20;
/** Good enough to stop raising the order: a tenth of what we promise other software (0.01 pix). */
const GOOD_PIX = 0.001;

/**
 * The polynomials AP, BP that undo a SIP distortion over an image, for software that does not iterate.
 *
 * Fitted by least squares on a grid over the frame (half a pixel beyond its border); the order rises from that of the
 * distortion to 9, the most that SIP allows, until the inverse holds to 0.001 pix. `crpix` 0-based.
 */
export function fitSipInverse(sip: Sip, crpix: readonly [number, number], { width, height }: ImageSize): SipInverse {
  let best: SipInverse | undefined;
  const lowest = Math.max(2, sip.a.order, sip.b.order);
  for (let order = lowest; order <= 9; order++) {
    const fit = fitOrder(sip, crpix, { width, height }, order);
    if (best === undefined || fit.maxErrorPix < best.maxErrorPix) best = fit;
    if (best.maxErrorPix < GOOD_PIX) break;
  }
  return best!;
}

function fitOrder(sip: Sip, crpix: readonly [number, number], size: ImageSize, order: number): SipInverse {
  const map = sipMap(sip);
  const out = new Float64Array(6);
  const nodes = 2 * (order + 2);
  const rows = nodes * nodes;
  const columns = ((order + 1) * (order + 2)) / 2;
  const us = new Float64Array(rows),
    vs = new Float64Array(rows),
    distortedU = new Float64Array(rows),
    distortedV = new Float64Array(rows);
  let scale = 1e-30;
  for (let n = 0, k = 0; n < nodes; n++) {
    for (let m = 0; m < nodes; m++, k++) {
      us[k] = chebyshev(m, nodes, size.width) - crpix[0];
      vs[k] = chebyshev(n, nodes, size.height) - crpix[1];
      map.evaluate(us[k]!, vs[k]!, out);
      distortedU[k] = out[0]!;
      distortedV[k] = out[1]!;
      scale = Math.max(scale, Math.abs(out[0]!), Math.abs(out[1]!));
    }
  }
  const matrix = new Float64Array(rows * columns);
  for (let k = 0; k < rows; k++) {
    const x = distortedU[k]! / scale,
      y = distortedV[k]! / scale;
    for (let p = 0, c = 0, xp = 1; p <= order; p++, xp *= x) {
      for (let q = 0, term = xp; p + q <= order; q++, c++, term *= y) matrix[c * rows + k] = term;
    }
  }
  const [x, y] = leastSquares(matrix, rows, columns, [
    us.map((u, k) => u - distortedU[k]!),
    vs.map((v, k) => v - distortedV[k]!),
  ]);
  const polynomial = (solution: Float64Array): Bivariate => {
    const coefficients = new Float64Array((order + 1) ** 2);
    for (let p = 0, c = 0; p <= order; p++) {
      for (let q = 0; p + q <= order; q++, c++) coefficients[p * (order + 1) + q] = solution[c]! / scale ** (p + q);
    }
    return { order, coefficients };
  };
  const ap = polynomial(x!),
    bp = polynomial(y!);
  return { ap, bp, maxErrorPix: worstRoundTrip({ ...sip, ap, bp }, crpix, size) };
}

/** Chebyshev–Lobatto nodes over [−0.5, length − 0.5]: they keep the fit from swinging at the border. */
const chebyshev = (index: number, count: number, length: number): number =>
  -0.5 + (length / 2) * (1 - Math.cos((Math.PI * index) / (count - 1)));

function worstRoundTrip(sip: Sip, crpix: readonly [number, number], { width, height }: ImageSize): number {
  const map = sipMap(sip);
  const out = new Float64Array(6);
  let worst = 0;
  for (let n = 0; n <= CHECKS; n++) {
    for (let m = 0; m <= CHECKS; m++) {
      const u = -0.5 + (width * m) / CHECKS - crpix[0],
        v = -0.5 + (height * n) / CHECKS - crpix[1];
      map.evaluate(u, v, out);
      const [backU, backV] = sipGuess(sip, out[0]!, out[1]!);
      const error = Math.sqrt((backU - u) ** 2 + (backV - v) ** 2);
      worst = Number.isNaN(error) ? Number.POSITIVE_INFINITY : Math.max(worst, error);
    }
  }
  return worst;
}
