import type { Compute } from '../compute.ts';
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
export async function measureBlankNoise(
  planes: ObjectPlanes,
  smallRadius: number,
  largeRadius: number,
  compute: Compute,
): Promise<BlankNoise> {
  const small = await blankRatio(planes, smallRadius, compute);
  const large = await blankRatio(planes, largeRadius, compute);
  if (small.count < LEAST) return { base: 1, slope: 0, count: small.count };
  if (large.count < LEAST) return { base: Math.max(small.ratio, 1), slope: 0, count: small.count };
  const slope = Math.max((large.ratio - small.ratio) / (large.area - small.area), 0);
  const base = Math.max(small.ratio - slope * small.area, 1);
  return { base, slope, count: Math.min(small.count, large.count) };
}

async function blankRatio(planes: ObjectPlanes, radius: number, compute: Compute) {
  const reach = Math.ceil(radius);
  if (planes.width <= 2 * reach + 2 || planes.height <= 2 * reach + 2) return { ratio: 1, area: 1, count: 0 };
  const offsets: number[] = [];
  for (let j = -reach; j <= reach; j++) {
    for (let i = -reach; i <= reach; i++) if (i * i + j * j <= radius * radius) offsets.push(j * planes.width + i);
  }
  const disc = Int32Array.from(offsets);
  const scaled = new Float64Array(APERTURES);
  let n = 0;
  // So many places at a time as are wanted: mostly two turns are enough.
  for (let first = 1; first <= 4 * APERTURES && n < APERTURES; first += APERTURES) {
    const found = await compute.runTask('blankApertures', { planes, reach, disc, first }, APERTURES, { chunk: 100 });
    for (const light of found) {
      for (let k = 0; k < light.length && n < APERTURES; k++) if (!Number.isNaN(light[k])) scaled[n++] = light[k]!;
    }
  }
  const sigma = madSigma(scaled.subarray(0, n));
  return { ratio: sigma * sigma, area: disc.length, count: n };
}

export interface BlankArgs {
  readonly planes: ObjectPlanes;
  readonly reach: number;
  /** Offsets of the aperture's pixels from its centre. */
  readonly disc: Int32Array;
  /** Number in the sequence of the first place. */
  readonly first: number;
}

/** Light over noise of the apertures at places `from` … `to − 1`; NaN where a source or an unusable pixel is. A task of the pool. */
export function blankApertures({ planes, reach, disc, first }: BlankArgs, from: number, to: number): Float64Array {
  const { image, variance, mask, labels, width, height } = planes;
  const light = new Float64Array(to - from).fill(Number.NaN);
  for (let k = from; k < to; k++) {
    const place = first + k;
    const cx = reach + Math.floor(((place * 0.7548776662466927) % 1) * (width - 2 * reach));
    const cy = reach + Math.floor(((place * 0.5698402909980532) % 1) * (height - 2 * reach));
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
    if (blank && noise > 0) light[k - from] = flux / Math.sqrt(noise);
  }
  return light;
}
