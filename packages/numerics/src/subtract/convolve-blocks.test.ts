import { existsSync } from 'node:fs';
import { seededRandom } from '@colibri/base';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Compute } from '../compute.ts';
import { convolve } from '../convolve/convolve.ts';
import { kernelsPath, openCompute } from '../node/index.ts';
import { type BlockKernels, blockKernels, blockMiddle, convolveBlocks } from './convolve-blocks.ts';

function scene(width: number, height: number, seed: number): Float32Array {
  const random = seededRandom(seed);
  return Float32Array.from({ length: width * height }, () => 100 * random.normal());
}

function randomKernels(width: number, height: number, blockPix: number, size: number): BlockKernels {
  const kernels = blockKernels({ width, height }, blockPix, size);
  const random = seededRandom(5);
  for (let i = 0; i < kernels.data.length; i++) kernels.data[i] = random.normal() / size;
  return kernels;
}

describe('convolveBlocks', () => {
  it('filters each block as a single filter would', () => {
    const shape = { width: 70, height: 45 };
    const image = scene(shape.width, shape.height, 1);
    const kernels = randomKernels(shape.width, shape.height, 32, 7);
    const out = convolveBlocks(image, kernels, shape, new Float32Array(image.length));
    for (let block = 0; block < kernels.columns * kernels.rows; block++) {
      const data = kernels.data.subarray(block * 49, (block + 1) * 49);
      const whole = convolve(image, { width: 7, height: 7, data }, shape, new Float32Array(image.length));
      const x0 = 32 * (block % kernels.columns);
      const y0 = 32 * Math.floor(block / kernels.columns);
      for (let y = y0; y < Math.min(45, y0 + 32); y++)
        for (let x = x0; x < Math.min(70, x0 + 32); x++) expect(out[y * 70 + x]).toBeCloseTo(whole[y * 70 + x]!, 3);
    }
  });

  it('knows the middle of blocks that the border cuts', () => {
    const kernels = blockKernels({ width: 40, height: 20 }, 32, 3);
    expect(blockMiddle(kernels, { width: 40, height: 20 }, 1)).toEqual([35.5, 9.5]);
  });

  describe.skipIf(!existsSync(kernelsPath))('compiled (skipped before npm run build)', () => {
    let wasm: Compute;
    beforeAll(async () => {
      wasm = await openCompute({ threads: 2, megabytes: 64, poison: true });
    });
    afterAll(() => wasm.close());
    it.each([
      [1, 1, 16, 3],
      [33, 17, 16, 5],
      [131, 67, 32, 21],
      [200, 150, 128, 31],
    ])(
      'equals its scalar twin on %i × %i, blocks of %i, %i weights, and writes nowhere else',
      async (width, height, blockPix, size) => {
        const shape = { width, height };
        const n = width * height;
        const image = wasm.float32(n);
        image.set(scene(width, height, 2));
        const whole = wasm.float32(n + 128).fill(12345);
        const out = whole.subarray(64, 64 + n);
        const kernels = randomKernels(width, height, blockPix, size);
        await wasm.convolveBlocks(image, kernels, shape, out);
        const truth = convolveBlocks(image, kernels, shape, new Float32Array(n));
        // Sums of up to 961 products of about 100 in single precision.
        for (let i = 0; i < n; i++) expect(Math.abs(out[i]! - truth[i]!)).toBeLessThan(0.02);
        expect(whole.subarray(0, 64).every((v) => v === 12345) && whole.subarray(64 + n).every((v) => v === 12345)).toBe(true);
      },
    );
  });
});
