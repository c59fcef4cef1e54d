import { seededRandom } from '@colibri/base';
import { describe, expect, it } from 'vitest';
import { leastSquares } from './least-squares.ts';

describe('leastSquares', () => {
  it('finds the line and the parabola that made the points, for two right sides at once', () => {
    const n = 40,
      x = Array.from({ length: n }, (_, i) => i / 10);
    const matrix = Float64Array.from([...x.map(() => 1), ...x, ...x.map((v) => v * v)]);
    const [line, parabola] = leastSquares(matrix, n, 3, [
      Float64Array.from(x, (v) => 3 - 2 * v),
      Float64Array.from(x, (v) => 1 + v * v),
    ]);
    [3, -2, 0].forEach((c, i) => void expect(line![i]).toBeCloseTo(c, 11));
    [1, 0, 1].forEach((c, i) => void expect(parabola![i]).toBeCloseTo(c, 11));
  });

  it('leaves a residual at right angles to every column', () => {
    const random = seededRandom(3),
      rows = 30,
      columns = 6;
    const matrix = Float64Array.from({ length: rows * columns }, () => random.normal()),
      b = Float64Array.from({ length: rows }, () => random.normal());
    const [x] = leastSquares(matrix.slice(), rows, columns, [b.slice()]);
    const residual = b.map((value, r) => value - x!.reduce((sum, c, k) => sum + c * matrix[k * rows + r]!, 0));
    for (let c = 0; c < columns; c++) {
      expect(residual.reduce((sum, value, r) => sum + value * matrix[c * rows + r]!, 0)).toBeCloseTo(0, 11);
    }
  });

  it('gives 0 to a column of zeros and to the repetition of another', () => {
    const matrix = Float64Array.from([1, 2, 3, 0, 0, 0, 1, 2, 3]);
    const [x] = leastSquares(matrix, 3, 3, [Float64Array.of(2, 4, 6)]);
    expect([...x!].map((v) => Math.round(v * 1e9) / 1e9)).toEqual([2, 0, 0]);
  });
});
