import { seededRandom } from '@colibri/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clippedMoments, madSigma, medianOf, modeEstimate, quantile, selectInPlace } from './index.ts';

describe('quantile', () => {
  it('equals the interpolated order statistic of the sorted values', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 1, maxLength: 2000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (values, q) => {
          const sorted = [...values].sort((a, b) => a - b);
          const at = q * (values.length - 1);
          const low = sorted[Math.floor(at)]!;
          const high = sorted[Math.ceil(at)]!;
          expect(quantile(Float32Array.from(values), q)).toBeCloseTo(low + (at - Math.floor(at)) * (high - low), 9);
        },
      ),
    );
  });

  it('skips NaN and infinite values, and says NaN when nothing is left', () => {
    expect(medianOf(Float32Array.of(NaN, 3, Infinity, 1))).toBe(2);
    expect(medianOf(Float32Array.of(NaN))).toBeNaN();
    expect(medianOf(Uint16Array.of(5, 1, 9))).toBe(5);
  });

  it('leaves its input alone', () => {
    const values = Float32Array.of(3, 1, 2);
    medianOf(values);
    expect(Array.from(values)).toEqual([3, 1, 2]);
  });
});

describe('selectInPlace', () => {
  it('leaves smaller values before the chosen one and larger after it', () => {
    const random = seededRandom(2);
    for (const n of [1, 2, 10, 599, 601, 5000]) {
      const values = Float64Array.from({ length: n }, () => random.below(100));
      const k = random.below(n);
      const v = selectInPlace(values, k);
      expect(values.subarray(0, k).every((w) => w <= v)).toBe(true);
      expect(values.subarray(k).every((w) => w >= v)).toBe(true);
    }
  });
});

describe('robust moments', () => {
  const random = seededRandom(9);
  const normal = Float32Array.from({ length: 50_000 }, () => 100 + 5 * random.normal());

  it('recover the sigma of normal values: no bias from the clip', () => {
    expect(madSigma(normal)).toBeCloseTo(5, 1);
    for (const clipSigma of [2.5, 3, 4]) expect(Math.abs(clippedMoments(normal, { clipSigma }).sigma / 5 - 1)).toBeLessThan(0.01);
  });

  it('are not moved by a fifth of outliers', () => {
    const spoilt = normal.map((v, i) => (i % 5 === 0 ? v + 500 : v));
    expect(clippedMoments(spoilt).mean).toBeCloseTo(100, 0);
    expect(clippedMoments(spoilt).sigma).toBeCloseTo(5, 0);
    expect(modeEstimate(spoilt)).toBeCloseTo(100, 0);
  });

  it('of nothing are NaN', () => {
    expect(clippedMoments(new Float32Array(0)).mean).toBeNaN();
    expect(clippedMoments(Float32Array.of(4)).mean).toBe(4);
  });
});
