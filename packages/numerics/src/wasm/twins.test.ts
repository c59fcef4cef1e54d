import { existsSync } from 'node:fs';
import { seededRandom } from '@colibri/base';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Compute } from '../compute.ts';
import { gaussianKernel } from '../convolve/convolution-kernel.ts';
import { kernelsPath, openCompute } from '../node/index.ts';
import { scalarCompute } from '../scalar-compute.ts';

const GUARD = 64;
const sizes = [
  { width: 1, height: 1 },
  { width: 3, height: 5 },
  { width: 17, height: 9 },
  { width: 131, height: 67 },
  { width: 256, height: 130 },
  { width: 1, height: 70 },
  { width: 200, height: 1 },
];

describe.skipIf(!existsSync(kernelsPath))('compiled functions equal their scalar twins (skipped before npm run build)', () => {
  let wasm: Compute;
  const scalar = scalarCompute();
  beforeAll(async () => {
    wasm = await openCompute({ threads: 2, megabytes: 128, poison: true });
    expect(wasm.threads).toBe(2);
  });
  afterAll(() => wasm.close());

  /** A plane in the shared memory between guard bands; `intact()` tells whether anything was written outside of it. */
  function guarded(length: number): { plane: Float32Array; intact: () => boolean } {
    const whole = wasm.float32(length + 2 * GUARD).fill(12345);
    const guards = [whole.subarray(0, GUARD), whole.subarray(GUARD + length)];
    return {
      plane: whole.subarray(GUARD, GUARD + length).fill(-1),
      intact: () => guards.every((g) => g.every((v) => v === 12345)),
    };
  }

  function scene(n: number, seed: number): { image: Float32Array; mask: Uint16Array; variance: Float32Array } {
    const random = seededRandom(seed);
    const image = wasm.float32(n);
    const mask = wasm.uint16(n);
    const variance = wasm.float32(n);
    for (let i = 0; i < n; i++) {
      const u = random.uniform();
      image[i] = u < 0.01 ? NaN : u < 0.02 ? 5000 : u < 0.022 ? Infinity : 300 + 10 * random.normal();
      mask[i] = random.uniform() < 0.03 ? 1 << random.below(6) : 0;
      variance[i] = random.uniform() < 0.01 ? [NaN, 0, -1][random.below(3)]! : 80 + 40 * random.uniform();
    }
    return { image, mask, variance };
  }

  function expectClose(found: ArrayLike<number>, truth: ArrayLike<number>, absolute: number, relative = 0): void {
    expect(found.length).toBe(truth.length);
    for (let i = 0; i < truth.length; i++) {
      const a = found[i]!;
      const b = truth[i]!;
      if (Object.is(a, b) || a === b) continue;
      if (!(Math.abs(a - b) <= absolute + relative * Math.abs(b))) expect.fail(`value ${i}: ${a} instead of ${b}`);
    }
  }

  describe.each(sizes)('$width x $height pixels', (shape) => {
    const n = shape.width * shape.height;

    it.each([null, 'mask'])('measureBackground with %s', (which) =>
      wasm.scope(async () => {
        const { image, mask } = scene(n, n);
        const options = { ...shape, meshPix: 32 };
        const a = await wasm.measureBackground(image, which && mask, options);
        const b = await scalar.measureBackground(image, which && mask, options);
        // 1 % of a sigma: sums in single precision may move one pixel over a clipping limit of cells of some hundred pixels
        expectClose(a.level, b.level, 0.1);
        expectClose(a.rms, b.rms, 0.1);
        expect(a.goodCells).toBe(b.goodCells);
      }),
    );

    it('swapWords', () =>
      wasm.scope(async () => {
        const { plane, intact } = guarded(n);
        for (let i = 0; i < n; i++) plane[i] = 1 + i / 3;
        const before = plane.slice();
        await wasm.swapWords(plane);
        expect(new Uint8Array(plane.slice().buffer)).toEqual(new Uint8Array((await scalar.swapWords(before)).buffer));
        expect(new DataView(before.buffer).getFloat32(0)).toBe(1);
        expect(intact()).toBe(true);
      }));

    it.each(sizes)('keepBits, flagAbove, indicesAbove, indicesWith of $width × $height', async ({ width, height }) => {
      const n = width * height;
      await wasm.scope(async () => {
        const { image, mask } = scene(n, n);
        const spare = wasm.uint16(n + 2).fill(7777);
        const out = spare.subarray(1, n + 1);
        for (const bits of [1, 5, 63]) {
          await wasm.keepBits(mask, bits, out);
          expect(out).toEqual(await scalar.keepBits(mask, bits, new Uint16Array(n)));
          expect(await wasm.indicesWith(mask, bits)).toEqual(await scalar.indicesWith(mask, bits));
        }
        for (const level of [290, 310, 4000, 1e9]) {
          await wasm.flagAbove(image, level, mask, out);
          expect(out).toEqual(await scalar.flagAbove(image, level, mask, new Uint16Array(n)));
          expect(await wasm.indicesAbove(image, level)).toEqual(await scalar.indicesAbove(image, level));
        }
        expect([spare[0], spare[n + 1]]).toEqual([7777, 7777]);
      });
    });

    it('expandMesh and subtractMesh, in place too', () =>
      wasm.scope(async () => {
        const random = seededRandom(7);
        const mesh = { columns: Math.max(1, Math.round(shape.width / 20)), rows: Math.max(1, Math.round(shape.height / 20)) };
        const values = Float32Array.from({ length: mesh.columns * mesh.rows }, () => 1000 + 50 * random.normal());
        const { plane, intact } = guarded(n);
        const truth = await scalar.expandMesh(values, mesh, shape, new Float32Array(n));
        await wasm.expandMesh(values, mesh, shape, plane);
        expectClose(plane, truth, 1e-3); // single precision of values near 1000
        const difference = plane.slice().map((_, i) => i);
        plane.set(difference);
        await wasm.subtractMesh(plane, values, mesh, shape, plane);
        expectClose(plane, await scalar.subtractMesh(difference, values, mesh, shape, new Float32Array(n)), 2e-3);
        await wasm.subtract(plane, truth, plane);
        expect(intact()).toBe(true);
      }));

    const kernels = {
      'full 5 x 3': { width: 5, height: 3, data: Float32Array.from({ length: 15 }, (_, i) => Math.sin(i + 1)) },
      'full 1 x 1': { width: 1, height: 1, data: Float32Array.of(2) },
      'full 31 x 31': { width: 31, height: 31, data: Float32Array.from({ length: 961 }, (_, i) => 1e-3 * Math.cos(i)) },
      'separable 9': gaussianKernel(3, 4),
      'full 5 x 5 with zeros around': {
        width: 5,
        height: 5,
        data: Float32Array.of(0, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 1, 3, 2, 1, 0, 0, 2, 1, 0, 0, 0, 0, 5, 0),
      },
      'separable 7 x 3': { row: Float32Array.of(1, 2, 3, 4, 3, 2, 1), column: Float32Array.of(-1, 3, 1) },
    };
    it.each(Object.entries(kernels))('convolve with a %s kernel', (_, kernel) =>
      wasm.scope(async () => {
        const image = wasm.float32(n).map((_v, i) => 100 + ((i * 7919) % 101));
        const { plane, intact } = guarded(n);
        await wasm.convolve(image, kernel, shape, plane);
        expectClose(plane, await scalar.convolve(image, kernel, shape, new Float32Array(n)), 0.02, 1e-5); // sums of up to 961 f32 products
        expect(intact()).toBe(true);
      }),
    );

    it.each(Object.entries(kernels))('matchedFilter with a %s kernel, all kinds of noise', (_, kernel) =>
      wasm.scope(async () => {
        const { image, mask, variance } = scene(n, 3 * n);
        for (let i = 0; i < n; i++) image[i] = image[i]! - 300;
        const mesh = { columns: 2, rows: 3, rms: Float32Array.of(9, 10, 11, 12, 11, 9) };
        for (const noise of [null, 10, variance, mesh]) {
          for (const m of [null, mask]) {
            const { plane, intact } = guarded(n);
            await wasm.matchedFilter(image, noise, m, kernel, shape, plane);
            const truth = await scalar.matchedFilter(image, noise, m, kernel, shape, new Float32Array(n));
            expectClose(plane, truth, noise === null ? 0.1 : 0.01, 1e-4); // Σ k² by subtraction of bad pixels
            expect(intact()).toBe(true);
          }
        }
      }),
    );

    it.each(['u16', 'f32'])('calibrateFrame of %s counts', (type) =>
      wasm.scope(async () => {
        const random = seededRandom(n + 1);
        const float = (f: () => number): Float32Array => wasm.float32(n).map(f);
        const raw =
          type === 'u16'
            ? wasm.uint16(n).map(() => random.below(65536))
            : float(() => (random.uniform() < 0.02 ? NaN : random.below(65536)));
        const options = { ...shape, exposureSec: 30, gain: 6.2, readNoise: 8, saturationAdu: 60000, minFlat: 0.2 };
        const full = {
          bias: float(() => 20 + random.normal()),
          biasVariance: float(() => 0.5),
          darkRate: float(() => random.uniform()),
          darkVariance: float(() => 0.01),
          flat: float(() => (random.uniform() < 0.05 ? [0, -1, NaN][random.below(3)]! : 0.5 + random.uniform())),
          flatVariance: float(() => 1e-5),
          masterMask: wasm.uint16(n).map(() => (random.uniform() < 0.02 ? 1 : 0)),
        };
        const none = {
          bias: null,
          biasVariance: null,
          darkRate: null,
          darkVariance: null,
          flat: null,
          flatVariance: null,
          masterMask: null,
        };
        for (const masters of [full, none, { ...none, flat: full.flat }]) {
          for (const levels of [
            new Float32Array(shape.height).map((_, y) => 300 + y),
            new Float32Array(2 * shape.height).map((_, y) => 300 + y),
          ]) {
            const data = guarded(n);
            const variance = guarded(n);
            const words = wasm.uint16(n + 64).fill(777);
            const out = { data: data.plane, variance: variance.plane, mask: words.subarray(32, 32 + n) };
            const counts = await wasm.calibrateFrame(raw, masters, { ...options, levels }, out);
            const truth = { data: new Float32Array(n), variance: new Float32Array(n), mask: new Uint16Array(n) };
            expect(counts).toEqual(await scalar.calibrateFrame(raw, masters, { ...options, levels }, truth));
            expectClose(out.data, truth.data, 0.2, 3e-6); // counts up to 65535 in single precision, divided by a flat down to 0.5
            expectClose(out.variance, truth.variance, 0.5, 1e-5);
            expect(out.mask).toEqual(truth.mask);
            expect(data.intact() && variance.intact()).toBe(true);
            expect([...words.subarray(0, 32), ...words.subarray(32 + n)].every((v) => v === 777)).toBe(true);
          }
        }
      }),
    );

    it('rejectCosmicRays, pixel for pixel', () =>
      wasm.scope(async () => {
        const { image, variance, mask } = scene(n, 5 * n); // hits, NaN and masked pixels all over
        const truth = mask.slice();
        const count = await wasm.rejectCosmicRays(image, variance, mask, shape);
        expect(count).toBe(await scalar.rejectCosmicRays(image, variance, truth, shape));
        expect(mask).toEqual(truth);
        if (n > 5000) expect(count).toBeGreaterThan(0.005 * n);
      }));

    it.each([1, 2, 3, 6, 20])('clippedMean of %i frames', (frames) =>
      wasm.scope(async () => {
        const random = seededRandom(n + frames);
        const stack = Array.from({ length: frames }, () =>
          wasm.float32(n).map(() => {
            const u = random.uniform();
            return u < 0.05 ? NaN : u < 0.1 ? 900 : 100 + 5 * random.normal();
          }),
        );
        const scales = Float32Array.from({ length: frames }, (_, k) => 1 + 0.01 * k);
        for (const options of [{}, { noise: 5 }, { clipSigma: 2.5, iterations: 2, scales, offsets: scales }]) {
          const mean = guarded(n);
          const variance = guarded(n);
          const out = { mean: mean.plane, variance: variance.plane, count: wasm.uint16(n) };
          await wasm.clippedMean(stack, options, out);
          const truth = await scalar.clippedMean(stack, options, {
            mean: new Float32Array(n),
            variance: new Float32Array(n),
            count: new Uint16Array(n),
          });
          let other = 0; // clip decisions may turn on the last bit: then count, mean and variance differ together
          for (let i = 0; i < n; i++) if (out.count[i] !== truth.count[i]) other++;
          expect(other).toBeLessThanOrEqual(1e-3 * n);
          const same = (values: Float32Array): Float32Array => values.filter((_, i) => out.count[i] === truth.count[i]);
          expectClose(same(out.mean), same(truth.mean), 2e-3);
          expectClose(same(out.variance), same(truth.variance), 2e-3, 1e-3);
          expect(mean.intact() && variance.intact()).toBe(true);
        }
      }),
    );
  });

  it('leaves no block of memory behind, whatever it did', () => expect(wasm.usedBytes()).toBe(0));
});
