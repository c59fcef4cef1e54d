import { seededRandom } from '@colibri/base';
import { describe, expect, it } from 'vitest';
import { expandMesh } from './expand-mesh.ts';
import { filterMesh } from './filter-mesh.ts';
import { measureBackground } from './measure-background.ts';

const size = { width: 640, height: 512 };
const n = size.width * size.height;
const sky = (x: number, y: number): number => 500 + 0.05 * x - 0.03 * y + 10 * Math.sin(x / 500);

/** Sky with normal noise of sigma 10 and `count` Gaussian stars of FWHM 4 pixels whose fluxes follow the Euclidean counts. */
function field(count: number, seed: number): Float32Array {
  const random = seededRandom(seed);
  const image = new Float32Array(n).map((_, i) => sky(i % size.width, Math.floor(i / size.width)) + 10 * random.normal());
  for (let k = 0; k < count; k++) {
    const flux = Math.min(300 * random.uniform() ** (-1 / 1.5), 1e6);
    const x0 = size.width * random.uniform();
    const y0 = size.height * random.uniform();
    for (let y = Math.max(0, Math.ceil(y0 - 10)); y <= Math.min(size.height - 1, y0 + 10); y++) {
      for (let x = Math.max(0, Math.ceil(x0 - 10)); x <= Math.min(size.width - 1, x0 + 10); x++) {
        image[y * size.width + x]! += (flux / 18.1) * Math.exp((-0.5 * ((x - x0) ** 2 + (y - y0) ** 2)) / 2.885);
      }
    }
  }
  return image;
}

function residual(image: Float32Array, mask: Uint16Array | null = null): { mean: number; rms: number; sigma: number } {
  const mesh = measureBackground(image, mask, size);
  const surface = expandMesh(mesh.level, mesh, size, new Float32Array(n));
  let s1 = 0;
  let s2 = 0;
  surface.forEach((v, i) => {
    const d = v - sky(i % size.width, Math.floor(i / size.width));
    s1 += d;
    s2 += d * d;
  });
  return { mean: s1 / n, rms: Math.sqrt(s2 / n - (s1 / n) ** 2), sigma: mesh.globalRms };
}

describe('measureBackground', () => {
  it('recovers an empty sky to a few hundredths of its noise, and the noise to 1 %', () => {
    const { mean, rms, sigma } = residual(field(0, 1));
    expect(Math.abs(mean)).toBeLessThan(0.1); // a cell has sigma 2.5 · 10/64 = 0.39, the 3 × 3 median 0.16; 80 cells
    expect(rms).toBeLessThan(0.35);
    expect(Math.abs(sigma / 10 - 1)).toBeLessThan(0.01);
  });

  // 640 × 512 pixels: 200 and 1000 stars are 2500 and 12 000 in a 2048 × 2048 frame. Measured 0.05 and 0.2 sigma.
  it.each([
    [200, 0.08, 0.03],
    [1000, 0.3, 0.08],
  ])('is hardly lifted by %i stars', (count, bias, noise) => {
    const { mean, sigma } = residual(field(count, 2));
    expect(Math.abs(mean) / 10).toBeLessThan(bias);
    expect(Math.abs(sigma / 10 - 1)).toBeLessThan(noise);
  });

  it('ignores masked, NaN and infinite pixels', () => {
    const image = field(0, 3);
    const mask = new Uint16Array(n);
    for (let i = 0; i < n; i += 3) {
      image[i] = i % 2 ? NaN : Infinity;
      if (i % 9 === 0) {
        image[i] = 1e6;
        mask[i] = 4;
      }
    }
    const { mean, sigma } = residual(image, mask);
    expect(Math.abs(mean)).toBeLessThan(0.15);
    expect(Math.abs(sigma / 10 - 1)).toBeLessThan(0.02);
  });

  it('fills a large masked hole from around it', () => {
    const image = field(0, 4);
    const mask = new Uint16Array(n);
    for (let y = 100; y < 350; y++) for (let x = 150; x < 420; x++) mask[y * size.width + x] = 2;
    const mesh = measureBackground(image, mask, size);
    expect(mesh.goodCells).toBeLessThan(mesh.columns * mesh.rows);
    expect(mesh.level.every((v) => Math.abs(v - 500) < 60)).toBe(true);
  });

  it.each([
    [1, 1],
    [5, 3],
    [65, 64],
    [63, 200],
    [97, 31],
  ])('takes an image of %i x %i pixels', (width, height) => {
    const image = new Float32Array(width * height).fill(7);
    const mesh = measureBackground(image, null, { width, height });
    expect(mesh.level.every((v) => v === 7)).toBe(true);
    expect(mesh.globalRms).toBe(0);
    expect(expandMesh(mesh.level, mesh, { width, height }, new Float32Array(width * height)).every((v) => v === 7)).toBe(true);
  });

  it('says NaN when no pixel is good', () => {
    const mesh = measureBackground(new Float32Array(100).fill(NaN), null, { width: 10, height: 10 });
    expect(mesh.goodCells).toBe(0);
    expect(mesh.globalLevel).toBeNaN();
  });
});

describe('filterMesh', () => {
  it('leaves a plane as it is, up to the corners, and removes a lone outlier anywhere', () => {
    const plane = Float32Array.from({ length: 42 }, (_, i) => 3 * (i % 7) - 2 * Math.floor(i / 7));
    for (let i = 0; i < 42; i++) {
      const mesh = plane.slice();
      mesh[i]! += 1000;
      filterMesh(mesh, 7, 6, 3);
      // next to the outlier the median moves to the neighbouring order statistic: at most one step of the gradient
      mesh.forEach((v, k) => {
        expect(Math.abs(v - plane[k]!)).toBeLessThanOrEqual(3.001);
      });
    }
    const mesh = plane.slice();
    filterMesh(mesh, 7, 6, 3);
    mesh.forEach((v, k) => {
      expect(v).toBeCloseTo(plane[k]!, 5);
    });
  });
});

describe('expandMesh', () => {
  it('reproduces a plane everywhere, outside the outermost cell centres too', () => {
    const shape = { width: 100, height: 90 };
    const mesh = { columns: 4, rows: 3 };
    const values = Float32Array.from({ length: 12 }, (_, i) => ((i % 4) + 0.5) * 25 * 2 + (Math.floor(i / 4) + 0.5) * 30 * -1);
    const out = expandMesh(values, mesh, shape, new Float32Array(9000));
    out.forEach((v, i) => {
      expect(v).toBeCloseTo(2 * ((i % 100) + 0.5) - (Math.floor(i / 100) + 0.5), 3);
    });
  });

  it('passes through the cell centres and agrees with an independent natural spline', () => {
    // scipy.interpolate.CubicSpline(range(5), [1, 4, 2, 7, 3], bc_type='natural') at 0.375, 2.125, 3.625
    const shape = { width: 5 * 4, height: 1 };
    const out = expandMesh(Float32Array.of(1, 4, 2, 7, 3), { columns: 5, rows: 1 }, shape, new Float32Array(20));
    // pixel x is at (x + 0.5) / 4 − 0.5 cells: 3 → 0.375, 10 → 2.125, 16 → 3.625
    expect([out[3], out[10], out[16]].map((v) => Number(v!.toFixed(4)))).toEqual([2.7695, 2.3789, 5.4668]);
  });
});
