import { seededRandom } from '@colibri/base';
import { describe, expect, it } from 'vitest';
import { evaluateLegendre, legendreRow, legendreToPowers, polynomialTermCount, polynomialTerms } from './polynomial.ts';
import { fieldSigma, fitPolynomialField } from './polynomial-field.ts';

describe('legendreRow', () => {
  it('holds P_i(x) P_j(y) in the order of the terms', () => {
    const row = new Float64Array(polynomialTermCount(3));
    legendreRow(3, 0.3, -0.7, row);
    const p = [1, (t: number) => t, (t: number) => (3 * t * t - 1) / 2, (t: number) => (5 * t ** 3 - 3 * t) / 2];
    const at = (n: number, t: number): number => (n === 0 ? 1 : (p[n] as (t: number) => number)(t));
    polynomialTerms(3).forEach(({ i, j }, k) => {
      expect(row[k]).toBeCloseTo(at(i, 0.3) * at(j, -0.7), 14);
    });
  });
});

describe('legendreToPowers', () => {
  it('is the same function in pixels', () => {
    const random = seededRandom(2);
    const coefficients = Float64Array.from({ length: polynomialTermCount(5) }, () => random.normal());
    const powers = legendreToPowers(5, coefficients, 1024, 700);
    for (const [u, v] of [
      [0, 0],
      [1024, -700],
      [-333, 512],
    ] as const) {
      const direct = polynomialTerms(5).reduce((sum, { i, j }, k) => sum + powers[k]! * u ** i * v ** j, 0);
      expect(direct).toBeCloseTo(evaluateLegendre(5, coefficients, u / 1024, v / 700), 9);
    }
  });
});

/** A distortion of a lens, cubic, in arcsec over [−1, 1]². */
const cubic = (x: number, y: number): [number, number] => [
  0.3 + 400 * x + 2 * y + 1.1 * x * (x * x + y * y) + 0.2 * x * x,
  -0.1 + 400 * y - 2 * x + 1.1 * y * (x * x + y * y) - 0.15 * y * y,
];

function sample(seed: number, count: number, sigma: number, keep: (x: number, y: number) => boolean, f = cubic) {
  const random = seededRandom(seed);
  const x: number[] = [];
  const y: number[] = [];
  while (x.length < count) {
    const px = 2 * random.uniform() - 1;
    const py = 2 * random.uniform() - 1;
    if (!keep(px, py)) continue;
    x.push(px);
    y.push(py);
  }
  const values = [0, 1].map((axis) => Float64Array.from(x, (px, k) => f(px, y[k]!)[axis]! + sigma * random.normal()));
  return { x: Float64Array.from(x), y: Float64Array.from(y), values, weights: new Float64Array(count).fill(1 / sigma ** 2) };
}

describe('fitPolynomialField', () => {
  it('finds order 3 where the truth is cubic, with errors that the truth bears out', () => {
    let pull2 = 0;
    for (let seed = 1; seed <= 30; seed++) {
      const s = sample(seed, 250, 0.06, () => true);
      const field = fitPolynomialField(s.x, s.y, s.values, s.weights, { maxOrder: 5 })!;
      expect(field.order).toBeGreaterThanOrEqual(3);
      for (const [x, y] of [
        [0, 0],
        [0.9, -0.9],
      ] as const) {
        const error = evaluateLegendre(field.order, field.coefficients[0]!, x, y) - cubic(x, y)[0];
        pull2 += (error / fieldSigma(field, x, y)) ** 2 / 60;
      }
    }
    expect(Math.sqrt(pull2)).toBeGreaterThan(0.7);
    expect(Math.sqrt(pull2)).toBeLessThan(1.35); // 60 pulls: 1 ± 0.09, shrinkage adds a little bias
  });

  it('stays linear where the truth is, though order 5 is allowed', () => {
    const straight = (x: number, y: number): [number, number] => [400 * x + y, 400 * y - x];
    let higher = 0;
    for (let seed = 1; seed <= 40; seed++) {
      const s = sample(seed, 100, 0.06, () => true, straight);
      const field = fitPolynomialField(s.x, s.y, s.values, s.weights, { maxOrder: 5 })!;
      if (field.order > 1) higher++;
    }
    expect(higher).toBeLessThanOrEqual(4);
  });

  it('does not fly away in a corner where it has no stars', () => {
    let worst = 0;
    let worstFree = 0;
    for (let seed = 1; seed <= 20; seed++) {
      const s = sample(seed, 60, 0.06, (x, y) => x + y < 0.6);
      const field = fitPolynomialField(s.x, s.y, s.values, s.weights, { maxOrder: 5 })!;
      worst = Math.max(worst, Math.abs(evaluateLegendre(field.order, field.coefficients[0]!, 1, 1) - cubic(1, 1)[0]));
      const free = fitPolynomialField(s.x, s.y, s.values, s.weights, { maxOrder: 2 })!;
      worstFree = Math.max(worstFree, Math.abs(evaluateLegendre(free.order, free.coefficients[0]!, 1, 1) - cubic(1, 1)[0]));
    }
    // extrapolating 40 % of the frame with 60 stars of 0.06″; order 2, which cannot bend enough, is off by more
    expect(worst).toBeLessThan(0.8);
    expect(worst).toBeLessThan(worstFree);
  });

  it('gives nothing for two points', () => {
    const s = sample(1, 2, 0.1, () => true);
    expect(fitPolynomialField(s.x, s.y, s.values, s.weights, { maxOrder: 3 })).toBeNull();
  });
});
