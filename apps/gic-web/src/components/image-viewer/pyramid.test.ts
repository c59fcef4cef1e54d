import { describe, expect, it } from 'vitest';
import { halveBits, halveMean, type Level, levelFor, pyramid, valueAt } from './pyramid.ts';

const level = (width: number, height: number, data: number[]): Level => ({
  width,
  height,
  block: 1,
  data: Float32Array.from(data),
});

describe('the image pyramid', () => {
  it('takes means of four, leaving out pixels without a value', () => {
    const half = halveMean(level(3, 2, [1, 3, 10, 5, Number.NaN, 20]));
    expect(half).toMatchObject({ width: 2, height: 1, block: 2 });
    expect([...half.data]).toEqual([3, 15]);
    expect(halveMean(level(2, 1, [Number.NaN, Number.NaN])).data[0]).toBeNaN();
  });

  it('keeps every flagged pixel visible in the mask', () => {
    const half = halveBits({ width: 4, height: 2, block: 1, data: Uint16Array.of(0, 1, 0, 0, 4, 0, 0, 2) });
    expect([...half.data]).toEqual([5, 2]);
  });

  it('conserves the mean light of an even image on every level', () => {
    const data = Array.from({ length: 1024 * 1024 }, (_, i) => (i * 7919) % 101);
    const mean = (values: Float32Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const levels = pyramid(level(1024, 1024, data), halveMean);
    expect(levels.map((each) => each.width)).toEqual([1024, 512]);
    expect(mean(levels[1]!.data)).toBeCloseTo(mean(levels[0]!.data), 2); // float32 means of 101 levels
  });

  it('uses squares that are not larger than a screen pixel', () => {
    const blocks = [1, 2, 4, 8].map((block) => ({ block }));
    expect([4, 1, 0.5, 0.3, 0.1].map((scale) => levelFor(blocks, scale))).toEqual([0, 0, 1, 1, 3]);
  });

  it('reads the pixel that a full-resolution place lies in: half-pixel exact at every block', () => {
    const coarse: Level = { width: 2, height: 2, block: 4, data: Float32Array.of(1, 2, 3, 4) };
    expect([valueAt(coarse, -0.5, -0.5), valueAt(coarse, 3.49, 0), valueAt(coarse, 3.5, 0), valueAt(coarse, 0, 7.49)]).toEqual([
      1, 1, 2, 3,
    ]);
    expect(valueAt(coarse, -0.51, 0)).toBeNull();
    expect(valueAt(coarse, 7.5, 0)).toBeNull();
  });
});
