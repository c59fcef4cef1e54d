import { existsSync } from 'node:fs';
import { seededRandom } from '@colibri/base';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Compute } from '../compute.ts';
import { MaskPlane } from '../mask-plane.ts';
import { kernelsPath, openCompute } from '../node/index.ts';
import { scalarCompute } from '../scalar-compute.ts';
import { coordinateGrid, gridAt, gridBounds } from './coordinate-grid.ts';
import { fillBad, nearBad } from './fill-bad.ts';
import type { ResampledPlanes, ResampleInput } from './resample.ts';
import { resamplingPower } from './resampling-power.ts';

const compute = scalarCompute();
const shape = { width: 150, height: 130 };
const planes = ({ width, height }: { width: number; height: number }): ResampledPlanes => ({
  data: new Float32Array(width * height).fill(-7),
  variance: new Float32Array(width * height).fill(-7),
  mask: new Uint16Array(width * height).fill(7),
});
/** Turned about the middle, by 10° if nothing is said, and scaled. */
const turn =
  (scale: number, deg = 10) =>
  (x: number, y: number): [number, number] => {
    const [c, s] = [scale * Math.cos((deg * Math.PI) / 180), scale * Math.sin((deg * Math.PI) / 180)];
    return [75 + c * (x - 75) - s * (y - 65), 65 + s * (x - 75) + c * (y - 65)];
  };

function inputOf(at: (x: number, y: number) => number, variance = 4, bad: readonly number[] = []): ResampleInput {
  const n = shape.width * shape.height;
  const mask = new Uint16Array(n);
  for (const p of bad) mask[p] = MaskPlane.BAD;
  const data = Float32Array.from({ length: n }, (_, i) => at(i % shape.width, Math.floor(i / shape.width)));
  const noise = new Float32Array(n).fill(variance);
  fillBad(data, noise, mask, bad, variance, shape);
  return { ...shape, data, variance: noise, mask, near: nearBad(bad, shape, new Uint8Array(n)) };
}
const star = (x0: number, y0: number, fwhm: number) => (x: number, y: number) =>
  Math.exp((-4 * Math.LN2 * ((x - x0) ** 2 + (y - y0) ** 2)) / (fwhm * fwhm));

/** Of the one star of an image, in a Gaussian window; see measure/windowed.ts. */
function windowedCentroid(data: Float32Array, x0: number, y0: number): [number, number] {
  let [x, y] = [x0, y0];
  for (let round = 0; round < 60; round++) {
    let [s, sx, sy] = [0, 0, 0];
    data.forEach((v, i) => {
      const [dx, dy] = [(i % shape.width) - x, Math.floor(i / shape.width) - y];
      const w = v * Math.exp(-(dx * dx + dy * dy) / 8);
      s += w;
      sx += w * dx;
      sy += w * dy;
    });
    x += (2 * sx) / s;
    y += (2 * sy) / s;
  }
  return [x, y];
}

