import { openFits } from '@colibri/fits';
import { scalarCompute } from '@colibri/numerics';
import { describe, expect, it } from 'vitest';
import { exposeFrame, renderLight } from './expose.ts';
import { drawField, trueElectronPerSec } from './field.ts';
import { addExponential, addGaussian, addMoffat } from './profiles.ts';
import { rawScience } from './raw-file.ts';
import { reduceField } from './reduce.ts';

const sum = (image: Float32Array): number => image.reduce((total, value) => total + value, 0);

describe('profiles', () => {
  it('put all their light down, wherever in the pixel the middle lies', () => {
    for (const at of [[50, 50] as const, [50.37, 49.81] as const]) {
      const gaussian = new Float32Array(101 * 101),
        moffat = new Float32Array(101 * 101),
        disc = new Float32Array(101 * 101);
      addGaussian(gaussian, 101, at, 1000, 3.2);
      addMoffat(moffat, 101, at, 1000, 3.2, 4, 1e-7);
      addExponential(disc, 101, at, 1000, { radiusPix: 4, axisRatio: 0.5, angle: 1 }, 3.2);
      expect(sum(gaussian)).toBeCloseTo(1000, 2);
      expect(Math.abs(sum(moffat) - 1000)).toBeLessThan(1); // beyond 50 pixels: 6e-5 of the light; sampling: the rest
      expect(Math.abs(sum(disc) - 1000)).toBeLessThan(1);
    }
  });
});

describe('field18', () => {
  it('has the noise, the level and the transparency of pipeline.md §18.1', () => {
    const field = drawField({ seed: 5, size: 256, stars: 0, newStars: false, cosmicRays: 0, trailFrame: null });
    const { counts } = exposeFrame(field, field.frames[0]!);
    const mean = counts.reduce((total, value) => total + value, 0) / counts.length;
    const sigma = Math.sqrt(counts.reduce((total, value) => total + (value - mean) ** 2, 0) / counts.length);
    expect(Math.abs(mean - 500 - 20.6 * 30)).toBeLessThan(0.3); // 5 errors of the mean of 65,536 pixels
    // sqrt((20.6 · 30 · 2.2 + 6.8²) / 2.2² + 1/12) adu, to 1.5 %: five errors of the sigma of 65,536 pixels
    expect(Math.abs(sigma / Math.hypot(Math.sqrt(20.6 * 30 * 2.2 + 6.8 ** 2) / 2.2, Math.sqrt(1 / 12)) - 1)).toBeLessThan(0.015);
    const star = drawField({ seed: 5, size: 256, stars: 0, ditherPix: 2 });
    const light = (index: number) => sum(renderLight({ ...star, sources: [star.sources[0]!] }, star.frames[index]!));
    expect(light(7) / light(0)).toBeCloseTo(0.6, 4);
    expect(trueElectronPerSec(star.options, 24)).toBeCloseTo(2.2, 10);
  });

  it('gives the same bytes again, and turns what the mount turned', async () => {
    const field = drawField({ seed: 6, size: 128, frames: 2, flipFrom: 1 });
    expect(rawScience(field, field.frames[1]!)).toEqual(
      rawScience(drawField({ seed: 6, size: 128, frames: 2, flipFrom: 1 }), field.frames[1]!),
    );
    const file = await openFits(rawScience(field, field.frames[1]!), { name: 'turned' });
    expect(file.firstImage().header.number('SMTMRO')).toBe(180);
  });

  it('comes back from the modules of frames on its true place, with its true zero point', async () => {
    const field = drawField({ seed: 7, size: 384, stars: 120, frames: 1, flipFrom: 0, trailFrame: null });
    const { unit } = await reduceField(field, scalarCompute());
    const frame = unit.frames[0]!;
    expect(frame.solved).toBe(true);
    const [ra, dec] = field.frames[0]!.wcs.pixelToSky(100, 250);
    const [x, y] = frame.wcs!.skyToPixel(ra, dec)!;
    expect(Math.hypot(x - 100, y - 250)).toBeLessThan(0.1); // 100 stars with 0.05 pixels each, and a plate of six constants
    expect(Math.abs(frame.metrics.zeroPointMag! - 24.856)).toBeLessThan(0.03);
    expect(unit.triggeredAt).toBe(field.triggeredAt);
  });
});
