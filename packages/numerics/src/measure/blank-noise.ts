import { madSigma } from '../stats/quantile.ts';
import { type ObjectPlanes, UNUSABLE } from './object-planes.ts';

/**
 * Variance of the light in blank apertures relative to the sum of pixel variances, `1 + slope·area` and more where noise is
 * correlated: `base + slope·area`. What the variance plane does not know (background errors, faint unresolved sources, flat
 * residuals) is in it.
 */
export interface BlankNoise {
  readonly base: number;
  /** [1/pix] */
  readonly slope: number;
  /** Apertures measured, per radius. */
  readonly count: number;
}

const APERTURES = 1500;
const LEAST = 100;

/**
 * Measures the noise of empty apertures of two radii at places spread evenly over the sky (Roberts' R2 sequence).
 * Never less than the pixels' own noise.
 */
export function measureBlankNoise(planes: ObjectPlanes, smallRadius: number, largeRadius: number): BlankNoise {
  const small = blankRatio(planes, smallRadius);
  const large = blankRatio(planes, largeRadius);
  if (small.count < LEAST) return { base: 1, slope: 0, count: small.count };
  if (large.count < LEAST) return { base: Math.max(small.ratio, 1), slope: 0, count: small.count };
  const slope = Math.max((large.ratio - small.ratio) / (large.area - small.area), 0);
  const base = Math.max(small.ratio - slope * small.area, 1);
  return { base, slope, count: Math.min(small.count, large.count) };
}

function blankRatio({ image, variance, mask, labels, width, height }: ObjectPlanes, radius: number) {
  const reach = Math.ceil(radius);
  if (width <= 2 * reach + 2 || height <= 2 * reach + 2) return { ratio: 1, area: 1, count: 0 };
  const offsets: number[] = [];
  for (let j = -reach; j <= reach; j++) {
    for (let i = -reach; i <= reach; i++) if (i * i + j * j <= radius * radius) offsets.push(j * width + i);
  }
  const disc = Int32Array.from(offsets);
  const scaled = new Float64Array(APERTURES);
  let n = 0;
  for (let k = 1; k <= 4 * APERTURES && n < APERTURES; k++) {
    const cx = reach + Math.floor(((k * 0.7548776662466927) % 1) * (width - 2 * reach));
    const cy = reach + Math.floor(((k * 0.5698402909980532) % 1) * (height - 2 * reach));
    const centre = cy * width + cx;
    let flux = 0;
    let noise = 0;
    let blank = true;
    for (let i = 0; i < disc.length; i++) {
      const p = centre + disc[i]!;
      if (labels[p] !== 0 || (mask[p]! & UNUSABLE) !== 0) {
        blank = false;
        break;
      }
      flux += image[p]!;
      noise += variance[p]!;
    }
    if (blank && noise > 0) scaled[n++] = flux / Math.sqrt(noise);
  }
  const sigma = madSigma(scaled.subarray(0, n));
  return { ratio: sigma * sigma, area: disc.length, count: n };
}
