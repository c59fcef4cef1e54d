import { seededRandom } from '@colibri/base';
import { describe, expect, it } from 'vitest';
import { symmetricEigen } from './symmetric-eigen.ts';

describe('symmetricEigen', () => {
  it('finds the known values of a chain of springs: 2 − 2 cos(kπ / (n + 1))', () => {
    const n = 6;
    const chain = Float64Array.from({ length: n * n }, (_, i) => {
      const distance = Math.abs((i % n) - Math.floor(i / n));
      return distance === 0 ? 2 : distance === 1 ? -1 : 0;
    });
    const { values } = symmetricEigen(chain, n);
    for (let k = 1; k <= n; k++) expect(values[n - k]).toBeCloseTo(2 - 2 * Math.cos((k * Math.PI) / (n + 1)), 12);
  });

  it('makes of any symmetric matrix its parts again, on orthonormal vectors', () => {
    const random = seededRandom(3);
    const n = 20;
    const a = new Float64Array(n * n);
    for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) a[i * n + j] = a[j * n + i] = random.normal();
    const { values, vectors } = symmetricEigen(a, n);
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) {
        let [whole, dot] = [0, 0];
        for (let k = 0; k < n; k++) {
          whole += values[k]! * vectors[k * n + i]! * vectors[k * n + j]!;
          dot += vectors[i * n + k]! * vectors[j * n + k]!;
        }
        expect(whole).toBeCloseTo(a[i * n + j]!, 10);
        expect(dot).toBeCloseTo(i === j ? 1 : 0, 12);
      }
  });

  it('takes one number, and zeros', () => {
    expect(symmetricEigen(Float64Array.of(-3), 1)).toEqual({ values: Float64Array.of(-3), vectors: Float64Array.of(1) });
    expect([...symmetricEigen(new Float64Array(4), 2).vectors]).toEqual([1, 0, 0, 1]);
  });
});
