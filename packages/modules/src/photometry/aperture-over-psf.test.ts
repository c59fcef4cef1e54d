import { seededRandom } from '@colibri/base';
import { describe, expect, it } from 'vitest';
import { apertureOverPsf } from './aperture-over-psf.ts';

const random = seededRandom(12);
const truth = Array.from({ length: 80 }, () => 1500 * 60 ** random.uniform());
const all = Array.from(truth.keys());
const columns = (sky: number) => ({
  fluxAper: Float64Array.from(truth, (f) => 0.93 * f + sky + Math.sqrt(f + 1e4) * random.normal()),
  fluxAperErr: Float64Array.from(truth, (f) => Math.sqrt(f + 1e4)),
});
const fit = { flux: Float64Array.from(truth) };

describe('apertureOverPsf', () => {
  it('finds the ratio whatever sky is left in the aperture', () => {
    // ± 0.0005: the noise of 80 stars
    for (const sky of [-60, 0, 60]) expect(Math.abs(apertureOverPsf(columns(sky), fit, all) - 0.93)).toBeLessThan(0.002);
  });

  it('leaves out stars that are not as they seem', () => {
    const spoilt = columns(0);
    for (let i = 0; i < 8; i++) spoilt.fluxAper[i * 10]! *= 1.2;
    expect(Math.abs(apertureOverPsf(spoilt, fit, all) - 0.93)).toBeLessThan(0.004);
  });

  it('takes the middle of few stars, and 1 without any', () => {
    expect(apertureOverPsf(columns(0), fit, all.slice(0, 5))).toBeCloseTo(0.93, 0);
    expect(apertureOverPsf(columns(0), fit, [1])).toBe(1);
  });
});
