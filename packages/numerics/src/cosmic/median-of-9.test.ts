import fc from 'fast-check';
import { expect, it } from 'vitest';
import { medianOf9 } from './median-of-9.ts';

it('equals the middle of nine sorted values, whatever they are', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 9, maxLength: 9 }), (values) => {
      const middle = [...values].sort((a, b) => a - b)[4];
      expect(medianOf9(Float64Array.from(values), 4, 3)).toBe(middle);
    }),
  );
});
