import { describe, expect, it } from 'vitest';
import { curve, histogram, histogramTable, limitsFor, quantile, sortedSample, stretched, zscale } from './levels.ts';

/** A sky with a few stars, by formula, so that another program can make the same. */
const field = Float32Array.from(
  { length: 20_000 },
  (_, i) => 100 + 10 * Math.sin(i * 0.7) + 3 * Math.cos(i * 1.3) + (i % 50 === 0 ? 500 + (i % 977) : 0),
).sort();

describe('zscale', () => {
  it('gives the limits of astropy 5 (ZScaleInterval, n_samples = 1000) on the same field', () => {
    const [lo, hi] = zscale(field);
    expect(lo).toBeCloseTo(87.037155, 3);
    expect(Math.abs(hi - 152.50267526885992)).toBeLessThan(0.02); // of a range of 65: rejection grows evenly to both sides here, by one sample more to one side there
  });

  it('falls back to the extremes where too little is left, and survives flat and empty images', () => {
    const twoPeaks = Float32Array.from(
      { length: 20_000 },
      (_, i) => 1000 + 50 * Math.sin(i * 12.9898) + (i % 7 === 0 ? 3000 : 0),
    ).sort();
    const [lo, hi] = zscale(twoPeaks); // astropy: 950.0, 4049.99
    expect(lo).toBeCloseTo(950, 1);
    expect(hi).toBeCloseTo(4049.99, 1);
    expect(limitsFor('zscale', new Float32Array(100).fill(5))[1]).toBeGreaterThan(5);
    expect(limitsFor('zscale', new Float32Array(0))[1]).toBeGreaterThan(0);
  });
});

describe('limits', () => {
  it('takes percentiles by interpolation', () => {
    expect(quantile(Float32Array.of(0, 10), 0.25)).toBe(2.5);
  });

  it('measures the noise of the sky on its lower side, where no star is', () => {
    const [lo, hi] = limitsFor('sky', field);
    expect((lo + hi) / 2).toBeCloseTo(quantile(field, 0.5), 5);
    expect(hi - lo).toBeLessThan(110);
  });

  it('leaves NaN out of the sample', () => {
    expect([...sortedSample(Float32Array.of(3, Number.NaN, 1, Number.POSITIVE_INFINITY, 2), 100)]).toEqual([1, 2, 3]);
  });
});

describe('stretches', () => {
  it.each(['linear', 'asinh', 'log', 'sqrt', 'histogram'] as const)(
    '%s goes from 0 to 1, rises, clamps, and keeps NaN',
    (stretch) => {
      const at = (value: number) => stretched(value, 90, 300, stretch, field);
      expect([at(0), at(90), at(300), at(9999)]).toEqual([0, 0, 1, 1]);
      expect(at(110)).toBeGreaterThanOrEqual(at(100));
      expect(at(Number.NaN)).toBeNaN();
    },
  );

  it('lifts faint light: asinh and log above the square root above linear', () => {
    expect(curve(0.05, 'log')).toBeGreaterThan(curve(0.05, 'sqrt'));
    expect(curve(0.05, 'sqrt')).toBeGreaterThan(curve(0.05, 'linear'));
  });

  it('gives the shader the same histogram stretch as the processor', () => {
    const table = histogramTable(field, 90, 300, 256);
    expect(table[100]).toBeCloseTo(stretched(90 + (100 / 255) * 210, 90, 300, 'histogram', field), 6);
  });

  it('counts every pixel of the sample once', () => {
    const counts = histogram(field, 0, 3000, 64);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(field.length);
  });
});
