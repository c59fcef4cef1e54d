import { seededRandom } from '@colibri/base';
import { describe, expect, it } from 'vitest';
import { MaskPlane } from '../mask-plane.ts';
import { rejectCosmicRays } from './reject-cosmic-rays.ts';

const shape = { width: 300, height: 300 };
const SKY = 200;
const READ_NOISE = 8;

interface Scene {
  data: Float32Array;
  variance: Float32Array;
  mask: Uint16Array;
}

/** Poisson stars of total flux `fluxes[i]` [electron] on a grid of sub-pixel positions, FWHM in pixels. */
function stars(fwhmPix: number, fluxes: number[], seed = 1): Float32Array {
  const random = seededRandom(seed);
  const light = new Float32Array(shape.width * shape.height).fill(SKY);
  const sigma = fwhmPix / 2.3548;
  fluxes.forEach((flux, k) => {
    const x0 = 20 + 26 * (k % 11) + random.uniform();
    const y0 = 20 + 26 * Math.floor(k / 11) + random.uniform();
    for (let y = Math.floor(y0) - 12; y <= y0 + 12; y++) {
      for (let x = Math.floor(x0) - 12; x <= x0 + 12; x++) {
        const g = Math.exp((-0.5 * ((x - x0) ** 2 + (y - y0) ** 2)) / sigma ** 2) / (2 * Math.PI * sigma ** 2);
        light[y * shape.width + x] = light[y * shape.width + x]! + flux * g;
      }
    }
  });
  return light;
}

function expose(light: Float32Array, hits: ReadonlyMap<number, number> = new Map(), seed = 2): Scene {
  const random = seededRandom(seed);
  const data = light.map((mean, i) => random.poisson(mean) + (hits.get(i) ?? 0) + READ_NOISE * random.normal());
  return { data, variance: data.map((v) => Math.max(v, 0) + READ_NOISE ** 2), mask: new Uint16Array(data.length) };
}

const flagged = (mask: Uint16Array): number[] => Array.from(mask.keys()).filter((i) => (mask[i]! & MaskPlane.COSMIC) !== 0);

describe('rejectCosmicRays', () => {
  it.each([2.5, 3, 4, 6])('leaves stars of FWHM %s pixels alone, from faint to 80 000 electrons in the peak', (fwhmPix) => {
    const sigma = fwhmPix / 2.3548;
    const fluxes = Array.from({ length: 121 }, (_, k) => 10 ** (2.5 + (2.4 * k) / 120) * 2 * Math.PI * sigma ** 2);
    const scene = expose(stars(fwhmPix, fluxes));
    rejectCosmicRays(scene.data, scene.variance, scene.mask, shape);
    // a noise peak or two in 90 000 pixels may pass 4.5 sigma; they are not on stars
    const light = stars(fwhmPix, fluxes);
    expect(flagged(scene.mask).filter((i) => light[i]! > SKY + 50)).toEqual([]);
    expect(flagged(scene.mask).length).toBeLessThan(6);
  });

  it('finds every hit pixel above 10 sigma, single ones and tracks, on sky, beside stars and at the border', () => {
    const random = seededRandom(5);
    const hits = new Map<number, number>();
    for (let k = 0; k < 150; k++) hits.set(random.below(300) * 300 + random.below(300), 300 + 2000 * random.uniform());
    for (let k = 0; k < 12; k++) {
      const x = 20 + random.below(240);
      const y = 20 + random.below(240);
      const slope = 2 * random.uniform() - 1;
      for (let t = 0; t < 20; t++) hits.set((y + Math.round(t * slope)) * 300 + x + t, 500 + 500 * random.uniform());
    }
    const light = stars(
      3.4,
      Array.from({ length: 121 }, () => 4000),
    );
    const scene = expose(light, hits);
    rejectCosmicRays(scene.data, scene.variance, scene.mask, shape);
    const sigma = Math.sqrt(SKY + READ_NOISE ** 2);
    const strong = [...hits].filter(([i, e]) => e > 10 * Math.sqrt(light[i]! + READ_NOISE ** 2) && e > 10 * sigma);
    const found = strong.filter(([i]) => (scene.mask[i]! & MaskPlane.COSMIC) !== 0);
    expect(strong.length).toBeGreaterThan(300);
    expect(found.length / strong.length).toBeGreaterThan(0.97);
  });

  it('neither flags saturated stars, whose edges are sharp, nor what is masked already', () => {
    const light = stars(3, [1e6]);
    const scene = expose(light);
    for (let y = 0; y < 300; y++) {
      for (let x = 24; x < 28; x++) {
        if (Math.abs(y - 24) > 30) continue;
        scene.data[y * 300 + x] = 90_000;
        scene.mask[y * 300 + x] = MaskPlane.SATURATED;
      }
    }
    rejectCosmicRays(scene.data, scene.variance, scene.mask, shape);
    expect(flagged(scene.mask).filter((i) => i % 300 < 60 && i < 60 * 300)).toEqual([]);
  });

  it('is not led astray by NaN and dead pixels', () => {
    const scene = expose(new Float32Array(90_000).fill(SKY));
    for (let i = 137; i < 90_000; i += 1001) {
      scene.data[i] = i % 2 ? NaN : -500;
      scene.mask[i] = MaskPlane.BAD;
    }
    rejectCosmicRays(scene.data, scene.variance, scene.mask, shape);
    expect(flagged(scene.mask).length).toBeLessThan(6);
  });

  it.each([
    [1, 1],
    [2, 3],
    [5, 4],
  ])('survives an image of %i x %i pixels', (width, height) => {
    const n = width * height;
    expect(rejectCosmicRays(new Float32Array(n), new Float32Array(n), new Uint16Array(n), { width, height })).toBe(0);
  });
});
