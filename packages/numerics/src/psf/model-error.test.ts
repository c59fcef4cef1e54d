import { seededRandom } from '@colibri/base';
import { describe, expect, it } from 'vitest';
import { modelError } from './model-error.ts';

const random = seededRandom(31);
const tests = (excess: number, count = 400) =>
  Array.from({ length: count }, () => {
    const sigma = 0.002 * 8 ** random.uniform();
    return { share: 0.01 + Math.hypot(sigma, excess) * random.normal(), variance: sigma * sigma };
  });

describe('modelError', () => {
  it.each([0.003, 0.01, 0.03])('finds a scatter of %f beyond the noise', (excess) => {
    // 400 stars tell the scatter to 4 %, the noise beside it included to 12 %
    expect(Math.abs(modelError(tests(excess)) / excess - 1)).toBeLessThan(0.25);
  });

  it('says the least error where noise explains all, whatever is common to the stars', () => {
    expect(modelError(tests(0))).toBeLessThan(0.0015);
  });

  it('is not moved by a few stars that are none', () => {
    const spoilt = [...tests(0.003), ...Array.from({ length: 20 }, () => ({ share: 0.3, variance: 1e-6 }))];
    expect(modelError(spoilt)).toBeLessThan(0.005);
  });

  it('says 2 % where fewer than four stars tell', () => {
    expect(modelError(tests(0, 3))).toBe(0.02);
    expect(modelError([])).toBe(0.02);
  });
});
