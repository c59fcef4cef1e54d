import { scalarCompute } from '@colibri/numerics';
import { describe, expect, it } from 'vitest';
import { decodeStack, encodeStack } from './stack-file.ts';
import { stacking } from './stacking.ts';
import { contextOf, makeUnit, parametersOf } from './testing.ts';

const compute = scalarCompute();
const defaults = { ...parametersOf(stacking), back_size: 64 };

describe('the file of a stack', () => {
  it('gives back what was written, and the same bytes again', async () => {
    const { unit, alignment } = makeUnit({ frames: 3, stars: [{ east: 3, north: 4, flux: () => 900 }] });
    const { stack } = (await stacking.run({ unit, alignment }, defaults, contextOf(compute))).outputs.stacks;
    const bytes = await encodeStack(stack, [['UNIT', 'T/C0/r', 'unit']], compute);
    expect(await encodeStack(stack, [['UNIT', 'T/C0/r', 'unit']], compute)).toEqual(bytes);
    const read = await decodeStack(bytes, 'stack.fits.fz', compute);
    const { data, variance, mask, coverageSec, wcs, header, ...rest } = stack;
    expect(read).toMatchObject(rest);
    expect(read.mask).toEqual(mask);
    expect(read.coverageSec).toEqual(coverageSec);
    expect(read.header.get('UNIT')).toBe('T/C0/r');
    expect(read.wcs.pixelToSky(10, 20)).toEqual(wcs.pixelToSky(10, 20));
    const sigma = Math.sqrt(variance[(stack.height >> 1) * stack.width + (stack.width >> 1)]!);
    let worst = 0;
    data.forEach((v, i) => {
      expect(Number.isNaN(read.data[i]!)).toBe(Number.isNaN(v));
      if (!Number.isNaN(v)) worst = Math.max(worst, Math.abs(read.data[i]! - v));
    });
    expect(worst).toBeLessThan(0.06 * sigma); // half a step of 1/16, by the noise of quieter rows
    expect(worst).toBeGreaterThan(0);
    expect(header.size).toBe(0);
  });
});
