import { seededRandom } from '@colibri/base';
import { describe, expect, it } from 'vitest';
import { gaussianKernel } from './convolution-kernel.ts';
import { convolve } from './convolve.ts';
import { matchedFilter } from './matched-filter.ts';

const shape = { width: 200, height: 180 };
const n = shape.width * shape.height;

describe('convolve', () => {
  it('puts the kernel, not flipped about the pixel it reads from, where a single pixel shines', () => {
    const image = new Float32Array(25);
    image[2 * 5 + 1] = 1;
    const kernel = { width: 3, height: 3, data: Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9) };
    const out = convolve(image, kernel, { width: 5, height: 5 }, new Float32Array(25));
    // out(x, y) = Σ k(i, j) image(x + i − 1, y + j − 1): the pixel at (1, 2) is seen by (0, 1) through k(2, 2) = 9
    expect(Array.from(out.subarray(5, 8))).toEqual([9, 8, 7]);
    expect(Array.from(out.subarray(15, 18))).toEqual([3, 2, 1]);
  });

  it('gives the same for a separable kernel as for its full form', () => {
    const random = seededRandom(1);
    const image = new Float32Array(n).map(() => random.normal());
    const row = Float32Array.of(1, 3, -2, 5, 0.5);
    const column = Float32Array.of(2, 1, 4);
    const data = Float32Array.from({ length: 15 }, (_, i) => row[i % 5]! * column[Math.floor(i / 5)]!);
    const a = convolve(image, { row, column }, shape, new Float32Array(n));
    const b = convolve(image, { width: 5, height: 3, data }, shape, new Float32Array(n));
    a.forEach((v, i) => {
      expect(Math.abs(v - b[i]!)).toBeLessThan(1e-4);
    });
  });

  it('keeps a constant image constant, borders included', () => {
    const out = convolve(new Float32Array(n).fill(3), gaussianKernel(4), shape, new Float32Array(n));
    expect(out.every((v) => Math.abs(v - 3) < 1e-5)).toBe(true);
  });

  it.each([
    [2, 3],
    [33, 3],
  ])('refuses a kernel of %i x %i', (width, height) => {
    const kernel = { width, height, data: new Float32Array(width * height) };
    expect(() => convolve(new Float32Array(n), kernel, shape, new Float32Array(n))).toThrow(/kernel/);
  });
});

describe('matchedFilter', () => {
  const kernel = gaussianKernel(3);

  function noiseWithMask(): { image: Float32Array; variance: Float32Array; mask: Uint16Array } {
    const random = seededRandom(11);
    const variance = new Float32Array(n).map((_, i) => 50 + (i % 200));
    const image = variance.map((v) => Math.sqrt(v) * random.normal());
    const mask = new Uint16Array(n).map(() => (random.uniform() < 0.2 ? 1 : 0));
    for (let i = 0; i < n; i++) if (mask[i]) image[i] = i % 3 ? 1e5 : NaN;
    return { image, variance, mask };
  }

  it('has sigma 1 on noise, at the border and between masked pixels as elsewhere', () => {
    const { image, variance, mask } = noiseWithMask();
    const out = matchedFilter(image, variance, mask, kernel, shape, new Float32Array(n));
    const rms = (keep: (i: number) => boolean): number => {
      const kept = out.filter((_, i) => keep(i));
      return Math.sqrt(kept.reduce((sum, v) => sum + v * v, 0) / kept.length);
    };
    expect(rms(() => true)).toBeCloseTo(1, 1);
    expect(rms((i) => i < 200 || i % 200 === 0)).toBeCloseTo(1, 0.8); // 380 correlated values
    expect(rms((i) => mask[i] !== 0)).toBeCloseTo(1, 1);
  });

  it('gives a star the S/N of optimal photometry: flux · sqrt(Σ k²) / sigma', () => {
    const image = new Float32Array(n);
    const { row } = kernel;
    const r = row.length >> 1;
    const at = 90 * 200 + 100;
    for (let j = 0; j < row.length; j++)
      for (let i = 0; i < row.length; i++) image[at + (j - r) * 200 + i - r] = 1000 * row[i]! * row[j]!;
    const power = row.reduce((sum, k) => sum + k * k, 0); // Σ k² of the product is its square
    const out = matchedFilter(image, 12, null, kernel, shape, new Float32Array(n));
    expect(out[at]).toBeCloseTo((1000 * power) / 12, 3);
    expect(out.indexOf(Math.max(...out))).toBe(at);
  });

  it('agrees between a constant variance plane, one sigma and a mesh of it', () => {
    const { image, mask } = noiseWithMask();
    const plane = matchedFilter(image, new Float32Array(n).fill(49), mask, kernel, shape, new Float32Array(n));
    const scalar = matchedFilter(image, 7, mask, kernel, shape, new Float32Array(n));
    const mesh = matchedFilter(
      image,
      { columns: 2, rows: 1, rms: Float32Array.of(7, 7) },
      mask,
      kernel,
      shape,
      new Float32Array(n),
    );
    for (let i = 0; i < n; i++) {
      expect(Math.abs(scalar[i]! - plane[i]!)).toBeLessThan(1e-3);
      expect(Math.abs(mesh[i]! - scalar[i]!)).toBeLessThan(1e-3);
    }
  });

  it('says 0 where nothing is known', () => {
    const out = matchedFilter(new Float32Array(n).fill(5), 1, new Uint16Array(n).fill(2), kernel, shape, new Float32Array(n));
    expect(out.every((v) => v === 0)).toBe(true);
  });
});