describe('resample', () => {
  it.each([
    [0.8, 10],
    [1, 10],
    [1.1, 10],
    [1, 2],
    [1, -5],
    [1, 183],
  ])('keeps the flux of stars and their place at scale %s and %s degrees', async (scale, deg) => {
    const grid = coordinateGrid(shape, turn(scale, deg));
    const out = await compute.resample(inputOf(star(80.3, 60.7, 3.3)), { ...shape, grid, scale: 2 }, planes(shape));
    const truth = (Math.PI * 3.3 ** 2) / (4 * Math.LN2);
    const flux = out.data.reduce((sum, v) => sum + v, 0);
    expect(Math.abs(flux / (2 * truth) - 1)).toBeLessThan(1e-3); // what six pixels of support do to a PSF of 3.3
    const [x, y] = windowedCentroid(out.data, 75, 65);
    const at = new Float64Array(2);
    gridAt(grid, x, y, at);
    // All pixels of a star lie at about the same fraction of a pixel where the grid is turned little: their errors do not cancel.
    expect(Math.hypot(at[0]! - 80.3, at[1]! - 60.7)).toBeLessThan(
      Math.abs(Math.sin((deg * Math.PI) / 180)) > 0.1 ? 0.005 : 0.011,
    );
  });

  it('keeps a flat sky flat, and says where there is no datum', async () => {
    const grid = coordinateGrid(shape, turn(1));
    const out = await compute.resample(
      inputOf(() => 100),
      { ...shape, grid, scale: 1 },
      planes(shape),
    );
    const inside = out.data.filter((_, i) => out.mask[i] === 0);
    expect(inside.length).toBeGreaterThan(0.8 * out.data.length);
    for (const v of inside) expect(Math.abs(v - 100)).toBeLessThan(0.002);
    expect(out.mask[0]).toBe(MaskPlane.NO_DATA);
    expect(out.data[0]).toBe(0);
  });

  it('propagates noise: pixels have the variance said, large areas that divided by the power', async () => {
    const random = seededRandom(3);
    const grid = coordinateGrid(shape, turn(0.97));
    const power = resamplingPower(grid, shape);
    let [pixel, said, area, saidArea, count] = [0, 0, 0, 0, 0];
    for (let round = 0; round < 60; round++) {
      const input = inputOf(() => 2 * random.normal());
      const out = await compute.resample(input, { ...shape, grid, scale: 1.5 }, planes(shape));
      for (const corner of [0, 1, 2, 3]) {
        const [x0, y0] = [40 + 35 * (corner & 1), 35 + 35 * (corner >> 1)];
        let [sum, variance] = [0, 0];
        for (let y = y0; y < y0 + 30; y++) {
          for (let x = x0; x < x0 + 30; x++) {
            const i = y * shape.width + x;
            sum += out.data[i]!;
            variance += out.variance[i]!;
            pixel += out.data[i]! ** 2;
            said += out.variance[i]!;
          }
        }
        area += sum ** 2;
        saidArea += variance / power;
        count++;
      }
    }
    expect(pixel / said).toBeCloseTo(1, 1); // 216 000 pixels
    // 240 areas: their variance is known to 9 %; the edge of the area takes 3 %.
    expect(Math.abs(area / saidArea - 1)).toBeLessThan(0.25);
    expect(1 / power).toBeGreaterThan(1.1);
    expect(count).toBe(240);
  });

  it('masks what bad pixels reach, and no more', async () => {
    const bad = [60 * shape.width + 70, 61 * shape.width + 70];
    const grid = coordinateGrid(shape, (x, y) => [x + 0.25, y]);
    const input = inputOf(() => 50, 1, bad);
    const out = await compute.resample(input, { ...shape, grid, scale: 1 }, planes(shape));
    const touched = [...out.mask.entries()].filter(([, m]) => m === MaskPlane.BAD).map(([i]) => i);
    expect(touched).toContain(60 * shape.width + 70);
    expect(touched).toContain(61 * shape.width + 70);
    expect(touched.length).toBeLessThanOrEqual(6);
    for (const i of [60 * shape.width + 68, 62 * shape.width + 71]) expect(out.data[i]).toBeCloseTo(50, 3);
  });

  it('has the coordinates of a distorted image to 1e-4 pixel, and none where there are none', () => {
    const size = { width: 700, height: 500 };
    const map = (x: number, y: number): [number, number] | null => {
      const [dx, dy] = [x - 350, y - 250];
      const r = 1 + 2e-8 * (dx * dx + dy * dy) + 1e-5 * dx;
      return x > 600 && y > 300 ? null : [350 + r * dx - 0.03 * dy, 250 + r * dy + 0.03 * dx];
    };
    let calls = 0;
    const { columns, rows, u, v } = coordinateGrid(size, (x, y) => {
      calls++;
      return map(x, y);
    });
    for (let k = 0; k < columns * rows; k++) {
      const truth = map((k % columns) * 16, Math.floor(k / columns) * 16);
      if (truth === null) expect(u[k]).toBeLessThan(-1e5);
      else expect(Math.hypot(u[k]! - truth[0], v[k]! - truth[1])).toBeLessThan(1e-4);
    }
    expect(calls).toBeLessThan(0.7 * columns * rows);
  });

  it('finds the part of the grid that an image covers', () => {
    const grid = coordinateGrid({ width: 400, height: 300 }, (x, y) => [x - 200, y - 100]);
    const bounds = gridBounds(grid, { width: 400, height: 300 }, { width: 50, height: 40 });
    expect(bounds).toEqual({ x0: 192, y0: 96, x1: 256, y1: 144 });
  });
});

