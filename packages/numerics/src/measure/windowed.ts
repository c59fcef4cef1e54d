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
/** Steps below this [pix] end the iteration: each is some ten times shorter than the one before. */
const LEAST_STEP = 5e-4;
const MOST_RADIUS = 60;

const along = new Float64Array(2 * MOST_RADIUS + 1);
const across = new Float64Array(2 * MOST_RADIUS + 1);
const data = new Float64Array((2 * MOST_RADIUS + 1) ** 2);
const noise = new Float64Array((2 * MOST_RADIUS + 1) ** 2);

/**
 * Centroid, flux and second moments under a circular Gaussian window that follows the object:
 * `x ← x + 2 Σ w d (xᵢ − x) / Σ w d` until it rests.
 * A pixel without a usable value, of another object or outside the image is left out together with its mirror image about the
 * centre, which keeps the centroid of a symmetric object unbiased.
 *
 * @param label - pixels of this label or of none count
 * @param sigma - of the window [pix], at most 15; near optimal for stars when equal to theirs
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
  const radius = Math.min(Math.ceil(4 * sigma), MOST_RADIUS);
  const size = 2 * radius + 1;
  const inverse = -0.5 / (sigma * sigma);
  let x = startX;
  let y = startY;
  let cx = Math.round(x);
  let cy = Math.round(y);
  gather(planes, label, cx, cy, radius);
  let failed = 1;
  for (let iteration = 0; iteration < MAX_ITERATIONS; iteration++) {
    windowProfile(cx - x, cy - y, radius, inverse);
    let sum = 0;
    let sx = 0;
    let sy = 0;
    for (let j = 0, p = 0; j < size; j++) {
      let line = 0;
      let lineX = 0;
      for (let i = 0; i < size; i++, p++) {
        const w = along[i]! * data[p]!;
        line += w;
        lineX += w * i;
      }
      sum += across[j]! * line;
      sx += across[j]! * lineX;
      sy += across[j]! * line * j;
    }
    if (!(sum > 0)) break;
    const stepX = 2 * (sx / sum + cx - radius - x);
    const stepY = 2 * (sy / sum + cy - radius - y);
    x += stepX;
    y += stepY;
    if (!(Math.abs(x - startX) < 2 * sigma && Math.abs(y - startY) < 2 * sigma)) break;
    if (stepX * stepX + stepY * stepY < LEAST_STEP * LEAST_STEP) {
      failed = 0;
      break;
    }
    if (Math.round(x) !== cx || Math.round(y) !== cy) {
      cx = Math.round(x);
      cy = Math.round(y);
      gather(planes, label, cx, cy, radius);
    }
  }
  if (failed === 1) {
    x = startX;
    y = startY;
    cx = Math.round(x);
    cy = Math.round(y);
    gather(planes, label, cx, cy, radius);
  }
  out[Windowed.X] = x;
  out[Windowed.Y] = y;
  out[Windowed.FAILED] = failed;
  windowProfile(cx - x, cy - y, radius, inverse);
  finish(cx - x - radius, cy - y - radius, size, sigma, out);
}

/** Weights of the columns and rows of the stamp, whose middle is (dx, dy) from the centre of the window. */
function windowProfile(dx: number, dy: number, radius: number, inverse: number): void {
  for (let i = -radius; i <= radius; i++) {
    along[i + radius] = Math.exp(inverse * (dx + i) * (dx + i));
    across[i + radius] = Math.exp(inverse * (dy + i) * (dy + i));
  }
}

/** Copies the stamp around (cx, cy) to `data` and `noise`; 0 for what is left out. */
function gather(
  { image, variance, mask, labels, width, height }: ObjectPlanes,
  label: number,
  cx: number,
  cy: number,
  radius: number,
): void {
  const size = 2 * radius + 1;
  const limit = (radius + 0.5) * (radius + 0.5);
  for (let j = -radius, k = 0; j <= radius; j++) {
    const py = cy + j;
    const my = cy - j;
    if (py < 0 || py >= height || my < 0 || my >= height) {
      data.fill(0, k, k + size);
      noise.fill(0, k, k + size);
      k += size;
      continue;
    }
    for (let i = -radius; i <= radius; i++, k++) {
      data[k] = noise[k] = 0;
      const px = cx + i;
      const mx = cx - i;
      if (px < 0 || px >= width || mx < 0 || mx >= width || i * i + j * j > limit) continue;
      const p = py * width + px;
      const m = my * width + mx;
      if (((mask[p]! | mask[m]!) & UNUSABLE) !== 0) continue;
      const lp = labels[p]!;
      const lm = labels[m]!;
      if ((lp !== 0 && lp !== label) || (lm !== 0 && lm !== label)) continue;
      data[k] = image[p]!;
      noise[k] = variance[p]!;
    }
  }
}

/** Flux, errors and moments at the final place; (x0, y0): of the stamp's first pixel from there. */
function finish(x0: number, y0: number, size: number, sigma: number, out: Float64Array): void {
  let sum = 0;
  let varSum = 0;
  let vx = 0;
  let vy = 0;
  let xx = 0;
  let yy = 0;
  let xy = 0;
  for (let j = 0, p = 0; j < size; j++) {
    const dy = y0 + j;
    for (let i = 0; i < size; i++, p++) {
      const w = across[j]! * along[i]!;
      const d = w * data[p]!;
      const v = w * w * noise[p]!;
      const dx = x0 + i;
      sum += d;
      varSum += v;
      vx += v * dx * dx;
      vy += v * dy * dy;
      xx += d * dx * dx;
      yy += d * dy * dy;
      xy += d * dx * dy;
    }
  }
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
