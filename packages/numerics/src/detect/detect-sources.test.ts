import { describe, expect, it } from 'vitest';
import { MaskPlane } from '../mask-plane.ts';
import { scalarCompute } from '../scalar-compute.ts';
import { type DetectOptions, detectSources } from './detect-sources.ts';
import { circularMoffat, moffatKernel } from './moffat.ts';
import { starGrid, testSky } from './testing.ts';

type Planes = { image: Float32Array; variance: Float32Array; mask: Uint16Array };
const detect = ({ image, variance, mask }: Planes, options: DetectOptions) =>
  detectSources(image, variance, mask, options, scalarCompute());

const at = (basins: { count: number; peakIndex: Int32Array }, width: number) =>
  Array.from({ length: basins.count }, (_, i) => ({
    x: basins.peakIndex[i]! % width,
    y: Math.floor(basins.peakIndex[i]! / width),
  }));

describe('detectSources', () => {
  it('finds nothing in a constant, an empty, an all-NaN or a one-pixel image', async () => {
    const plane = (value: number, n: number): Planes => ({
      image: new Float32Array(n).fill(value),
      variance: new Float32Array(n).fill(100),
      mask: new Uint16Array(n),
    });
    for (const [value, size] of [
      [100, 64],
      [0, 64],
      [Number.NaN, 64],
      [100, 1],
    ] as const) {
      const { basins } = await detect(plane(value, size * size), { width: size, height: size });
      expect(basins.count).toBe(0);
    }
  });

  it('raises as many false alarms in pure noise as the theory of Gaussian fields says', async () => {
    const size = 640;
    const threshold = 3.2;
    const { basins } = await detect(testSky({ width: size, height: size, seed: 5 }), {
      width: size,
      height: size,
      threshold,
      minAreaPix: 1,
    });
    // Adler 1981, The Geometry of Random Fields: areas above ν are A·λ₂·ν·exp(−ν²/2)·(2π)^(−3/2), λ₂ = Σ(∂k)² / Σk².
    const { data, width } = moffatKernel(circularMoffat(3.5, 3), 5);
    let slope = 0;
    let power = 0;
    for (let y = 0; y < width; y++) {
      for (let x = 0; x < width; x++) {
        const next = x + 1 < width ? data[y * width + x + 1]! : 0;
        const before = x > 0 ? data[y * width + x - 1]! : 0;
        slope += ((next - before) / 2) ** 2;
        power += data[y * width + x]! ** 2;
      }
    }
    const expected = ((size * size * slope) / power) * threshold * Math.exp(-0.5 * threshold ** 2) * (2 * Math.PI) ** -1.5;
    expect(expected).toBeGreaterThan(50);
    // 35 %: 3 sigma of the Poisson count, and a 1 % error of sigma, which the count feels twelvefold.
    expect(basins.count / expected).toBeGreaterThan(0.65);
    expect(basins.count / expected).toBeLessThan(1.35);
  });

  it('finds every star of S/N 8 and above, and half of those at the threshold', async () => {
    const stars = starGrid(544, 32, 300, 3000);
    const sky = testSky({ width: 544, height: 544, stars });
    const { basins } = await detect(sky, { width: 544, height: 544 });
    const found = at(basins, 544);
    // Effective area of a Moffat star of β = 3: π α² (2β − 1) / (β − 1)².
    const alpha = 3.4 / (2 * Math.sqrt(2 ** (1 / 3) - 1));
    const sigma = Math.sqrt(264 * Math.PI * alpha * alpha * (5 / 4));
    const seen = stars.map((s) => found.some((f) => Math.hypot(f.x - s.x, f.y - s.y) < 3));
    const share = (from: number, to: number): number => {
      const inRange = seen.filter((_, i) => stars[i]!.flux / sigma >= from && stars[i]!.flux / sigma < to);
      return inRange.filter(Boolean).length / inRange.length;
    };
    expect(share(8, 100)).toBe(1);
    expect(share(4.3, 5.3)).toBeGreaterThan(0.25);
    expect(share(4.3, 5.3)).toBeLessThan(0.75);
    expect(share(0, 3)).toBeLessThan(0.1);
    const alone = found.filter((f) => !stars.some((s) => Math.hypot(f.x - s.x, f.y - s.y) < 4));
    expect(alone.length).toBeLessThanOrEqual(2);
  });

  it('separates two equal stars 1.7 FWHM apart, and not the same star twice', async () => {
    const stars = [...starGrid(384, 48, 2e4, 2e4), { x: 80.2, y: 190.1, flux: 2e4 }, { x: 86, y: 190.6, flux: 2e4 }];
    const sky = testSky({ width: 384, height: 384, stars: stars.filter((s) => s.flux > 0) });
    const { basins } = await detect(sky, { width: 384, height: 384 });
    expect(basins.count).toBe(stars.length);
    const close = at(basins, 384).filter((f) => Math.hypot(f.x - 83, f.y - 190) < 8);
    expect(close).toHaveLength(2);
  });

  it('is not fooled by hot pixels, dead columns and unmasked cosmic rays', async () => {
    const sky = testSky({ width: 384, height: 384, stars: starGrid(384, 48, 3000, 5e4) });
    const clean = await detect(sky, { width: 384, height: 384 });
    const image = sky.image.slice();
    const mask = sky.mask.slice();
    for (let k = 0; k < 60; k++) image[((k * 7919) % 384) * 384 + ((k * 104_729) % 384)]! += 2000; // one-pixel hits, not in the mask
    for (let y = 0; y < 384; y++) {
      image[y * 384 + 200] = 5000;
      mask[y * 384 + 200] = MaskPlane.BAD;
    }
    image[100 * 384 + 100] = 1e6;
    image[101 * 384 + 100] = Number.NaN;
    mask[100 * 384 + 100] = MaskPlane.COSMIC;
    const { basins } = await detect({ ...sky, image, mask }, { width: 384, height: 384 });
    const before = at(clean.basins, 384);
    const invented = at(basins, 384).filter((f) => !before.some((b) => Math.hypot(b.x - f.x, b.y - f.y) < 4));
    expect(invented).toEqual([]);
    expect(basins.count).toBeGreaterThanOrEqual(clean.basins.count - 2);
  });

  it('tells the tracks of cosmic rays, which nobody has masked, from faint stars', async () => {
    const stars = starGrid(512, 40, 900, 4000);
    const sky = testSky({ width: 512, height: 512, stars });
    const before = at((await detect(sky, { width: 512, height: 512 })).basins, 512);
    const hits: { x: number; y: number }[] = [];
    for (let k = 0; k < 25; k++) {
      // Two to four pixels in a row or a diagonal, each of 6 to 14 sigma, between the stars.
      const x = 20 + ((k * 97) % 460);
      const y = 20 + ((k * 211) % 460);
      if (before.some((b) => Math.hypot(b.x - x, b.y - y) < 12)) continue;
      hits.push({ x, y });
      for (let i = 0; i < 2 + (k % 3); i++) sky.image[(y + (k % 2) * i) * 512 + x + i]! += 16 * (6 + 2 * (k % 5));
    }
    expect(hits.length).toBeGreaterThan(10);
    const after = at((await detect(sky, { width: 512, height: 512 })).basins, 512);
    const invented = after.filter((f) => !before.some((b) => Math.hypot(b.x - f.x, b.y - f.y) < 4));
    expect(invented.length).toBeLessThanOrEqual(1);
    const lost = before.filter((b) => !after.some((f) => Math.hypot(b.x - f.x, b.y - f.y) < 4));
    expect(lost.length).toBeLessThanOrEqual(1);
  });

  it('takes a saturated star with its bleed for one source', async () => {
    const sky = testSky({ width: 256, height: 256, stars: [{ x: 128, y: 128, flux: 3e7 }, ...starGrid(256, 60, 2e4, 4e4)] });
    for (let i = 0; i < sky.image.length; i++) {
      const onBleed = i % 256 === 128 && Math.abs(Math.floor(i / 256) - 128) < 40;
      if (sky.image[i]! > 90_000 || onBleed) {
        sky.image[i] = 90_000;
        sky.mask[i] = MaskPlane.SATURATED;
      }
    }
    const { basins } = await detect(sky, { width: 256, height: 256 });
    expect(at(basins, 256).filter((f) => Math.abs(f.x - 128) < 8 && Math.abs(f.y - 128) < 45)).toHaveLength(1);
  });

  it('flags a satellite trail in the mask instead of finding sources on it, and keeps the bright star behind it', async () => {
    const stars = [...starGrid(512, 64, 5000, 5e4), { x: 256, y: 256, flux: 3e5 }];
    const sky = testSky({ width: 512, height: 512, stars });
    for (let y = 0; y < 512; y++) {
      for (let x = 0; x < 512; x++) {
        const across = (x - 256) * Math.sin(0.5) - (y - 256) * Math.cos(0.5);
        sky.image[y * 512 + x]! += 300 * Math.exp(-0.5 * (across / 1.7) ** 2);
        sky.variance[y * 512 + x]! += 300 * Math.exp(-0.5 * (across / 1.7) ** 2);
      }
    }
    const { basins, mask, trails } = await detect(sky, { width: 512, height: 512 });
    expect(trails).toHaveLength(1);
    expect(mask[200 * 512 + Math.round(256 - 56 / Math.tan(0.5))]! & MaskPlane.TRAIL).toBe(MaskPlane.TRAIL);
    expect(sky.mask.every((bits) => bits === 0)).toBe(true);
    const invented = at(basins, 512).filter((f) => !stars.some((s) => Math.hypot(f.x - s.x, f.y - s.y) < 5));
    expect(invented).toEqual([]);
    expect(at(basins, 512).some((f) => Math.hypot(f.x - 256, f.y - 256) < 3)).toBe(true);
  });

  it('judges S/N by the noise that the image has, not by the one it is told', async () => {
    const stars = starGrid(384, 48, 1500, 3000);
    const sky = testSky({ width: 384, height: 384, stars });
    const wrong = sky.variance.map((v) => v / 9);
    const right = await detect(sky, { width: 384, height: 384 });
    const told = await detect({ ...sky, variance: wrong }, { width: 384, height: 384 });
    expect(told.basins.count).toBe(right.basins.count);
  });
});
