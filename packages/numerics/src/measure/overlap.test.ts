import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ellipseOf } from './aperture-sum.ts';
import { discPixelOverlap, ellipsePixelOverlap } from './overlap.ts';

const coordinate = fc.double({ min: -3, max: 3, noNaN: true });

describe('discPixelOverlap', () => {
  it('adds up to the area of the disc, wherever its centre lies in a pixel', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.05, max: 9, noNaN: true }), coordinate, coordinate, (r, x, y) => {
        let area = 0;
        for (let j = -14; j <= 14; j++) for (let i = -14; i <= 14; i++) area += discPixelOverlap(i - x, j - y, r);
        expect(area).toBeCloseTo(Math.PI * r * r, 9);
      }),
    );
  });

  it('is all, nothing, or the quarter disc of a corner', () => {
    expect(discPixelOverlap(0, 0, 1)).toBe(1);
    expect(discPixelOverlap(4, 0, 3.5)).toBe(0);
    expect(discPixelOverlap(0.5, 0.5, 0.4)).toBeCloseTo((Math.PI * 0.16) / 4, 12);
  });
});

describe('ellipsePixelOverlap', () => {
  it('adds up to πab at any angle', () => {
    const axis = fc.double({ min: 0.4, max: 6, noNaN: true });
    fc.assert(
      fc.property(axis, axis, fc.double({ min: -90, max: 90, noNaN: true }), coordinate, (a, b, angle, x) => {
        const { xx, xy, yy } = ellipseOf(Math.max(a, b), Math.min(a, b), angle);
        let area = 0;
        for (let j = -10; j <= 10; j++) for (let i = -10; i <= 10; i++) area += ellipsePixelOverlap(i - x, j - 0.3, xx, xy, yy);
        expect(area).toBeCloseTo(Math.PI * a * b, 8);
      }),
    );
  });

  it('agrees with the disc where the axes are equal', () => {
    fc.assert(
      fc.property(coordinate, coordinate, fc.double({ min: 0.3, max: 4, noNaN: true }), (x, y, r) => {
        expect(ellipsePixelOverlap(x, y, r ** -2, 0, r ** -2)).toBeCloseTo(discPixelOverlap(x, y, r), 9);
      }),
    );
  });
});
