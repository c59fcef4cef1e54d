import { seededRandom } from '@colibri/base';
import { circularMoffat, type MoffatProfile } from './moffat.ts';

/** A star of a synthetic frame: place [pix] and all its light [electron]. */
export interface TestStar {
  readonly x: number;
  readonly y: number;
  readonly flux: number;
}

export interface TestSky {
  readonly width: number;
  readonly height: number;
  readonly stars?: readonly TestStar[];
  /** Sky per pixel, with Poisson noise and 8 electron of read noise; default 200. */
  readonly sky?: number;
  readonly profile?: MoffatProfile;
  readonly seed?: number;
}

export const READ_NOISE = 8;

/** A frame for tests: Moffat stars on a flat sky, its noise and its true variance. */
export function testSky({ width, height, stars = [], sky = 200, profile = circularMoffat(3.4, 3), seed = 1 }: TestSky) {
  const random = seededRandom(seed);
  const light = new Float64Array(width * height).fill(sky);
  const { xx, xy, yy, beta } = profile;
  const unit = ((beta - 1) * Math.sqrt(xx * yy - xy * xy)) / Math.PI;
  for (const { x, y, flux } of stars) {
    const reach = flux > 3e4 ? 60 : 25;
    for (let py = Math.max(0, Math.round(y) - reach); py <= Math.min(height - 1, Math.round(y) + reach); py++) {
      for (let px = Math.max(0, Math.round(x) - reach); px <= Math.min(width - 1, Math.round(x) + reach); px++) {
        const dx = px - x;
        const dy = py - y;
        light[py * width + px]! += flux * unit * (1 + xx * dx * dx + 2 * xy * dx * dy + yy * dy * dy) ** -beta;
      }
    }
  }
  const image = new Float32Array(width * height);
  const variance = new Float32Array(width * height);
  for (let i = 0; i < light.length; i++) {
    variance[i] = light[i]! + READ_NOISE * READ_NOISE;
    image[i] = random.poisson(light[i]!) + READ_NOISE * random.normal();
  }
  return { image, variance, mask: new Uint16Array(width * height) };
}

/** Stars on a jittered grid, at least `spacing / 2` apart and `spacing` from the border, fluxes evenly in the logarithm. */
export function starGrid(size: number, spacing: number, faint: number, bright: number, seed = 7): TestStar[] {
  const random = seededRandom(seed);
  const stars: TestStar[] = [];
  for (let y = spacing; y < size - spacing / 2; y += spacing) {
    for (let x = spacing; x < size - spacing / 2; x += spacing) {
      stars.push({
        x: x + (random.uniform() - 0.5) * 0.5 * spacing,
        y: y + (random.uniform() - 0.5) * 0.5 * spacing,
        flux: faint * (bright / faint) ** random.uniform(),
      });
    }
  }
  return stars;
}
