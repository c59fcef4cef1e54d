import { seededRandom } from '@colibri/base';
import { describe, expect, it } from 'vitest';
import { relativeExtinction } from './extinction.ts';
import { igmTransmission } from './igm.ts';
import { type BandFlux, limitAsFlux, modelFlux, photometricRedshift } from './photo-z.ts';

const FILTERS = ['g', 'r', 'i', 'z', 'y', 'J', 'H'];

/** A power law of about 30 µJy with its errors drawn; 3 % of scatter between bands, as the fit assumes. */
function simulate(seed: number, z: number, avMag: number, beta: number, law: 'MW' | 'LMC' | 'SMC', noise = 1): BandFlux[] {
  const random = seededRandom(seed);
  return FILTERS.map((filter) => {
    const flux = 30 * modelFlux(filter, z, avMag, beta, law);
    const err = filter === 'J' || filter === 'H' ? 1.2 : 0.6;
    return { filter, flux: flux * (1 + 0.03 * random.normal()) + noise * err * random.normal(), err };
  });
}

describe('relativeExtinction', () => {
  it('is 1 in V and 1 + 1/R_V in B for all three, as defined', () => {
    for (const [law, rv] of [
      ['MW', 3.08],
      ['LMC', 3.16],
      ['SMC', 2.93],
    ] as const) {
      expect(relativeExtinction(law, 0.55)).toBeGreaterThan(0.95);
      expect(relativeExtinction(law, 0.55)).toBeLessThan(1.05);
      // Pei's own fits lie up to 5 % off the points that they fit here.
      expect(Math.abs(relativeExtinction(law, 0.44) / (1 + 1 / rv) - 1)).toBeLessThan(0.06);
    }
  });
  it('has the 2175 Å bump in the Milky Way, hardly any in the SMC, whose far UV is steeper', () => {
    const bump = (law: 'MW' | 'SMC') =>
      relativeExtinction(law, 0.2175) - (relativeExtinction(law, 0.18) + relativeExtinction(law, 0.27)) / 2;
    expect(bump('MW')).toBeGreaterThan(0.3);
    expect(bump('SMC')).toBeLessThan(0.15);
    expect(relativeExtinction('SMC', 0.13)).toBeGreaterThan(1.4 * relativeExtinction('MW', 0.13));
  });
});

describe('igmTransmission', () => {
  it('lets all through redward of Lyman α, half at z = 3.5 below it, nothing below the limit at z = 6', () => {
    expect(igmTransmission(1300 * 5, 4)).toBe(1);
    expect(igmTransmission(1150 * 4.5, 3.5)).toBeGreaterThan(0.4);
    expect(igmTransmission(1150 * 4.5, 3.5)).toBeLessThan(0.65);
    expect(igmTransmission(850 * 7, 6)).toBeLessThan(0.01);
    expect(igmTransmission(5000, 0)).toBe(1);
  });
});

describe('photometricRedshift', () => {
  it('holds the truth in its 90 % interval for about 90 % of SEDs drawn from the priors', () => {
    let inside = 0;
    const count = 30;
    for (let seed = 1; seed <= count; seed++) {
      const random = seededRandom(1000 + seed);
      const z = 10 * random.uniform();
      const avMag = Math.min(2, -0.3 * Math.log(1 - random.uniform()));
      const beta = Math.min(2, Math.max(0, 0.7 + 0.3 * random.normal()));
      const law = (['MW', 'LMC', 'SMC'] as const)[random.below(3)]!;
      const result = photometricRedshift(simulate(seed, z, avMag, beta, law));
      // Too faint in all bands to say anything: no claim, nothing to be wrong about.
      if (!result || (result.interval90[0] <= z && z <= result.interval90[1])) inside++;
    }
    expect(inside).toBeGreaterThanOrEqual(23); // 27 expected; 23 is 2.4 sigma of a binomial below.
  }, 30_000);

  it('is sharp where a break falls between bands, and says how sure a high redshift is', () => {
    const result = photometricRedshift(simulate(7, 6.3, 0.1, 0.7, 'SMC'))!;
    expect(Math.abs(result.median - 6.3)).toBeLessThan(0.3);
    expect(result.interval90[1] - result.interval90[0]).toBeLessThan(0.8);
    expect(result.above6).toBeGreaterThan(0.8);
    expect(result.density.reduce((sum, p) => sum + p * 0.05, 0)).toBeCloseTo(1, 6);
    expect(result.laws.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 9);
  });

  it('excludes high redshifts by a blue detection, and takes limits as limits', () => {
    const low = photometricRedshift(simulate(3, 1, 0.2, 0.7, 'LMC'))!;
    expect(low.above4).toBeLessThan(0.01);
    expect(low.highest).toBeCloseTo(550 / 91.2 - 1, 6);
    const truth = simulate(9, 5.2, 0, 0.7, 'SMC', 0);
    const withLimit = truth.map((band) => (band.filter === 'g' ? limitAsFlux('g', 1.8, 3) : band));
    const without = truth.filter(({ filter }) => filter !== 'g');
    const width = (bands: BandFlux[]) => {
      const { interval90 } = photometricRedshift(bands)!;
      return interval90[1] - interval90[0];
    };
    expect(width(withLimit)).toBeLessThanOrEqual(width(without));
  });

  it('takes negative fluxes as they are and gives nothing where nothing can be said', () => {
    const bands = simulate(4, 7, 0, 0.7, 'SMC').map((band) => (band.filter === 'g' ? { ...band, flux: -0.9 } : band));
    expect(photometricRedshift(bands)!.median).toBeGreaterThan(6);
    expect(photometricRedshift(bands.slice(0, 2))).toBeNull();
    expect(photometricRedshift(bands.map((band) => ({ ...band, flux: 0 })))).toBeNull();
    expect(photometricRedshift([{ filter: 'x', flux: 1, err: 1 }])).toBeNull();
  });
});
