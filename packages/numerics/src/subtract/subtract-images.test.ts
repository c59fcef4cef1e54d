import { seededRandom } from '@colibri/base';
import { describe, expect, it } from 'vitest';
import { gaussianKernel } from '../convolve/convolution-kernel.ts';
import { convolve } from '../convolve/convolve.ts';
import { starGrid } from '../detect/testing.ts';
import { MaskPlane } from '../mask-plane.ts';
import { scalarCompute } from '../scalar-compute.ts';
import { madSigma } from '../stats/quantile.ts';
import { findPeaks } from './find-changes.ts';
import { kernelScale } from './matching-kernel.ts';
import { measureChanges } from './measure-changes.ts';
import { noisePeakLimit, realBogus } from './real-bogus.ts';
import { subtractImages } from './subtract-images.ts';
import { type TestPair, testPair } from './testing.ts';

const compute = scalarCompute();
const size = 320;
const stars = starGrid(size, 32, 3000, 60_000, 3);
const base: TestPair = {
  size,
  seed: 4,
  stars,
  news: [],
  scienceFwhm: [3.8, 4.2],
  referenceFwhm: [3.1, 3.3],
  depth: 3,
  skies: [300, 500],
};
const stamps = [...stars].sort((a, b) => b.flux - a.flux);
const columns = {
  x: Float64Array.from(stars, (s) => s.x),
  y: Float64Array.from(stars, (s) => s.y),
  flux: Float64Array.from(stars, (s) => s.flux),
};
const run = async (pair: TestPair, options = {}) => {
  const { science, reference } = testPair(pair);
  return (await subtractImages(science, reference, { stamps, maxOrder: 1, degrees: [2, 2, 1], ...options }, compute))!;
};

