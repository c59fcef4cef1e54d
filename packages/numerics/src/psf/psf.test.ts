import { seededRandom } from '@colibri/base';
import { describe, expect, it } from 'vitest';
import { circularMoffat } from '../detect/moffat.ts';
import { READ_NOISE, starGrid, type TestStar, testSky } from '../detect/testing.ts';
import { MaskPlane } from '../mask-plane.ts';
import { scalarCompute } from '../scalar-compute.ts';
import { buildPsf } from './build-psf.ts';
import { groupSources } from './group-sources.ts';
import type { PsfModel } from './psf-model.ts';
import { psfPhotometry } from './psf-photometry.ts';
import { splineCoefficients, splineSamples } from './psf-spline.ts';
import { psfStamp } from './psf-stamp.ts';
import type { PsfPlanes } from './psf-stars.ts';

const compute = scalarCompute();
const SKY = 200;
const profile = circularMoffat(3.4, 3);

/** Stars whose sky is known exactly: what is wrong then is the fit's. */
function planesOf(stars: readonly TestStar[], size: number, seed: number): PsfPlanes {
  const { image, variance, mask } = testSky({ width: size, height: size, stars, profile, seed });
  // The variance of real frames follows the noisy pixels.
  const noisy = Float32Array.from(variance, (_, i) => image[i]! + READ_NOISE ** 2);
  return { width: size, height: size, image: image.map((v) => v - SKY), variance: noisy, mask, lightVariance: 1 };
}

const columnsOf = (stars: readonly TestStar[]) => ({
  x: Float64Array.from(stars, (s) => s.x),
  y: Float64Array.from(stars, (s) => s.y),
  flux: Float64Array.from(stars, (s) => s.flux),
});

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
const width = (values: readonly number[]): number => Math.sqrt(mean(values.map((v) => (v - mean(values)) ** 2)));

describe('psfStamp', () => {
  const radius = 12;
  const size = 2 * radius + 1;
  const planes = new Float32Array(size * size);
  for (let p = 0; p < planes.length; p++) {
    const r2 = ((p % size) - radius) ** 2 + (Math.floor(p / size) - radius) ** 2;
    planes[p] = Math.exp(-r2 / (2 * 1.6 ** 2)) / (2 * Math.PI * 1.6 ** 2);
  }
  const model: PsfModel = {
    kind: 'pixels',
    fwhmPix: 3.77,
    stepPix: 1,
    size,
    order: 0,
    originX: 0,
    originY: 0,
    scaleX: 1,
    scaleY: 1,
    planes,
    stars: 1,
    chi2: 1,
    relativeErr: 0,
    radiusPix: radius,
  };

  it.each([
    [100, 200],
    [100.5, 199.75],
    [99.51, 200.3],
  ])('is a Gaussian moved to (%f, %f), of unit sum', (x, y) => {
    const stamp = psfStamp(model, x, y, radius);
    expect(stamp.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 3);
    for (let p = 0; p < stamp.length; p++) {
      const dx = (p % size) - radius + Math.round(x) - x;
      const dy = Math.floor(p / size) - radius + Math.round(y) - y;
      // 2.5e-3 of the summit: what a cubic spline leaves of a star of this width, worst half-way between samples
      expect(Math.abs(stamp[p]! - Math.exp(-(dx * dx + dy * dy) / 5.12) / (2 * Math.PI * 2.56))).toBeLessThan(2.5e-3 * 0.0622);
    }
  });

  it('turns samples into coefficients and back', () => {
    const random = seededRandom(3);
    const values = Float64Array.from({ length: 81 }, () => random.normal());
    const there = values.slice();
    splineCoefficients(there, 0, 9);
    splineSamples(there, 0, 9);
    for (let i = 0; i < values.length; i++) expect(there[i]!).toBeCloseTo(values[i]!, 10);
  });
});

describe('groupSources', () => {
  it('joins friends of friends, leaves strangers alone and splits crowds', () => {
    const x = Float64Array.of(0, 5, 10, 100, Number.NaN, ...Array.from({ length: 60 }, (_, k) => 300 + 3 * k));
    const { members, start } = groupSources(
      x,
      x.map((v) => (Number.isNaN(v) ? v : 0)),
      6,
      20,
    );
    const groups = Array.from({ length: start.length - 1 }, (_, g) => Array.from(members.subarray(start[g]!, start[g + 1]!)));
    expect(groups[0]).toEqual([0, 1, 2]);
    expect(groups).toContainEqual([3]);
    expect(Math.max(...groups.map((g) => g.length))).toBeLessThanOrEqual(20);
    expect(members.length).toBe(64);
  });
});

