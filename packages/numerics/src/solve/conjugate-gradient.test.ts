import { seededRandom } from '@colibri/base';
import { describe, expect, it } from 'vitest';
import { conjugateGradient } from './conjugate-gradient.ts';

/** A = Bᵀ B + diag, by its action; preconditioned by its diagonal. */
function system(n: number, seed: number, diagonal: number) {
  const random = seededRandom(seed);
  const a = new Float64Array(n * n);
  const b = Float64Array.from({ length: n * n }, () => random.normal());
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      let sum = i === j ? diagonal * (1 + i) : 0;
      for (let k = 0; k < n; k++) sum += b[k * n + i]! * b[k * n + j]!;
      a[i * n + j] = sum;
    }
  const apply = (x: Float64Array, out: Float64Array): void => {
    for (let i = 0; i < n; i++) {
      out[i] = 0;
      for (let j = 0; j < n; j++) out[i]! += a[i * n + j]! * x[j]!;
    }
  };
  const precondition = (r: Float64Array, out: Float64Array): void => {
    for (let i = 0; i < n; i++) out[i] = a[i * n + i]! > 0 ? r[i]! / a[i * n + i]! : 0;
  };
  return { size: n, apply, precondition };
}

describe('conjugateGradient', () => {
  it('finds the vector that made the right side', () => {
    const n = 40;
    const action = system(n, 3, 1);
    const truth = Float64Array.from({ length: n }, (_, i) => Math.sin(i));
    const b = new Float64Array(n);
    action.apply(truth, b);
    const { x, steps } = conjugateGradient(action, b, { tolerance: 1e-12 });
    expect(steps).toBeLessThan(150);
    for (let i = 0; i < n; i++) expect(x[i]).toBeCloseTo(truth[i]!, 8);
  });

  it('leaves at zero what the system does not see, and answers nothing with nothing', () => {
    const blind = {
      size: 2,
      apply: (x: Float64Array, out: Float64Array) => void out.set([4 * x[0]!, 0]),
      precondition: (r: Float64Array, out: Float64Array) => void out.set([r[0]! / 4, 0]),
    };
    expect([...conjugateGradient(blind, Float64Array.of(8, 0)).x]).toEqual([2, 0]);
    expect(conjugateGradient(blind, new Float64Array(2)).steps).toBe(0);
  });
});
