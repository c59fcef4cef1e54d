import { seededRandom } from '@colibri/base';
import { describe, expect, it } from 'vitest';
import { withoutCentringBias } from './centring-bias.ts';

/** Light of a Gaussian star in a matched filter of the same width falls off its centre as exp(−δ² / 4 s²); the noise there is as smooth. */
describe('withoutCentringBias', () => {
  const truth = 1;
  const snr = 7;
  const parts = 4;
  const random = seededRandom(4);
  // Noise and its gradient at the true place, of images of equal weight: independent numbers; curvature of the star 1 / 2 s² = 1.
  const draw = () => ({ n: random.normal(), gx: random.normal(), gy: random.normal() });
  /** Means of corrected fluxes: of the reference, of one of its parts, of an image apart, of a part in which the source is twice as bright. */
  const sums = { reference: 0, part: 0, apart: 0, brighter: 0 };
  const rounds = 400_000;
  const sigma = truth / snr;
  for (let k = 0; k < rounds; k++) {
    const images = Array.from({ length: parts }, draw);
    const other = draw();
    const mean = (key: 'n' | 'gx' | 'gy') => (images.reduce((sum, i) => sum + i[key], 0) / parts) * Math.sqrt(parts) * sigma;
    const [dx, dy] = [mean('gx') / truth, mean('gy') / truth];
    const at = (flux: number, noise: { n: number; gx: number; gy: number }) => {
      const s = Math.sqrt(parts) * sigma;
      return flux * (1 - (dx * dx + dy * dy) / 2) + s * (noise.n + noise.gx * dx + noise.gy * dy);
    };
    const whole = truth * (1 - (dx * dx + dy * dy) / 2) + mean('n') + mean('gx') * dx + mean('gy') * dy;
    sums.reference += withoutCentringBias(whole, truth, sigma, true);
    sums.part += withoutCentringBias(at(truth, images[0]!), truth, sigma, true);
    sums.apart += withoutCentringBias(at(truth, other), truth, sigma, false);
    sums.brighter += withoutCentringBias(at(2 * truth, images[0]!), truth, sigma, true);
  }
  // 4 sigma of the mean of so many draws.
  const tolerance = (4 * Math.sqrt(parts) * sigma) / Math.sqrt(rounds);

  it.each([
    ['reference', 1],
    ['part', 1],
    ['apart', 1],
    ['brighter', 2],
  ] as const)('leaves the mean of the %s without a bias', (which, flux) => {
    expect(Math.abs(sums[which] / rounds - flux)).toBeLessThan(tolerance);
    // What it takes out would be seen.
    expect(tolerance).toBeLessThan(0.3 / snr ** 2);
  });

  it('leaves fluxes alone whose place was not fitted', () => {
    expect(withoutCentringBias(5, Number.NaN, Number.NaN, true)).toBe(5);
    expect(withoutCentringBias(-0.2, 2, 1, true)).toBe(-0.2);
  });
});
