import { seededRandom } from '@colibri/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clippedMean } from './clipped-mean.ts';
import { sortingNetwork } from './sorting-network.ts';

const planes = (n: number) => ({ mean: new Float32Array(n), variance: new Float32Array(n), count: new Uint16Array(n) });

describe('clippedMean', () => {
  it('is the mean of normal samples with a true error, though one in twenty is a hit', () => {
    const random = seededRandom(8);
    const n = 5000;
    const frames = Array.from({ length: 12 }, () =>
      new Float32Array(n).map(() => 1000 + 5 * random.normal() + (random.uniform() < 0.05 ? 400 : 0)),
    );
    const { mean, variance } = clippedMean(frames, {}, planes(n));
    const error = Math.sqrt(mean.reduce((s, v) => s + (v - 1000) ** 2, 0) / n);
    expect(mean.reduce((s, v) => s + v - 1000, 0) / n).toBeLessThan(0.1);
    expect(error).toBeLessThan(1.1 * (5 / Math.sqrt(11.4))); // 11.4 clean samples on average
    const stated = Math.sqrt(variance.reduce((s, v) => s + v, 0) / n);
    expect(stated / error).toBeGreaterThan(0.9);
    expect(stated / error).toBeLessThan(1.1);
  });

  it('keeps the lower of two samples that disagree by more than the known noise', () => {
    const frames = [Float32Array.of(10, 10, 10), Float32Array.of(11, 500, NaN)];
    const { mean, count, variance } = clippedMean(frames, { noise: 2 }, planes(3));
    expect(Array.from(mean)).toEqual([10.5, 10, 10]);
    expect(Array.from(count)).toEqual([2, 1, 1]);
    expect(variance[1]).toBe(4);
  });

  it('scales and shifts each frame first', () => {
    const frames = [Float32Array.of(110), Float32Array.of(220), Float32Array.of(330)];
    const options = { offsets: Float32Array.of(10, 20, 30), scales: Float32Array.of(1, 0.5, 1 / 3) };
    expect(clippedMean(frames, options, planes(1)).mean[0]).toBeCloseTo(100, 4);
  });

  it('says NaN where no frame has a value, and never invents a value outside of the samples', () => {
    expect(clippedMean([Float32Array.of(NaN)], {}, planes(1)).mean[0]).toBeNaN();
    fc.assert(
      fc.property(fc.array(fc.float({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 12 }), (values) => {
        const out = clippedMean(
          values.map((v) => Float32Array.of(v)),
          {},
          planes(1),
        );
        const tolerance = 1e-6 * Math.max(...values.map(Math.abs), 1e-30);
        expect(out.mean[0]!).toBeGreaterThanOrEqual(Math.min(...values) - tolerance);
        expect(out.mean[0]!).toBeLessThanOrEqual(Math.max(...values) + tolerance);
      }),
    );
  });
});

describe('sortingNetwork', () => {
  it('sorts any number of values (by the 0-1 principle, all inputs up to 12; beyond, samples)', () => {
    for (let n = 1; n <= 12; n++) {
      const network = sortingNetwork(n);
      for (let bits = 0; bits < 1 << n; bits++)
        expectSorted(
          network,
          Array.from({ length: n }, (_, i) => (bits >> i) & 1),
        );
    }
    const random = seededRandom(1);
    for (const n of [13, 20, 31, 64, 100, 255]) {
      expectSorted(
        sortingNetwork(n),
        Array.from({ length: n }, () => random.uniform()),
      );
    }
  });
});

function expectSorted(network: Uint8Array, values: number[]): void {
  for (let i = 0; i < network.length; i += 2) {
    const a = values[network[i]!]!;
    const b = values[network[i + 1]!]!;
    values[network[i]!] = Math.min(a, b);
    values[network[i + 1]!] = Math.max(a, b);
  }
  if (!values.every((v, i) => i === 0 || values[i - 1]! <= v)) expect.fail(`not sorted: ${values.join(' ')}`);
}
