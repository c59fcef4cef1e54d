import { describe, expect, it } from 'vitest';
import { scalarCompute } from '../scalar-compute.ts';
import { detectSources } from './detect-sources.ts';
import { halfSampleMode } from './half-sample-mode.ts';
import { circularMoffat, moffatFwhm, moffatKernel } from './moffat.ts';
import { starGrid, testSky } from './testing.ts';

describe('measurePointSpread, within detectSources', () => {
  it.each([2.2, 3.4, 5.5])('finds the width of stars of FWHM %s without being told', async (fwhm) => {
    const sky = testSky({ width: 400, height: 400, stars: starGrid(400, 45, 5e3, 2e5), profile: circularMoffat(fwhm, 3) });
    const { pointSpread } = await detectSources(sky.image, sky.variance, sky.mask, { width: 400, height: 400 }, scalarCompute());
    // 2 %: photon noise of some 50 stars gives below 1 %.
    expect(pointSpread.fwhmPix / fwhm).toBeGreaterThan(0.98);
    expect(pointSpread.fwhmPix / fwhm).toBeLessThan(1.02);
    expect(Math.abs(pointSpread.profile.beta - 3)).toBeLessThan(0.3);
    expect(pointSpread.elongation).toBeLessThan(1.02);
    expect(pointSpread.starCount).toBeGreaterThan(15);
  });

  it('sees elongated stars', async () => {
    const round = circularMoffat(3.4, 3);
    const profile = { ...round, xx: round.xx / 1.3, yy: round.yy * 1.3 };
    const sky = testSky({ width: 400, height: 400, stars: starGrid(400, 45, 5e3, 2e5), profile });
    const { pointSpread } = await detectSources(sky.image, sky.variance, sky.mask, { width: 400, height: 400 }, scalarCompute());
    expect(pointSpread.elongation).toBeCloseTo(1.3, 1);
  });

  it('assumes what it was told when there is no star', async () => {
    const sky = testSky({ width: 128, height: 128 });
    const options = { width: 128, height: 128, assumedFwhmPix: 4 };
    const { pointSpread } = await detectSources(sky.image, sky.variance, sky.mask, options, scalarCompute());
    expect(pointSpread.starCount).toBe(0);
    expect(pointSpread.fwhmPix).toBe(4);
  });
});

describe('moffatKernel', () => {
  it('has sum 1 and half of its height at half the FWHM', () => {
    const profile = circularMoffat(6, 2.5);
    const { data, width } = moffatKernel(profile, 9);
    expect(data.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5);
    const centre = 9 * width + 9;
    expect(data[centre + 3]! / data[centre]!).toBeCloseTo(0.5, 6);
    expect(moffatFwhm(profile)).toBeCloseTo(6, 12);
  });
});

describe('halfSampleMode', () => {
  it('finds the crowd among outliers', () => {
    const sizes = Float64Array.from({ length: 60 }, (_, i) => (i % 3 === 0 ? 3 + i / 10 : 1.6 + (((i * 37) % 11) - 5) / 500));
    expect(halfSampleMode(sizes)).toBeCloseTo(1.6, 1);
    expect(halfSampleMode(new Float64Array(0))).toBeNaN();
    expect(halfSampleMode(Float64Array.of(4))).toBe(4);
  });
});
