import { clippedMoments } from '../stats/clipped-moments.ts';
import { discPixelOverlap } from './overlap.ts';

/** One image to measure in; row-major, 0-based from the lower left. `variance` is 1 sigma²; pixels with a mask bit are not used. */
export interface MeasurableImage {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
  readonly variance: Float32Array;
  readonly mask: Uint16Array;
}

export interface CircleFlux {
  /** Light in the circle above the sky of the ring; NaN: a pixel of the circle is masked or off the image, or the ring has too few pixels. */
  readonly flux: number;
  /** 1 sigma, of the circle's pixels and of the ring's level. */
  readonly err: number;
  /** Sky per pixel, from the ring. */
  readonly sky: number;
}

/** Share of the ring that must be free for a sky level. */
const LEAST_RING = 0.4;

const NOTHING: CircleFlux = { flux: Number.NaN, err: Number.NaN, sky: Number.NaN };

/**
 * Light in circles with exact edges, above the clipped mean of one ring around them. For stars apart from others: of neighbours it knows
 * nothing but that clipping takes their bright pixels out of the ring.
 *
 * @param x, y - middle [pix]
 * @param radii - of the circles; `ring` - inner and outer radius [pix]
 */
export function circleFluxes(
  image: MeasurableImage,
  x: number,
  y: number,
  radii: readonly number[],
  ring: readonly [number, number],
): CircleFlux[] {
  const sky = ringSky(image, x, y, ring);
  return radii.map((radius) => (sky ? circleFlux(image, x, y, radius, sky) : NOTHING));
}

/** Level of the sky in a ring, and its 1 sigma; null: too few free pixels. */
function ringSky(
  { width, height, data, mask }: MeasurableImage,
  x: number,
  y: number,
  [inner, outer]: readonly [number, number],
): { readonly level: number; readonly err: number } | null {
  const x0 = Math.max(0, Math.floor(x - outer));
  const x1 = Math.min(width - 1, Math.ceil(x + outer));
  const y0 = Math.max(0, Math.floor(y - outer));
  const y1 = Math.min(height - 1, Math.ceil(y + outer));
  if (x1 < x0 || y1 < y0) return null;
  const samples = new Float64Array((x1 - x0 + 1) * (y1 - y0 + 1));
  let found = 0;
  let area = 0;
  for (let j = y0; j <= y1; j++) {
    for (let i = x0; i <= x1; i++) {
      const r2 = (i - x) ** 2 + (j - y) ** 2;
      if (r2 < inner * inner || r2 >= outer * outer) continue;
      area++;
      const at = j * width + i;
      if (mask[at] === 0 && Number.isFinite(data[at]!)) samples[found++] = data[at]!;
    }
  }
  if (found < 12 || found < LEAST_RING * area) return null;
  const { mean, sigma } = clippedMoments(samples.subarray(0, found));
  return { level: mean, err: sigma / Math.sqrt(found) };
}

function circleFlux(
  { width, height, data, variance, mask }: MeasurableImage,
  x: number,
  y: number,
  radius: number,
  sky: { readonly level: number; readonly err: number },
): CircleFlux {
  if (!(x - radius >= -0.5 && y - radius >= -0.5 && x + radius <= width - 0.5 && y + radius <= height - 0.5)) return NOTHING;
  let flux = 0;
  let noise = 0;
  let area = 0;
  for (let j = Math.max(0, Math.floor(y - radius - 1)); j <= Math.min(height - 1, Math.ceil(y + radius + 1)); j++) {
    for (let i = Math.max(0, Math.floor(x - radius - 1)); i <= Math.min(width - 1, Math.ceil(x + radius + 1)); i++) {
      const share = (i - x) ** 2 + (j - y) ** 2 < (radius + 1) ** 2 ? discPixelOverlap(i - x, j - y, radius) : 0;
      if (share === 0) continue;
      const at = j * width + i;
      if (mask[at] !== 0 || !Number.isFinite(data[at]!)) return NOTHING;
      flux += share * data[at]!;
      noise += share * share * variance[at]!;
      area += share;
    }
  }
  return { flux: flux - sky.level * area, err: Math.sqrt(noise + (sky.err * area) ** 2), sky: sky.level };
}
