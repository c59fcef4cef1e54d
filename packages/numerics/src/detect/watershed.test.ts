import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MaskPlane } from '../mask-plane.ts';
import { scalarCompute } from '../scalar-compute.ts';
import { sortDescending, type WatershedLimits, watershed } from './watershed.ts';

const limits: WatershedLimits = { detect: 5, prominence: 3, localContrast: 0.1, contrast: 0.001 };

/** Image from a picture: a digit is a height, a dot is 0. */
function picture(...rows: string[]) {
  const width = rows[0]!.length;
  const heights = Float32Array.from(rows.join(''), (c) => (c === '.' ? 0 : Number.parseInt(c, 36)));
  return { heights, shape: { width, height: rows.length } };
}

function split({ heights, shape }: ReturnType<typeof picture>, saturated: readonly number[] = []) {
  const mask = new Uint16Array(heights.length);
  for (const p of saturated) mask[p] = MaskPlane.SATURATED;
  const candidates = Int32Array.from(heights.keys()).filter((p) => heights[p]! > 1.5);
  const args = { heights, limits, noise: null, mask, labels: new Int32Array(heights.length), ...shape };
  return watershed(args, candidates, scalarCompute());
}

describe('watershed', () => {
  it('gives one basin for one hill and draws its outline', async () => {
    const basins = await split(picture('......', '.2342.', '.2962.', '.2232.', '......'));
    expect(basins.count).toBe(1);
    expect(basins.peakIndex[0]).toBe(2 * 6 + 2);
    expect(basins.labels.reduce((n, l) => n + (l === 1 ? 1 : 0), 0)).toBe(12);
    expect(basins.saddle[0]).toBe(0);
  });

  it('splits two hills at the saddle and says how high it is', async () => {
    const basins = await split(picture('.........', '.2953692.', '.........'));
    expect(basins.count).toBe(2);
    expect([...basins.saddle]).toEqual([3, 3]);
    expect(basins.labels[9 + 2]).toBe(1);
    expect(basins.labels[9 + 6]).toBe(2);
  });

  it('does not split a ripple smaller than the prominence', async () => {
    expect((await split(picture('.........', '.2956892.', '.........'))).count).toBe(2);
    expect((await split(picture('.........', '.2978792.', '.........'))).count).toBe(1);
  });

  it('never splits a saturated core', async () => {
    const hills = picture('.........', '.2z232z2.', '.........');
    expect((await split(hills)).count).toBe(2);
    expect((await split(hills, [9 + 3, 9 + 4, 9 + 5])).count).toBe(1);
  });

  it('drops what stays below the limit, but keeps it as the skirt of a hill it touches', async () => {
    expect((await split(picture('444', '444'))).count).toBe(0);
    const basins = await split(picture('44.444', '99.444'));
    expect(basins.count).toBe(1);
    expect(basins.labels.reduce((n, l) => n + l, 0)).toBe(4);
  });

  it('does not join across the left and right borders', async () => {
    const basins = await split(picture('9....9', '9....9'));
    expect(basins.count).toBe(2);
  });

  it('labels exactly the pixels of areas that reach the limit, each summit with its own label', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 12, maxLength: 120 }), async (values) => {
        const width = 6;
        const height = Math.floor(values.length / width);
        const heights = Float32Array.from(values.slice(0, width * height));
        const { count, labels, peakIndex, peakHeight } = await split({ heights, shape: { width, height } });
        for (let n = 0; n < count; n++) {
          expect(labels[peakIndex[n]!]).toBe(n + 1);
          expect(peakHeight[n]).toBeGreaterThanOrEqual(limits.detect);
        }
        for (let p = 0; p < labels.length; p++) {
          if (labels[p]! > 0) expect(heights[p]).toBeGreaterThan(1.5);
          if (heights[p]! >= limits.detect) expect(labels[p]).toBeGreaterThan(0);
        }
      }),
    );
  });
});

describe('sortDescending', () => {
  it('sorts a range and carries the companions along', () => {
    const keys = Float32Array.from({ length: 5000 }, (_, i) => 1 + ((i * 7919) % 613) / 7);
    const order = Int32Array.from({ length: 5000 }, (_, i) => i);
    const before = keys.slice();
    sortDescending(keys, order, 10, 4989);
    expect([...keys.subarray(0, 10)]).toEqual([...before.subarray(0, 10)]);
    expect([...keys.subarray(10, 4990)]).toEqual([...before.subarray(10, 4990)].sort((a, b) => b - a));
    expect([...order].every((from, i) => before[from] === keys[i])).toBe(true);
  });
});
