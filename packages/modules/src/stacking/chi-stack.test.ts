import { gaussianKernel, scalarCompute } from '@colibri/numerics';
import type { Stack } from '@colibri/pipeline';
import { describe, expect, it } from 'vitest';
import { chiStack } from './chi-stack.ts';
import { stacking } from './stacking.ts';
import { contextOf, makeUnit, parametersOf, skyOf } from './testing.ts';

const compute = scalarCompute();

/** 36 faint stars on a lattice; each filter sees some of them brighter than the other does. */
const places = Array.from({ length: 36 }, (_, i) => ({ east: -28 + 11 * (i % 6), north: -28 + 11 * Math.floor(i / 6) }));

async function stackIn(filter: string, seed: number, flux: (star: number) => number): Promise<Stack> {
  const stars = places.map((place, i) => ({ ...place, flux: () => flux(i) }));
  const { unit, alignment } = makeUnit({ frames: 3, side: 220, seed, stars });
  const parameters = { ...parametersOf(stacking), back_size: 110, nsig: 0, trails: false };
  const { stack } = (await stacking.run({ unit, alignment }, parameters, contextOf(compute))).outputs.stacks;
  return { ...stack, filter };
}

/** Values of the smoothed image at the stars, and the highest elsewhere. */
async function search(stack: Stack): Promise<{ stars: number[]; highest: number }> {
  const clean = Float32Array.from(stack.data, (v) => (Number.isNaN(v) ? 0 : v));
  const smooth = await compute.convolve(clean, gaussianKernel(3.5), stack, new Float32Array(clean.length));
  const at = places.map(({ east, north }) => stack.wcs.skyToPixel(...skyOf(east, north))!);
  let highest = -Infinity;
  for (let y = 25; y < stack.height - 25; y++)
    for (let x = 25; x < stack.width - 25; x++)
      if (at.every(([u, v]) => Math.hypot(u - x, v - y) > 9)) highest = Math.max(highest, smooth[y * stack.width + x]!);
  const stars = at.map(([u, v]) =>
    Math.max(
      ...[-1, 0, 1].flatMap((dy) => [-1, 0, 1].map((dx) => smooth[(Math.round(v) + dy) * stack.width + Math.round(u) + dx]!)),
    ),
  );
  return { stars, highest };
}

describe('chiStack', () => {
  it('finds stars of either colour that no single filter shows all of', async () => {
    const blue = await stackIn('g', 5, (i) => (i % 2 ? 25 : 3));
    const red = await stackIn('r', 6, (i) => (i % 2 ? 3 : 25));
    const both = await chiStack([blue, red], compute);
    const found = async (stack: Stack): Promise<number> => {
      const { stars, highest } = await search(stack);
      return stars.filter((v) => v > highest).length;
    };
    const [inBlue, inRed, inBoth] = [await found(blue), await found(red), await found(both)];
    expect(Math.max(inBlue, inRed)).toBeLessThan(24);
    expect(inBoth).toBeGreaterThan(32);
    expect(both.filter).toBe('g+r');
    expect(both.exposureSec).toBe(180);
  });

  it('has noise of mean 0 and variance 1, also where one filter alone saw the sky', async () => {
    const [one, two] = [await stackIn('g', 7, () => 0), await stackIn('r', 8, () => 0)];
    for (let y = 0; y < two.height; y++) two.data.fill(NaN, y * two.width, y * two.width + 110);
    const both = await chiStack([one, two], compute);
    const middle = both.wcs.skyToPixel(...two.wcs.pixelToSky(110, 0))![0];
    for (const isLeft of [true, false]) {
      const values: number[] = [];
      for (let y = 40; y < both.height - 40; y++)
        for (let x = 40; x < both.width - 40; x++)
          if (isLeft ? x < middle - 6 : x > middle + 6) values.push(both.data[y * both.width + x]!);
      const mean = values.reduce((a, b) => a + b, 0) / values.length;
      expect(Math.abs(mean)).toBeLessThan(0.05); // 1.5 / √10⁴ of correlated pixels, and the sky's own error
      expect(Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length)).toBeCloseTo(1, 1);
    }
    expect(both.data[0]).toBeNaN();
  });
});
