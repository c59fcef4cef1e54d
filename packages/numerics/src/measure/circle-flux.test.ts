import { seededRandom } from '@colibri/base';
import { describe, expect, it } from 'vitest';
import { MaskPlane } from '../mask-plane.ts';
import { circleFluxes } from './circle-flux.ts';

const side = 81;
const SKY = 100;

/** One circle. */
const circleFlux = (
  of: Parameters<typeof circleFluxes>[0],
  x: number,
  y: number,
  radius: number,
  ring: readonly [number, number],
) => circleFluxes(of, x, y, [radius], ring)[0]!;

/** A flat sky with a Gaussian star of the given light in the middle, noise if asked. */
function image(light: number, sigmaPix: number, seed = 0) {
  const random = seededRandom(seed);
  const data = new Float32Array(side * side);
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++) {
      const r2 = (x - 40.3) ** 2 + (y - 39.8) ** 2;
      const mean = SKY + (light / (2 * Math.PI * sigmaPix ** 2)) * Math.exp((-0.5 * r2) / sigmaPix ** 2);
      data[y * side + x] = seed === 0 ? mean : random.poisson(mean);
    }
  return { width: side, height: side, data, variance: Float32Array.from(data), mask: new Uint16Array(side * side) };
}

describe('circleFluxes', () => {
  it('finds the light of a star, whatever the sky', () => {
    const { flux, sky } = circleFlux(image(50_000, 2), 40.3, 39.8, 10, [16, 24]);
    expect(flux).toBeCloseTo(50_000, -1); // exp(−12.5) of it lies outside, 0.2 of 50 000
    expect(sky).toBeCloseTo(SKY, 6);
  });

  it('states its error honestly: pulls of 200 noisy stars', () => {
    const pulls = Array.from({ length: 200 }, (_, k) => {
      const { flux, err } = circleFlux(image(20_000, 2, k + 1), 40.3, 39.8, 9, [16, 26]);
      return (flux - 20_000) / err;
    });
    const mean = pulls.reduce((a, b) => a + b, 0) / 200;
    const sigma = Math.sqrt(pulls.reduce((a, b) => a + (b - mean) ** 2, 0) / 199);
    expect(Math.abs(mean)).toBeLessThan(0.25); // 3.5 × 1/√200
    expect(sigma).toBeGreaterThan(0.85);
    expect(sigma).toBeLessThan(1.15);
  });

  it('gives nothing where the circle is cut, masked or without a sky', () => {
    const good = image(1000, 2);
    expect(circleFlux(good, 5, 40, 9, [16, 24]).flux).toBeNaN();
    const masked = { ...good, mask: good.mask.slice() };
    masked.mask[40 * side + 44] = MaskPlane.COSMIC;
    expect(circleFlux(masked, 40, 40, 9, [16, 24]).flux).toBeNaN();
    expect(circleFlux(good, 40, 40, 9, [60, 70]).flux).toBeNaN();
    masked.mask.fill(0);
    masked.mask[40 * side + 60] = MaskPlane.BAD; // in the ring: one pixel fewer
    expect(circleFlux(masked, 40, 40, 9, [16, 24]).sky).toBeCloseTo(SKY, 6);
  });
});