describe('subtractImages', () => {
  it('leaves noise of the expected size where nothing changed, and at stars as well', async () => {
    const result = await run(base);
    expect(result.convolved).toBe('reference');
    // 1/3 of the light: 1/depth; the wings of stars beyond the kernel's 6 pixels, up to 3 % of them, are not in its sum.
    expect(Math.abs(kernelScale(result.fit.kernel, size / 2, size / 2) * 3 - 0.985)).toBeLessThan(0.02);
    expect(result.residualOnSky).toBeGreaterThan(0.96);
    expect(result.residualOnSky).toBeLessThan(1.04);
    expect(result.residualAtStars).toBeLessThan(1.05);
    expect(result.noiseScale).toBeGreaterThan(0.93);
    expect(result.noiseScale).toBeLessThan(1.07);
    expect(madSigma(result.snr.filter((_, i) => i % 7 === 0))).toBeLessThan(1.05);
    expect(findPeaks(result.snr, noisePeakLimit(size * size, 4), 4, result)).toEqual([]);
  });

  it('says the noise of the sky right, whichever image is convolved', async () => {
    // The noise of the convolved image is most of all: a sky that is chosen by it would seem quieter than it is.
    const noisy = { scienceFwhm: [3, 3] as const, referenceFwhm: [3.5, 3.5] as const, skies: [3000, 500] as const };
    const { convolved, residualOnSky } = await run({ ...base, ...noisy });
    expect(convolved).toBe('science');
    // 2500 pixels, some of them neighbours: 2 %.
    expect(Math.abs(residualOnSky - 1)).toBeLessThan(0.04);
  });

  it('finds new stars with their light, also when the science image is the sharper one', async () => {
    const news = [
      { x: 96.3, y: 111.7, flux: 1500 },
      { x: 208.5, y: 240.2, flux: 4000 },
    ];
    for (const pair of [base, { ...base, scienceFwhm: [3.1, 3.3] as const, referenceFwhm: [3.8, 4.2] as const, depth: 2 }]) {
      const result = await run({ ...pair, news });
      expect(result.convolved).toBe(pair === base ? 'reference' : 'science');
      const changes = measureChanges(result, findPeaks(result.snr, 6, 4, result), columns);
      expect(changes.length).toBe(2);
      for (const truth of news) {
        const found = changes.find((c) => Math.hypot(c.x - truth.x, c.y - truth.y) < 0.5)!;
        expect(Math.abs(found.flux - truth.flux)).toBeLessThan(3.5 * found.fluxErr + 0.01 * truth.flux);
        expect(Math.abs(found.fwhmPix / result.psf.fwhmPix - 1)).toBeLessThan(0.3);
        expect(realBogus(found, result.psf.fwhmPix, 5.3).score).toBeGreaterThan(0.7);
      }
    }
  });

  it('sees more with the optimal filter than with the star image alone where the reference is convolved little', async () => {
    const news = [{ x: 160.4, y: 175.1, flux: 2500 }];
    const pair = { ...base, scienceFwhm: [4.4, 4.4] as const, referenceFwhm: [3, 3] as const, depth: 0.7, news };
    const peak = async (score: 'optimal' | 'matched') => {
      const { snr } = await run(pair, { score });
      return Math.max(...snr.subarray(170 * size, 181 * size));
    };
    // Both have the noise of the same images: the optimal one is never worse, up to the noise of its own scale.
    expect(await peak('optimal')).toBeGreaterThan(0.99 * (await peak('matched')));
  });

  it('says nothing near masked pixels of either image, and knows a cosmic ray by its shape', async () => {
    const { science, reference } = testPair(base);
    const random = seededRandom(9);
    const at = (x: number, y: number): number => y * size + x;
    for (let k = 0; k < 30; k++) reference.mask[at(100 + random.below(3), 100 + random.below(10))]! |= MaskPlane.BAD;
    reference.data.fill(1e6, at(100, 103), at(102, 103));
    reference.mask.fill(MaskPlane.BAD, at(100, 103), at(102, 103));
    science.data[at(210, 241)]! += 900;
    science.data[at(211, 241)]! += 500;
    science.mask[at(50, 60)] = MaskPlane.COSMIC;
    science.data[at(50, 60)] = 5000;
    const result = (await subtractImages(science, reference, { stamps, maxOrder: 1, degrees: [2, 2, 1] }, compute))!;
    const changes = measureChanges(result, findPeaks(result.snr, 5.5, 4, result), columns);
    expect(changes.length).toBe(1);
    expect(Math.hypot(changes[0]!.x - 210.4, changes[0]!.y - 241)).toBeLessThan(2);
    expect(changes[0]!.widthRatio).toBeLessThan(0.8);
    expect(realBogus(changes[0]!, result.psf.fwhmPix, 5.3).score).toBeLessThan(0.05);
    expect(result.mask[at(101, 103)]! & MaskPlane.BAD).not.toBe(0);
  });

  it('knows the dipole of a star that moved', async () => {
    const { science, reference } = testPair({ ...base, news: [{ x: 81.2, y: 175.4, flux: 20_000 }] });
    const moved = testPair({ ...base, news: [{ x: 81.7, y: 175.4, flux: 60_000 }], scienceFwhm: [3.1, 3.3] }).science;
    const plain = testPair({ ...base, scienceFwhm: [3.1, 3.3] }).science;
    // The moved star, three times as bright as the reference is deeper by.
    for (let i = 0; i < reference.data.length; i++) reference.data[i]! += moved.data[i]! - plain.data[i]!;
    const result = (await subtractImages(science, reference, { stamps, maxOrder: 1, degrees: [2, 2, 1] }, compute))!;
    const near = measureChanges(result, findPeaks(result.snr, 5, 4, result), columns).filter(
      (c) => Math.hypot(c.x - 81.4, c.y - 175.4) < 6,
    );
    expect(near.length).toBeGreaterThan(0);
    for (const c of near) {
      expect(c.dipole).toBeGreaterThan(0.2);
      expect(realBogus(c, result.psf.fwhmPix, 5.3).score).toBeLessThan(0.5);
    }
  });

  it('gives up without stars to match by', async () => {
    const { science, reference } = testPair({ ...base, size: 64, stars: [] });
    expect(await subtractImages(science, reference, { stamps: [] }, compute)).toBeNull();
  });
});

describe('findPeaks', () => {
  it('takes one of two equal neighbours, keeps both signs, and the stronger of two near ones', () => {
    const snr = new Float32Array(20 * 20);
    snr[5 * 20 + 5] = 6;
    snr[5 * 20 + 6] = 6;
    snr[5 * 20 + 8] = 7;
    snr[12 * 20 + 12] = -8;
    snr[0] = NaN;
    expect(findPeaks(snr, 5, 4, { width: 20, height: 20 })).toEqual([
      { x: 12, y: 12, snr: -8 },
      { x: 8, y: 5, snr: 7 },
    ]);
  });
});

describe('noisePeakLimit', () => {
  it('is the height above which made noise has so many peaks', () => {
    const side = 512;
    const random = seededRandom(21);
    const noise = Float32Array.from({ length: side * side }, () => random.normal());
    const fwhm = 3.53;
    const smooth = convolve(noise, gaussianKernel(fwhm, 7), { width: side, height: side }, new Float32Array(noise.length));
    const sigma = madSigma(smooth);
    const snr = smooth.map((v) => v / sigma);
    const count = (u: number): number => findPeaks(snr, u, 1, { width: side, height: side }).length / 2;
    // About 120 of each sign: 8 % for the Poisson noise of 240, 8 % for the rest of the formula, which holds for high peaks.
    expect(Math.abs(count(noisePeakLimit(side * side, fwhm, 120)) / 120 - 1)).toBeLessThan(0.2);
    expect(noisePeakLimit(2048 * 2048, 3.5)).toBeGreaterThan(5.4);
  });
});
