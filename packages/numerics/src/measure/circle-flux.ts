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

/**
 * Light in a circle with exact edges, above the clipped mean of a ring around it. For stars apart from others: of neighbours it knows
 * nothing but that clipping takes their bright pixels out of the ring.
 *
 * @param x, y - middle [pix]
 * @param radius - of the circle; `ring` - inner and outer radius [pix]
 */
export function circleFlux(
  { width, height, data, variance, mask }: MeasurableImage,
  x: number,
  y: number,
  radius: number,
  ring: readonly [number, number],
): CircleFlux {
  const nothing = { flux: NaN, err: NaN, sky: NaN };
  if (!(x - radius >= -0.5 && y - radius >= -0.5 && x + radius <= width - 0.5 && y + radius <= height - 0.5)) return nothing;
  const [inner, outer] = ring;
  const samples: number[] = [];
  let flux = 0;
  let noise = 0;
  let area = 0;
  let ringArea = 0;
  const reach = Math.max(radius + 1, outer);
  const x0 = Math.max(0, Math.floor(x - reach));
  const x1 = Math.min(width - 1, Math.ceil(x + reach));
  const y0 = Math.max(0, Math.floor(y - reach));
  const y1 = Math.min(height - 1, Math.ceil(y + reach));
  for (let j = y0; j <= y1; j++) {
    for (let i = x0; i <= x1; i++) {
      const at = j * width + i;
      const distance = Math.hypot(i - x, j - y);
      if (distance >= inner && distance < outer) {
        ringArea++;
        if (mask[at] === 0 && Number.isFinite(data[at]!)) samples.push(data[at]!);
      }
      const share = distance < radius + 1 ? discPixelOverlap(i - x, j - y, radius) : 0;
      if (share === 0) continue;
      if (mask[at] !== 0 || !Number.isFinite(data[at]!)) return nothing;
      flux += share * data[at]!;
      noise += share * share * variance[at]!;
      area += share;
    }
  }
  if (samples.length < 12 || samples.length < LEAST_RING * ringArea) return nothing;
  const { mean, sigma } = clippedMoments(Float64Array.from(samples));
  const skyErr = (sigma / Math.sqrt(samples.length)) * area;
  return { flux: flux - mean * area, err: Math.sqrt(noise + skyErr * skyErr), sky: mean };
}
