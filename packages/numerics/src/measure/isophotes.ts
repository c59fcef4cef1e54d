import type { Basins } from '../detect/watershed.ts';
import { MaskPlane } from '../mask-plane.ts';
import { type ObjectPlanes, UNUSABLE } from './object-planes.ts';

/** What the pixels of each source say, one value per source. */
export interface Isophotes {
  readonly areaPix: Int32Array;
  /** Barycentre of the positive light [pix]. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** Second moments about it [pix²]. */
  readonly xx: Float64Array;
  readonly yy: Float64Array;
  readonly xy: Float64Array;
  readonly peak: Float64Array;
  readonly maskFlags: Int32Array;
  /** 1: the isophote touches the border of the image. */
  readonly truncated: Uint8Array;
  /** 1: it has a saturated pixel. */
  readonly saturated: Uint8Array;
}

/** One pass over the segmentation's pixels: sums of every source's own pixels. Unusable pixels add to the area and to `maskFlags` alone. */
export function measureIsophotes({ image, mask, labels, width, height }: ObjectPlanes, basins: Basins): Isophotes {
  const n = basins.count;
  const areaPix = new Int32Array(n);
  const maskFlags = new Int32Array(n);
  const truncated = new Uint8Array(n);
  const saturated = new Uint8Array(n);
  const peak = new Float64Array(n).fill(-Infinity);
  const sum = new Float64Array(n);
  const [x, y, xx, yy, xy] = Array.from({ length: 5 }, () => new Float64Array(n)) as Five;
  const summitX = basins.peakIndex.map((p) => p % width);
  const summitY = basins.peakIndex.map((p) => Math.floor(p / width));
  for (let k = 0; k < basins.pixels.length; k++) {
    const p = basins.pixels[k]!;
    const label = labels[p]!;
    if (label === 0) continue;
    const px = p % width;
    const py = (p - px) / width;
    const i = label - 1;
    areaPix[i]!++;
    maskFlags[i]! |= mask[p]!;
    if (px === 0 || py === 0 || px === width - 1 || py === height - 1) truncated[i] = 1;
    if ((mask[p]! & UNUSABLE) !== 0) continue;
    const d = image[p]!;
    if (d > peak[i]!) peak[i] = d;
    if (!(d > 0)) continue;
    // Offsets from the summit keep the squares small.
    const dx = px - summitX[i]!;
    const dy = py - summitY[i]!;
    sum[i]! += d;
    x[i]! += d * dx;
    y[i]! += d * dy;
    xx[i]! += d * dx * dx;
    yy[i]! += d * dy * dy;
    xy[i]! += d * dx * dy;
  }
  for (let i = 0; i < n; i++) {
    if ((maskFlags[i]! & MaskPlane.SATURATED) !== 0) saturated[i] = 1;
    const summit = basins.peakIndex[i]!;
    const s = sum[i]!;
    if (!(s > 0)) {
      x[i] = summit % width;
      y[i] = Math.floor(summit / width);
      xx[i] = yy[i] = NaN;
      continue;
    }
    const mx = x[i]! / s;
    const my = y[i]! / s;
    xx[i] = xx[i]! / s - mx * mx;
    yy[i] = yy[i]! / s - my * my;
    xy[i] = xy[i]! / s - mx * my;
    x[i] = mx + (summit % width);
    y[i] = my + Math.floor(summit / width);
  }
  return { areaPix, x, y, xx, yy, xy, peak, maskFlags, truncated, saturated };
}

type Five = [Float64Array, Float64Array, Float64Array, Float64Array, Float64Array];

/** Semi-axes and position angle of the ellipse with these second moments. */
export function axesOf(xx: number, yy: number, xy: number): { a: number; b: number; thetaDeg: number } {
  const mean = 0.5 * (xx + yy);
  const half = Math.hypot(0.5 * (xx - yy), xy);
  return {
    a: Math.sqrt(Math.max(mean + half, 0)),
    b: Math.sqrt(Math.max(mean - half, 0)),
    thetaDeg: (0.5 * Math.atan2(2 * xy, xx - yy) * 180) / Math.PI,
  };
}
