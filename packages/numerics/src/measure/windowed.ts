import { type ObjectPlanes, UNUSABLE } from './object-planes.ts';

/** Places of the results of `measureWindowed` in its `out`. */
export const Windowed = {
  X: 0,
  Y: 1,
  X_ERR: 2,
  Y_ERR: 3,
  /** Σ w·d and Σ w²·v over the window. */
  SUM: 4,
  VARIANCE: 5,
  /** Second moments of the object alone: the window's share removed [pix²]. NaN when the object is wider than can be said. */
  XX: 6,
  YY: 7,
  XY: 8,
  /** 0 converged; 1 not: X, Y are the start. */
  FAILED: 9,
  LENGTH: 10,
} as const;

const MAX_ITERATIONS = 20;
const row = new Float64Array(128);

/**
 * Centroid, flux and second moments under a circular Gaussian window that follows the object:
 * `x ← x + 2 Σ w d (xᵢ − x) / Σ w d` until it moves less than 1e-4 pix.
 * A pixel without a usable value, of another object or outside the image is left out together with its mirror image about the
 * centre, which keeps the centroid of a symmetric object unbiased.
 *
 * @param label - pixels of this label or of none count
 * @param sigma - of the window [pix], at most 20; near optimal for stars when equal to theirs
 * Source: source-extractor manual, "Windowed positional parameters"; moments: Bernstein & Jarvis 2002, AJ 123, 583, section 3.
 */
export function measureWindowed(
  planes: ObjectPlanes,
  label: number,
  startX: number,
  startY: number,
  sigma: number,
  out: Float64Array,
): void {
  const { image, variance, mask, labels, width, height } = planes;
  const radius = Math.min(Math.ceil(4 * sigma), 60);
  const limit = (radius + 0.5) * (radius + 0.5);
  const inverse = -0.5 / (sigma * sigma);
  let x = startX;
  let y = startY;
  let failed = 1;
  let sum = 0;
  for (let iteration = 0; iteration < MAX_ITERATIONS; iteration++) {
    const cx = Math.round(x);
    const cy = Math.round(y);
    for (let i = -radius; i <= radius; i++) row[i + radius] = Math.exp(inverse * (cx + i - x) * (cx + i - x));
    let sx = 0;
    let sy = 0;
    sum = 0;
    for (let j = -radius; j <= radius; j++) {
      const py = cy + j;
      const my = cy - j;
      if (py < 0 || py >= height || my < 0 || my >= height) continue;
      const dy = py - y;
      const wy = Math.exp(inverse * dy * dy);
      for (let i = -radius; i <= radius; i++) {
        if (i * i + j * j > limit) continue;
        const px = cx + i;
        const mx = cx - i;
        if (px < 0 || px >= width || mx < 0 || mx >= width) continue;
        const p = py * width + px;
        const m = my * width + mx;
        if (((mask[p]! | mask[m]!) & UNUSABLE) !== 0) continue;
        const lp = labels[p]!;
        const lm = labels[m]!;
        if ((lp !== 0 && lp !== label) || (lm !== 0 && lm !== label)) continue;
        const w = wy * row[i + radius]! * image[p]!;
        sum += w;
        sx += w * (px - x);
        sy += w * dy;
      }
    }
    if (!(sum > 0)) break;
    const stepX = (2 * sx) / sum;
    const stepY = (2 * sy) / sum;
    x += stepX;
    y += stepY;
    if (!(Math.abs(x - startX) < 2 * sigma && Math.abs(y - startY) < 2 * sigma)) break;
    if (stepX * stepX + stepY * stepY < 1e-8) {
      failed = 0;
      break;
    }
  }
  if (failed === 1) {
    x = startX;
    y = startY;
  }
  // Errors and moments at the final place.
  const cx = Math.round(x);
  const cy = Math.round(y);
  let varSum = 0;
  let vx = 0;
  let vy = 0;
  let xx = 0;
  let yy = 0;
  let xy = 0;
  sum = 0;
  for (let i = -radius; i <= radius; i++) row[i + radius] = Math.exp(inverse * (cx + i - x) * (cx + i - x));
  for (let j = -radius; j <= radius; j++) {
    const py = cy + j;
    const my = cy - j;
    if (py < 0 || py >= height || my < 0 || my >= height) continue;
    const dy = py - y;
    const wy = Math.exp(inverse * dy * dy);
    for (let i = -radius; i <= radius; i++) {
      if (i * i + j * j > limit) continue;
      const px = cx + i;
      const mx = cx - i;
      if (px < 0 || px >= width || mx < 0 || mx >= width) continue;
      const p = py * width + px;
      const m = my * width + mx;
      if (((mask[p]! | mask[m]!) & UNUSABLE) !== 0) continue;
      const lp = labels[p]!;
      const lm = labels[m]!;
      if ((lp !== 0 && lp !== label) || (lm !== 0 && lm !== label)) continue;
      const w = wy * row[i + radius]!;
      const d = w * image[p]!;
      const v = w * w * variance[p]!;
      const dx = px - x;
      sum += d;
      varSum += v;
      vx += v * dx * dx;
      vy += v * dy * dy;
      xx += d * dx * dx;
      yy += d * dy * dy;
      xy += d * dx * dy;
    }
  }
  out[Windowed.X] = x;
  out[Windowed.Y] = y;
  out[Windowed.FAILED] = failed;
  out[Windowed.SUM] = sum;
  out[Windowed.VARIANCE] = varSum;
  out[Windowed.X_ERR] = sum > 0 ? (2 * Math.sqrt(vx)) / sum : NaN;
  out[Windowed.Y_ERR] = sum > 0 ? (2 * Math.sqrt(vy)) / sum : NaN;
  removeWindow(xx / sum, yy / sum, xy / sum, sigma, out);
}

/** Inverse of the sum of inverses: moments under the window are those of the product of two Gaussians. */
function removeWindow(xx: number, yy: number, xy: number, sigma: number, out: Float64Array): void {
  const det = xx * yy - xy * xy;
  const w = 1 / (sigma * sigma);
  const ixx = yy / det - w;
  const iyy = xx / det - w;
  const ixy = -xy / det;
  const idet = ixx * iyy - ixy * ixy;
  const usable = det > 0 && xx > 0 && idet > 0 && ixx > 0;
  out[Windowed.XX] = usable ? iyy / idet : NaN;
  out[Windowed.YY] = usable ? ixx / idet : NaN;
  out[Windowed.XY] = usable ? -ixy / idet : NaN;
}