describe.skipIf(!existsSync(kernelsPath))('compiled resample and sums (skipped before npm run build)', () => {
  let wasm: Compute;
  beforeAll(async () => {
    wasm = await openCompute({ threads: 2, megabytes: 64, poison: true });
  });
  afterAll(() => wasm.close());

  it('equals its scalar twin, bad pixels, borders and rows included', () =>
    wasm.scope(async () => {
      const random = seededRandom(11);
      const bad = Array.from({ length: 200 }, () => random.below(shape.width * shape.height));
      const input = inputOf((x, y) => 100 * star(80, 60, 4)(x, y) + random.normal(), 2, bad);
      for (const [size, deg] of [
        [shape, 10],
        [{ width: 37, height: 161 }, 10],
        [shape, 0],
        [shape, 2.5],
        [{ width: 141, height: 133 }, -5.5],
        [shape, 178],
      ] as const) {
        const options = {
          ...size,
          grid: coordinateGrid(size, turn(1.03, deg)),
          scale: 1.5,
          rows: [16, size.height - 3] as const,
        };
        const a = await wasm.resample(input, options, planes(size));
        const b = await compute.resample(input, options, planes(size));
        let steps = 0;
        a.data.forEach((v, i) => {
          // Fractions of a pixel in single precision may be a step of the table off, 2.4e-4 pix: of a star of 150, and of variances of 2.
          expect(Math.abs(v - b.data[i]!)).toBeLessThan(0.02);
          expect(Math.abs(a.variance[i]! - b.variance[i]!)).toBeLessThan(3e-3);
          if (Math.abs(v - b.data[i]!) > 1e-3) steps++;
        });
        expect(steps).toBeLessThan(0.002 * a.data.length);
        expect(a.mask.filter((m, i) => m !== b.mask[i]).length).toBeLessThan(3); // shares at the limit
        const light = await wasm.resample(input, options, { ...planes(size), variance: null });
        expect([light.data, light.mask]).toEqual([a.data, a.mask]);
      }
    }));

  it('adds, compares and lists as its scalar twin', () =>
    wasm.scope(async () => {
      const n = 131073;
      const random = seededRandom(5);
      const make = (compute: Compute) => ({
        ref: {
          sum: compute.float32(n).fill(0),
          weight: compute.float32(n).fill(0),
          top: compute.float32(n).fill(0),
          topWeight: compute.float32(n).fill(0),
        },
        sums: {
          sum: compute.float32(n).fill(0),
          weight: compute.float32(n).fill(0),
          noise: compute.float32(n).fill(0),
          coverage: compute.float32(n).fill(0),
          bits: compute.uint8(n).fill(0),
        },
      });
      const both = [make(wasm), make(compute)] as const;
      const frames = [0, 1, 2].map(() => ({
        data: wasm.float32(n).map(() => random.normal()),
        variance: wasm.float32(n).fill(1),
        mask: wasm.uint16(n).map(() => (random.uniform() < 0.1 ? [2, 4, 6, 16][random.below(4)]! : 0)),
      }));
      for (const [k, to] of [wasm, compute].entries()) {
        for (const [i, frame] of frames.entries()) {
          await to.addReference(frame.data, frame.mask, 0.5 + i, both[k]!.ref);
          await to.addFrame(frame, { weight: 0.5 + i, seconds: 30 }, both[k]!.sums);
        }
      }
      for (const part of ['ref', 'sums'] as const) {
        for (const [name, plane] of Object.entries(both[0][part])) {
          const truth = (both[1][part] as Record<string, ArrayLike<number>>)[name]!;
          plane.forEach((v: number, i: number) => {
            if (!(Math.abs(v - truth[i]!) <= 1e-5)) expect.fail(`${name} ${i}: ${v} instead of ${truth[i]}`);
          });
        }
      }
      const mean = [0, 1].map(() => ({ mean: wasm.float32(n), rest: wasm.float32(n) }));
      await wasm.reference(both[0].ref, mean[0]!);
      await compute.reference(both[0].ref, mean[1]!);
      mean[0]!.mean.forEach((v, i) => {
        if (!(Object.is(v, mean[1]!.mean[i]) || Math.abs(v - mean[1]!.mean[i]!) < 1e-5)) expect.fail(`mean ${i}`);
      });
      const found = await wasm.outliers(frames[0]!, mean[0]!.mean, 0.5, 3);
      const truth = await compute.outliers(frames[0]!, mean[0]!.mean, 0.5, 3);
      expect(found.length).toBeGreaterThan(50);
      expect(found).toEqual(truth);
    }));

  it('flags and marks pixels as its scalar twin', async () => {
    const random = seededRandom(8);
    const n = shape.width * shape.height;
    const odd = [NaN, Infinity, -Infinity, 0, -1, 3.1e38];
    const values = (usual: number) =>
      Float32Array.from({ length: n }, () => (random.below(9) === 0 ? odd[random.below(6)]! : usual));
    const [data, variance] = [values(-5), values(2)];
    const plane = Uint8Array.from({ length: 90 * 80 }, () => random.below(2));
    const marks = { plane, shape: { width: 90, height: 80 }, grid: coordinateGrid(shape, turn(0.7, 200)) };
    const both = await Promise.all(
      [wasm, compute].map(async (on) => {
        const mask = await on.flagUnusable(data, variance, new Uint16Array(n).fill(1));
        return on.markObjects(marks, 0x4000, mask, shape);
      }),
    );
    expect(both[0]).toEqual(both[1]);
    for (let i = 0; i < n; i++) {
      const isGood = Number.isFinite(data[i]!) && Math.abs(data[i]!) < 3e38 && variance[i]! > 0 && variance[i]! < 3e38;
      if (((both[0]![i]! & MaskPlane.NO_DATA) === 0) !== isGood) expect.fail(`pixel ${i}: ${data[i]} ± ${variance[i]}`);
    }
    const marked = both[0]!.filter((m) => (m & 0x4000) !== 0).length;
    expect(marked).toBeGreaterThan(1000);
    expect(marked).toBeLessThan(0.6 * n);
  });
});
