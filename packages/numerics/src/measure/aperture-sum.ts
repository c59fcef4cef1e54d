import { MaskPlane } from '../mask-plane.ts';
import { type ObjectPlanes, UNUSABLE } from './object-planes.ts';
import { discPixelOverlap, ellipsePixelOverlap } from './overlap.ts';

/** Places of the results of the aperture sums in their `out`. */
export const Sum = {
  FLUX: 0,
  /** Σ fraction²·variance of the pixels that count, replaced ones included [electron²]. */
  VARIANCE: 1,
  /** Area inside the image [pix]. */
  AREA: 2,
  /** Of the whole aperture [pix]: what lies outside the image is missing from AREA. */
  FULL_AREA: 3,
  /** Area replaced because of other sources [pix]. */
  NEIGHBOUR_AREA: 4,
  /** Area replaced because of unusable pixels [pix]. */
  BAD_AREA: 5,
  /** Area of saturated pixels [pix]. */
  SATURATED_AREA: 6,
  LENGTH: 7,
} as const;

/** An elliptical aperture about (x, y) of a source: `xx·dx² + 2·xy·dx·dy + yy·dy² ≤ 1` [1/pix²]. */
export interface Ellipse {
  readonly xx: number;
  readonly xy: number;
  readonly yy: number;
}

/** Ellipse with semi-axes a ≥ b [pix] and the major axis `thetaDeg` counter-clockwise from +x. */
export function ellipseOf(a: number, b: number, thetaDeg: number): Ellipse {
  const c = Math.cos((thetaDeg * Math.PI) / 180);
  const s = Math.sin((thetaDeg * Math.PI) / 180);
  return { xx: (c / a) ** 2 + (s / b) ** 2, xy: c * s * (a ** -2 - b ** -2), yy: (s / a) ** 2 + (c / b) ** 2 };
}

/**
 * Light inside a circle of radius `r` [pix] about (x, y) (`ellipse` null), or inside an ellipse, with exact pixel fractions.
 *
 * A pixel that is unusable or belongs to another source is replaced by its mirror image about the centre where that one is good, else by
 * zero (the background).
 * Source: source-extractor manual, MASK_TYPE CORRECT.
 */
export function sumAperture(
  planes: ObjectPlanes,
  label: number,
  x: number,
  y: number,
  r: number,
  ellipse: Ellipse | null,
  out: Float64Array,
): void {
  const { image, variance, mask, labels, width, height } = planes;
  const det = ellipse === null ? 1 : ellipse.xx * ellipse.yy - ellipse.xy * ellipse.xy;
  const reachX = ellipse === null ? r : Math.sqrt(ellipse.yy / det);
  const reachY = ellipse === null ? r : Math.sqrt(ellipse.xx / det);
  const x0 = Math.ceil(x - reachX - 0.5);
  const x1 = Math.floor(x + reachX + 0.5);
  const y0 = Math.ceil(y - reachY - 0.5);
  const y1 = Math.floor(y + reachY + 0.5);
  // Pixels surely inside and surely outside, in units where the border is 1.
  const slack =
    ellipse === null
      ? 0.7072 / r
      : 0.7072 * Math.sqrt(0.5 * (ellipse.xx + ellipse.yy) + Math.hypot(0.5 * (ellipse.xx - ellipse.yy), ellipse.xy));
  const inside = slack < 1 ? (1 - slack) * (1 - slack) : -1;
  const outside = (1 + slack) * (1 + slack);
  const xx = ellipse === null ? 1 / (r * r) : ellipse.xx;
  const xy = ellipse === null ? 0 : ellipse.xy;
  const yy = ellipse === null ? xx : ellipse.yy;
  const twiceX = Math.round(2 * x);
  const twiceY = Math.round(2 * y);
  let flux = 0;
  let noise = 0;
  let area = 0;
  let full = 0;
  let neighbour = 0;
  let bad = 0;
  let saturated = 0;
  for (let py = y0; py <= y1; py++) {
    const dy = py - y;
    for (let px = x0; px <= x1; px++) {
      const dx = px - x;
      const q = xx * dx * dx + 2 * xy * dx * dy + yy * dy * dy;
      if (q >= outside) continue;
      const part = q <= inside ? 1 : ellipse === null ? discPixelOverlap(dx, dy, r) : ellipsePixelOverlap(dx, dy, xx, xy, yy);
      if (part === 0) continue;
      full += part;
      if (px < 0 || px >= width || py < 0 || py >= height) continue;
      area += part;
      const p = py * width + px;
      const own = labels[p] === 0 || labels[p] === label;
      if (own && (mask[p]! & UNUSABLE) === 0) {
        if ((mask[p]! & MaskPlane.SATURATED) !== 0) saturated += part;
        flux += part * image[p]!;
        noise += part * part * variance[p]!;
        continue;
      }
      if (own) bad += part;
      else neighbour += part;
      const mx = twiceX - px;
      const my = twiceY - py;
      if (mx < 0 || mx >= width || my < 0 || my >= height) continue;
      const m = my * width + mx;
      if ((labels[m] === 0 || labels[m] === label) && (mask[m]! & UNUSABLE) === 0) {
        flux += part * image[m]!;
        noise += 3 * part * part * variance[m]!; // twice the same value: 4 sigma², one of which is counted where it lies
      }
    }
  }
  out[Sum.FLUX] = flux;
  out[Sum.VARIANCE] = noise;
  out[Sum.AREA] = area;
  out[Sum.FULL_AREA] = full;
  out[Sum.NEIGHBOUR_AREA] = neighbour;
  out[Sum.BAD_AREA] = bad;
  out[Sum.SATURATED_AREA] = saturated;
}

/**
 * First radial moment of the light, `Σ ρ·d / Σ d` with ρ the elliptical radius in units of (a, b), over pixels with ρ ≤ 6 that are
 * good and belong to no other source. NaN when the light is not positive. Source: Kron 1980, ApJS 43, 305; Bertin & Arnouts 1996, section 7.
 */
export function kronMoment(planes: ObjectPlanes, label: number, x: number, y: number, { xx, xy, yy }: Ellipse): number {
  const { image, mask, labels, width, height } = planes;
  const det = xx * yy - xy * xy;
  const reachX = 6 * Math.sqrt(yy / det);
  const reachY = 6 * Math.sqrt(xx / det);
  let moment = 0;
  let sum = 0;
  for (let py = Math.max(Math.ceil(y - reachY), 0); py <= Math.min(Math.floor(y + reachY), height - 1); py++) {
    const dy = py - y;
    for (let px = Math.max(Math.ceil(x - reachX), 0); px <= Math.min(Math.floor(x + reachX), width - 1); px++) {
      const dx = px - x;
      const q = xx * dx * dx + 2 * xy * dx * dy + yy * dy * dy;
      if (q > 36) continue;
      const p = py * width + px;
      if ((mask[p]! & UNUSABLE) !== 0 || (labels[p] !== 0 && labels[p] !== label)) continue;
      moment += Math.sqrt(q) * image[p]!;
      sum += image[p]!;
    }
  }
  return sum > 0 && moment > 0 ? moment / sum : NaN;
}
