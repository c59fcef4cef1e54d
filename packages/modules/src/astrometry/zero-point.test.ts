import { seededRandom } from '@colibri/base';
import { describe, expect, it } from 'vitest';
import { fitZeroPoint } from './zero-point.ts';

function stars(seed: number, count: number, { intrinsic = 0, outliers = 0 } = {}) {
  const random = seededRandom(seed);
  const referenceErr = Float64Array.from({ length: count }, () => 0.005 + 0.02 * random.uniform());
  const instrumentalErr = Float64Array.from({ length: count }, () => 0.003 + 0.03 * random.uniform());
  const magnitude = Float64Array.from({ length: count }, () => 15 + 4 * random.uniform());
  return {
    instrumentalErr,
    referenceErr,
    referenceMag: magnitude.map((m, k) => m + referenceErr[k]! * random.normal()),
    instrumentalMag: magnitude.map(
      (m, k) => m - 24.86 + instrumentalErr[k]! * random.normal() + intrinsic * random.normal() + (k < outliers ? 1 : 0),
    ),
  };
}

describe('fitZeroPoint', () => {
  it('finds the zero point within its error, and no scatter beyond the errors', () => {
    let pull2 = 0;
    for (let seed = 1; seed <= 50; seed++) {
      const zeroPoint = fitZeroPoint(stars(seed, 60))!;
      pull2 += ((zeroPoint.mag - 24.86) / zeroPoint.err) ** 2 / 50;
      expect(zeroPoint.intrinsic).toBeLessThan(0.015);
    }
    // 50 pulls: 1 ± 0.1; the floor of 0.003 mag makes errors generous
    expect(Math.sqrt(pull2)).toBeLessThan(1.2);
    expect(Math.sqrt(pull2)).toBeGreaterThan(0.4);
  });

  it('measures a scatter that the errors do not explain, and widens its own error by it', () => {
    const zeroPoint = fitZeroPoint(stars(1, 200, { intrinsic: 0.05 }))!;
    expect(zeroPoint.intrinsic).toBeGreaterThan(0.04);
    expect(zeroPoint.intrinsic).toBeLessThan(0.06); // 0.05 ± 5 %
    expect(zeroPoint.err).toBeGreaterThan(0.0035);
  });

  it('is not moved by a fifth of the stars being off by a magnitude', () => {
    const zeroPoint = fitZeroPoint(stars(2, 50, { outliers: 10 }))!;
    expect(Math.abs(zeroPoint.mag - 24.86)).toBeLessThan(0.012); // 3 sigma of 40 stars
    expect(zeroPoint.stars).toBeGreaterThanOrEqual(38);
    expect(zeroPoint.stars).toBeLessThanOrEqual(40);
  });

  it('refuses four stars, and five of which one has no magnitude', () => {
    expect(fitZeroPoint(stars(3, 4))).toBeNull();
    const five = stars(3, 5);
    five.referenceMag[2] = NaN;
    expect(fitZeroPoint(five)).toBeNull();
  });
});
