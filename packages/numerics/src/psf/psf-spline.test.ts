import { seededRandom } from '@colibri/base';
import { describe, expect, it } from 'vitest';
import { splineStamp, splineStampTranspose } from './psf-spline.ts';

const random = seededRandom(6);
const numbers = (length: number): Float64Array => Float64Array.from({ length }, () => random.normal());
const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, v, i) => sum + v * b[i]!, 0);

describe('splineStampTranspose', () => {
  it.each([
    { size: 15, step: 1, radius: 7, fx: 0.31, fy: -0.5 },
    { size: 15, step: 1, radius: 4, fx: -0.5, fy: 0.5 },
    { size: 15, step: 1, radius: 10, fx: 0.2, fy: 0 },
    { size: 29, step: 0.5, radius: 7, fx: 0.49, fy: -0.2 },
    { size: 25, step: 1 / 3, radius: 4, fx: 0, fy: 0.1 },
  ])('is the transpose of splineStamp: $size nodes, $radius pixels', ({ size, step, radius, fx, fy }) => {
    const coefficients = numbers(size * size);
    const values = numbers((2 * radius + 1) ** 2);
    const stamp = new Float64Array(values.length);
    splineStamp(coefficients, size, step, fx, fy, radius, { value: stamp });
    const back = new Float64Array(coefficients.length);
    splineStampTranspose(values, size, step, fx, fy, radius, back);
    expect(dot(stamp, values)).toBeCloseTo(dot(coefficients, back), 9);
  });
});

describe('splineStamp', () => {
  it('has slopes that are the change of its values with the place of the star', () => {
    const size = 21;
    const coefficients = numbers(size * size);
    const stamp = (fx: number, fy: number) => {
      const out = { value: new Float64Array(17 ** 2), dx: new Float64Array(17 ** 2), dy: new Float64Array(17 ** 2) };
      splineStamp(coefficients, size, 1, fx, fy, 8, out);
      return out;
    };
    const { dx, dy } = stamp(0.2, -0.3);
    const h = 1e-5;
    for (let p = 0; p < dx.length; p++) {
      expect((stamp(0.2 + h, -0.3).value[p]! - stamp(0.2 - h, -0.3).value[p]!) / (2 * h)).toBeCloseTo(dx[p]!, 6);
      expect((stamp(0.2, -0.3 + h).value[p]! - stamp(0.2, -0.3 - h).value[p]!) / (2 * h)).toBeCloseTo(dy[p]!, 6);
    }
  });
});
