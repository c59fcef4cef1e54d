/**
 * Area that the unit square centred on (x, y) shares with the disc of radius `r` around the origin, exact to rounding.
 *
 * Source: the disc cut by the four corners' quadrants; elementary integral of √(r² − t²).
 */
export function discPixelOverlap(x: number, y: number, r: number): number {
  const ax = Math.abs(x);
  const ay = Math.abs(y);
  const far = (ax + 0.5) * (ax + 0.5) + (ay + 0.5) * (ay + 0.5);
  if (far <= r * r) return 1;
  const nx = Math.max(ax - 0.5, 0);
  const ny = Math.max(ay - 0.5, 0);
  if (nx * nx + ny * ny >= r * r) return 0;
  const x0 = ax - 0.5;
  const x1 = ax + 0.5;
  const y0 = ay - 0.5;
  const y1 = ay + 0.5;
  if (x0 >= 0 && y0 >= 0) {
    // Within one quadrant: full below the arc's part above the pixel, then the arc, then nothing.
    const from = y1 < r ? Math.min(Math.max(Math.sqrt(r * r - y1 * y1), x0), x1) : x0;
    const to = Math.min(Math.sqrt(r * r - y0 * y0), x1);
    return from - x0 + half(to, r) - half(from, r) - y0 * (to - from);
  }
  return Math.max(0, quadrant(x1, y1, r) - quadrant(x0, y1, r) - quadrant(x1, y0, r) + quadrant(x0, y0, r));
}

/** Signed area of the disc inside the rectangle from the origin to (x, y). */
function quadrant(x: number, y: number, r: number): number {
  const a = Math.min(Math.abs(x), r);
  const b = Math.min(Math.abs(y), r);
  const sign = x < 0 !== y < 0 ? -1 : 1;
  if (a * a + b * b <= r * r) return sign * a * b;
  const cut = Math.sqrt(r * r - b * b);
  return sign * (b * cut + half(a, r) - half(cut, r));
}

/** ∫₀ᵗ √(r² − u²) du */
function half(t: number, r: number): number {
  return 0.5 * (t * Math.sqrt(Math.max(r * r - t * t, 0)) + r * r * Math.asin(Math.min(t / r, 1)));
}

/**
 * Area shared by the unit square centred on (x, y) and the ellipse `xx·u² + 2·xy·u·v + yy·v² ≤ 1` around the origin, exact to
 * rounding: the ellipse is made the unit disc, the square a parallelogram.
 */
export function ellipsePixelOverlap(x: number, y: number, xx: number, xy: number, yy: number): number {
  // Cholesky factor: q = (p·u + s·v)² + (t·v)²
  const p = Math.sqrt(xx);
  const s = xy / p;
  const t = Math.sqrt(yy - s * s);
  let area = 0;
  let fromU = p * (x - 0.5) + s * (y - 0.5);
  let fromV = t * (y - 0.5);
  for (let corner = 1; corner <= 4; corner++) {
    const cx = corner === 1 || corner === 2 ? x + 0.5 : x - 0.5;
    const cy = corner === 2 || corner === 3 ? y + 0.5 : y - 0.5;
    const u = p * cx + s * cy;
    const v = t * cy;
    area += sectorArea(fromU, fromV, u, v);
    fromU = u;
    fromV = v;
  }
  return Math.min(Math.max(area / (p * t), 0), 1);
}

/** Signed area of the triangle origin–A–B inside the unit disc. */
function sectorArea(ax: number, ay: number, bx: number, by: number): number {
  const dx = bx - ax;
  const dy = by - ay;
  const a = dx * dx + dy * dy;
  const b = ax * dx + ay * dy;
  const c = ax * ax + ay * ay - 1;
  const disc = b * b - a * c;
  if (a === 0) return 0;
  if (disc <= 0) return 0.5 * angle(ax, ay, bx, by);
  const root = Math.sqrt(disc);
  const t0 = Math.max((-b - root) / a, 0);
  const t1 = Math.min((-b + root) / a, 1);
  if (t0 >= t1) return 0.5 * angle(ax, ay, bx, by);
  const px = ax + t0 * dx;
  const py = ay + t0 * dy;
  const qx = ax + t1 * dx;
  const qy = ay + t1 * dy;
  let area = 0.5 * (px * qy - py * qx);
  if (t0 > 0) area += 0.5 * angle(ax, ay, px, py);
  if (t1 < 1) area += 0.5 * angle(qx, qy, bx, by);
  return area;
}

function angle(ax: number, ay: number, bx: number, by: number): number {
  return Math.atan2(ax * by - ay * bx, ax * bx + ay * by);
}