describe('buildPsf and psfPhotometry on stars whose light is known', async () => {
  const size = 512;
  const bright = starGrid(size, 64, 2e4, 1e5, 5);
  const random = seededRandom(11);
  const faint = Array.from({ length: 160 }, () => {
    const flux = 200 * 60 ** random.uniform();
    return { x: 12 + random.uniform() * (size - 24), y: 12 + random.uniform() * (size - 24), flux };
  }).filter((s, i, all) => ![...bright, ...all.slice(0, i)].some((o) => Math.hypot(o.x - s.x, o.y - s.y) < 14));
  const stars = [...bright, ...faint];
  const known = columnsOf(stars);
  const candidates = bright.map((_, k) => k);
  const model = buildPsf(planesOf(stars, size, 21), known, candidates, { fwhmPix: 3.3, saturation: 1e5 })!;

  it('recovers the profile', () => {
    expect(model.kind).toBe('pixels');
    expect(model.fwhmPix).toBeCloseTo(3.4, 1);
    expect(model.stars).toBeGreaterThan(0.8 * bright.length);
    expect(model.chi2).toBeGreaterThan(0.7);
    expect(model.chi2).toBeLessThan(1.3);
    expect(model.relativeErr).toBeLessThan(0.01);
  });

  it('has honest errors at fixed places, and no bias at any brightness', async () => {
    const pulls: number[] = [];
    const ratios: { value: number; weight: number }[] = [];
    let scale = 1;
    for (let seed = 31; seed < 36; seed++) {
      const fit = await psfPhotometry(planesOf(stars, size, seed), model, known, {}, compute);
      // Light beyond the stamps, common to all.
      scale = mean(bright.map((s, k) => fit.flux[k]! / s.flux));
      for (let i = bright.length; i < stars.length; i++) {
        const { flux } = stars[i]!;
        pulls.push((fit.flux[i]! / scale - flux) / fit.fluxErr[i]!);
        ratios.push({ value: fit.flux[i]! / scale / flux - 1, weight: (flux / fit.fluxErr[i]!) ** 2 });
      }
    }
    expect(scale).toBeGreaterThan(0.94);
    expect(Math.abs(mean(pulls))).toBeLessThan(0.1 + 2 / Math.sqrt(pulls.length));
    expect(width(pulls)).toBeGreaterThan(0.88);
    expect(width(pulls)).toBeLessThan(1.12);
    const weight = ratios.reduce((sum, r) => sum + r.weight, 0);
    const bias = ratios.reduce((sum, r) => sum + r.value * r.weight, 0) / weight;
    expect(Math.abs(bias)).toBeLessThan(0.002 + 2 / Math.sqrt(weight));
  });

  it('gives the same fluxes from stamps made once as from stamps made for every pass', async () => {
    const planes = planesOf(stars, size, 41);
    const some = columnsOf(stars.slice(0, 60));
    // A neighbour, and one off the image whose light reaches into it.
    const places = {
      x: Float64Array.of(...some.x, some.x[0]! + 3.3, -8.3),
      y: Float64Array.of(...some.y, some.y[0]! + 1.2, 250.2),
    };
    const flux = Float64Array.of(...some.flux, 1000, 3e5);
    const kept = await psfPhotometry(planes, model, places, { flux }, compute);
    const anew = await psfPhotometry(planes, model, places, { flux, free: new Uint8Array(flux.length) }, compute);
    expect(kept).toEqual(anew);
  });

  it('separates a pair and knows that their fluxes depend on each other', async () => {
    const pair = [
      { x: 200.2, y: 300.1, flux: 6000 },
      { x: 203.2, y: 300.6, flux: 3000 },
    ];
    const single = { x: 100.4, y: 100.2, flux: 3000 };
    const all = [...pair, single];
    const fit = await psfPhotometry(planesOf(all, size, 41), model, columnsOf(all), { free: new Uint8Array(3).fill(1) }, compute);
    for (const [k, star] of all.entries()) {
      expect(Math.abs(fit.flux[k]! - star.flux)).toBeLessThan(4 * fit.fluxErr[k]! + 0.05 * star.flux);
      expect(Math.hypot(fit.x[k]! - star.x, fit.y[k]! - star.y)).toBeLessThan(0.3);
    }
    expect(fit.fluxErr[1]!).toBeGreaterThan(1.1 * fit.fluxErr[2]!);
  });

  it('tells a galaxy from a star by its spread', async () => {
    const wide = testSky({
      width: 128,
      height: 128,
      stars: [{ x: 64, y: 64, flux: 2e4 }],
      profile: circularMoffat(4.6, 3),
      seed: 2,
    });
    const galaxy = {
      width: 128,
      height: 128,
      image: wide.image.map((v) => v - SKY),
      variance: wide.variance,
      mask: wide.mask,
      lightVariance: 1,
    };
    const place = { x: Float64Array.of(64), y: Float64Array.of(64) };
    const fit = await psfPhotometry(galaxy, model, place, {}, compute);
    expect(fit.spread[0]! / fit.spreadErr[0]!).toBeGreaterThan(5);
    const star = { ...galaxy, ...planesOf([{ x: 64, y: 64, flux: 2e4 }], 128, 3) };
    const point = await psfPhotometry(star, model, place, {}, compute);
    expect(Math.abs(point.spread[0]! / point.spreadErr[0]!)).toBeLessThan(5);
  });

  it('gives NaN off the image and where every pixel is masked, and says how much it saw', async () => {
    const planes = planesOf([{ x: 30, y: 30, flux: 5000 }], 96, 1);
    for (let y = 50; y < 80; y++) planes.mask.fill(MaskPlane.BAD, y * 96 + 50, y * 96 + 80);
    planes.mask[30 * 96 + 30] = MaskPlane.COSMIC;
    const places = { x: Float64Array.of(30, 65, 500), y: Float64Array.of(30, 65, 30) };
    const { flux, covered } = await psfPhotometry(planes, model, places, {}, compute);
    expect(flux[0]).toBeGreaterThan(4500);
    expect(covered[0]).toBeLessThan(0.98);
    expect(flux[1]).toBeNaN();
    expect(covered[1]).toBe(0);
    expect(flux[2]).toBeNaN();
  });

  it('falls back to the profile where stars are few, and to nothing without any', () => {
    const few = buildPsf(planesOf(stars, size, 22), known, candidates.slice(0, 4), { fwhmPix: 3.3, saturation: 1e5 });
    expect(few?.kind).toBe('moffat');
    expect(few?.fwhmPix).toBeCloseTo(3.4, 1);
    expect(buildPsf(planesOf(stars, size, 22), known, [], { fwhmPix: 3.3, saturation: 1e5 })).toBeNull();
  });
});
