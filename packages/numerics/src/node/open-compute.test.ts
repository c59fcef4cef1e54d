import { existsSync } from 'node:fs';
import { isErrorOf, seededRandom } from '@colibri/base';
import { afterAll, describe, expect, it } from 'vitest';
import type { Compute } from '../compute.ts';
import { gaussianKernel } from '../convolve/convolution-kernel.ts';
import { computeMemoryFull, computeNotOwned, computeWorkerFailed } from '../errors.ts';
import { kernelsPath, openCompute } from './open-compute.ts';

describe.skipIf(!existsSync(kernelsPath))('openCompute (skipped before npm run build)', () => {
  const opened: Promise<Compute>[] = [];
  const open = (threads: number): Promise<Compute> => {
    const compute = openCompute({ threads, megabytes: 64, poison: true });
    opened.push(compute);
    return compute;
  };
  afterAll(async () => {
    for (const compute of opened) await (await compute).close();
  });

  it('gives the same bytes with 1, 2 and 4 threads', async () => {
    const shape = { width: 500, height: 700 };
    const n = shape.width * shape.height;
    const run = async (threads: number): Promise<Uint8Array[]> => {
      const compute = await open(threads);
      expect(compute.threads).toBe(threads);
      return compute.scope(async () => {
        const random = seededRandom(3);
        const image = compute.float32(n).map(() => (random.uniform() < 0.002 ? 900 : 100 + 10 * random.normal()));
        const variance = compute.float32(n).fill(100);
        const mask = compute.uint16(n).map(() => (random.uniform() < 0.01 ? 1 : 0));
        const out = compute.float32(n);
        const kernel = gaussianKernel(3);
        const results: Uint8Array[] = [];
        const keep = (array: Float32Array | Uint16Array): void => {
          results.push(new Uint8Array(array.slice().buffer));
        };
        const mesh = await compute.measureBackground(image, mask, shape);
        keep(mesh.level);
        keep(mesh.rms);
        await compute.rejectCosmicRays(image, variance, mask, shape);
        keep(mask);
        await compute.subtractMesh(image, mesh.level, mesh, shape, image);
        keep(image);
        await compute.matchedFilter(image, mesh, mask, kernel, shape, out);
        keep(out);
        await compute.convolve(image, kernel, shape, out);
        keep(out);
        return results;
      });
    };
    const one = await run(1);
    for (const threads of [2, 4]) {
      const more = await run(threads);
      one.forEach((bytes, i) => {
        expect(Buffer.compare(bytes, more[i]!), `result ${i} with ${threads} threads`).toBe(0);
      });
    }
  });

  it('keeps many jobs given at once apart', async () => {
    const compute = await open(2);
    await compute.scope(async () => {
      const n = 300 * 300;
      const jobs = Array.from({ length: 40 }, (_, k) => {
        const image = compute.float32(n).fill(k);
        const out = compute.float32(n);
        return compute.convolve(
          image,
          { row: Float32Array.of(k, 1, 0), column: Float32Array.of(2) },
          { width: 300, height: 300 },
          out,
        );
      });
      (await Promise.all(jobs)).forEach((out, k) => {
        expect(out.every((v) => v === 2 * k * (k + 1))).toBe(true);
      });
    });
  });

  it('copies arrays from elsewhere in and out', async () => {
    const compute = await open(2);
    const image = new Float32Array(12).map((_, i) => i);
    const out = new Float32Array(12);
    await compute.subtract(image, new Float32Array(12).fill(1), out);
    expect(Array.from(out)).toEqual(Array.from(image, (v) => v - 1));
    expect(compute.usedBytes()).toBe(0);
  });

  it('frees what a scope allocated, sync or async or failing, but for what was kept', async () => {
    const compute = await open(1);
    const kept = compute.scope((keep) => {
      compute.float32(1000);
      return compute.scope((keepInner) => {
        compute.uint16(5);
        return keep(keepInner(compute.float32(10))); // from the inner to the outer scope, then out of it
      });
    });
    const afterSync = compute.usedBytes();
    expect(afterSync).toBeGreaterThan(0);
    compute.free(kept);
    expect(compute.usedBytes()).toBe(0);

    // two bodies interleaved by awaits don't free each other's arrays
    const body = (value: number) =>
      compute.scope(async () => {
        const mine = compute.float32(1000).fill(value);
        await new Promise((resolve) => setTimeout(resolve, 5 * value));
        const other = compute.float32(1000).fill(-value);
        await new Promise((resolve) => setTimeout(resolve, 5));
        return mine.every((v) => v === value) && other.every((v) => v === -value);
      });
    expect(await Promise.all([body(1), body(2), body(3)])).toEqual([true, true, true]);
    expect(compute.usedBytes()).toBe(0);

    expect(() =>
      compute.scope(() => {
        compute.float32(10);
        throw new Error('sync');
      }),
    ).toThrow('sync');
    await expect(
      compute.scope(async () => {
        compute.float32(10);
        await Promise.resolve();
        throw new Error('async');
      }),
    ).rejects.toThrow('async');
    expect(compute.usedBytes()).toBe(0);
  });

  it('refuses to free twice, and to allocate beyond its size', async () => {
    const compute = await open(1);
    const array = compute.float32(10);
    compute.free(array);
    expect(() => compute.free(array)).toThrow(expect.objectContaining({ code: computeNotOwned.code }));
    expect(() => compute.float32(1 << 25)).toThrow(expect.objectContaining({ code: computeMemoryFull.code }));
  });

  it('spreads a task over objects without copying shared arrays', async () => {
    const compute = await open(2);
    await compute.scope(async () => {
      const values = compute.float32(10_000).fill(1);
      const sizes = await compute.runTask('addOne', { values }, 10_000, { chunk: 300 });
      expect(values.every((v) => v === 2)).toBe(true);
      expect(sizes).toHaveLength(34);
      expect(sizes.at(-1)).toBe(100);
    });
    expect(await compute.runTask('addOne', { values: new Float32Array(0) }, 0)).toEqual([]);
  });

  it('reports a failing task as an error, and goes on', async () => {
    const compute = await open(2);
    // 'values' missing: every range fails, here or in the worker
    const failure = await compute.runTask('addOne', {} as never, 1000).catch((error: unknown) => error);
    expect(failure instanceof TypeError || isErrorOf(computeWorkerFailed, failure)).toBe(true);
    const values = compute.float32(100).fill(0);
    await compute.runTask('addOne', { values }, 100, { chunk: 7 });
    expect(values.every((v) => v === 1)).toBe(true);
    compute.free(values);
  });

  it('runs tasks that were brought, in every thread, beside its own', async () => {
    const code =
      'export const tasks = { negate: ({ values }, from, to) => { for (let i = from; i < to; i++) values[i] = -values[i]; return to - from; } };';
    const tasks = [`data:text/javascript,${encodeURIComponent(code)}`];
    const opening = openCompute({ threads: 2, megabytes: 16, tasks });
    opened.push(opening);
    const compute = await opening;
    expect([compute.hasBrought('negate'), compute.hasBrought('addOne')]).toEqual([true, false]);
    const values = compute.float32(10_000).fill(3);
    expect(await compute.runBrought<number>('negate', { values }, 10_000, { chunk: 400 })).toEqual(Array(25).fill(400));
    expect(values.every((v) => v === -3)).toBe(true);
    await compute.runTask('addOne', { values }, 10_000);
    expect(values.every((v) => v === -2)).toBe(true);
    compute.free(values);
  });

  it('lets the event loop turn while it works', async () => {
    const compute = await open(1);
    await compute.scope(async () => {
      const shape = { width: 1000, height: 1500 };
      const image = compute.float32(1_500_000).fill(1);
      const kernel = { width: 31, height: 31, data: new Float32Array(961).fill(1) };
      let turns = 0;
      const timer = setInterval(() => turns++, 1);
      await compute.convolve(image, kernel, shape, compute.float32(1_500_000)); // some hundred milliseconds
      clearInterval(timer);
      expect(turns).toBeGreaterThan(3);
    });
  });
});
