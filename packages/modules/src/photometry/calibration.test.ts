import { seededRandom } from '@colibri/base';
import type { PhotometricCalibration, ReferenceStars } from '@colibri/pipeline';
import { describe, expect, it } from 'vitest';
import { magnitudeOf, microJyOf, zeroPointAt } from './apply-calibration.ts';
import { filterMagnitudes } from './filter-magnitudes.ts';
import { ANY_INSTRUMENT, FILTERS, instrumentOf } from './filters.ts';
import { type CalibrationSample, fitCalibration } from './fit-calibration.ts';
import { fitFluxScale } from './flux-scale.ts';

function sampleOf(seed: number, n: number, { zp = 24.5, ct = 0, slope = 0, scatter = 0, outliers = 0 } = {}): CalibrationSample {
  const random = seededRandom(seed);
  const list = Array.from({ length: n }, (_, k) => {
    const u = 2 * random.uniform() - 1;
    const v = 2 * random.uniform() - 1;
    const colour = 0.6 + 0.4 * random.normal();
    const err = 0.01 + 0.03 * random.uniform();
    const mag = 16 + 4 * random.uniform();
    const instrumental = mag - zp - ct * colour - slope * u + Math.hypot(err, scatter) * random.normal() + (k < outliers ? 1 : 0);
    return { u, v, colour, err, mag: mag + 0.01 * random.normal(), instrumental };
  });
  return {
    u: Float64Array.from(list, (s) => s.u),
    v: Float64Array.from(list, (s) => s.v),
    instrumentalMag: Float64Array.from(list, (s) => s.instrumental),
    instrumentalErr: Float64Array.from(list, (s) => s.err),
    referenceMag: Float64Array.from(list, (s) => s.mag),
    referenceErr: new Float64Array(n).fill(0.01),
    colour: Float64Array.from(list, (s) => s.colour),
  };
}
const complete = (fit: ReturnType<typeof fitCalibration>): PhotometricCalibration => ({
  ...fit!,
  colour: fit!.usesColour ? 'g-r' : null,
  band: 'r',
  catalog: 'test',
  transformation: 'r',
  note: null,
});

describe('fitCalibration', () => {
  it('has honest errors: zero point and colour term scatter about the truth as they say', () => {
    const pulls = Array.from({ length: 60 }, (_, seed) => {
      const fit = fitCalibration(sampleOf(seed + 1, 60, { ct: 0.05, scatter: 0.02 }), 0)!;
      return [
        (fit.zeroPointMag + fit.colourTerm * fit.defaultColourMag - 24.5 - 0.05 * fit.defaultColourMag) / fit.zeroPointErrMag,
        (fit.colourTerm - 0.05) / fit.colourTermErr,
      ];
    });
    for (const k of [0, 1]) {
      const rms = Math.sqrt(pulls.reduce((sum, p) => sum + p[k]! ** 2, 0) / pulls.length);
      expect(rms).toBeGreaterThan(0.75);
      expect(rms).toBeLessThan(1.3); // 60 draws: ± 9 %, and clipping
    }
  });

  it('finds the intrinsic scatter, and none where there is none', () => {
    expect(fitCalibration(sampleOf(3, 300, { scatter: 0.04 }))!.intrinsicScatterMag).toBeCloseTo(0.04, 2);
    expect(fitCalibration(sampleOf(4, 300))!.intrinsicScatterMag).toBeLessThan(0.01);
  });

  it('takes a slope over the image up only where there is one', () => {
    const flat = fitCalibration(sampleOf(5, 150))!;
    expect(flat.spatialOrder).toBe(0);
    expect(flat.spatial).toEqual([0]);
    const tilted = complete(fitCalibration(sampleOf(5, 150, { slope: 0.05, ct: 0.03 })));
    expect(tilted.spatialOrder).toBeGreaterThan(0);
    expect(zeroPointAt(tilted, 0.8, 0, 0.6).mag).toBeCloseTo(24.5 + 0.03 * 0.6 + 0.04, 1);
    expect(zeroPointAt(tilted, 1, 1).err).toBeGreaterThan(zeroPointAt(tilted, 0, 0).err);
  });

  it('leaves outliers out, and judges itself by held-out stars', () => {
    const fit = fitCalibration(sampleOf(6, 100, { outliers: 15 }))!;
    expect(fit.stars).toBeLessThanOrEqual(86);
    expect(fit.zeroPointMag + fit.colourTerm * 0.6).toBeCloseTo(24.5, 1);
    expect(Math.abs(fit.heldOut!.offsetMag)).toBeLessThan(0.03);
    expect(fit.heldOut!.stars).toBeGreaterThan(10);
  });

  it('refuses fewer than five stars', () => {
    expect(fitCalibration(sampleOf(7, 4))).toBeNull();
  });
});

describe('magnitudes', () => {
  it('are AB: 1 µJy is 23.9; no magnitude for light that is not there', () => {
    expect(microJyOf(23.9)).toBeCloseTo(1, 12);
    const calibration = complete(fitCalibration(sampleOf(8, 50), 0));
    const zp = zeroPointAt(calibration, 0, 0);
    expect(magnitudeOf(100, 1, zp)[1]).toBeCloseTo(Math.hypot(0.010857, zp.err), 5);
    expect(magnitudeOf(-1, 1, zp)).toEqual([Number.NaN, Number.NaN]);
  });
});

describe('filterMagnitudes', () => {
  const starsOf = (name: string, bands: Record<string, number>): ReferenceStars => ({
    name,
    count: 1,
    raDeg: Float64Array.of(0),
    decDeg: Float64Array.of(0),
    epochJyear: 2016,
    pmRaMasYr: Float32Array.of(0),
    pmDecMasYr: Float32Array.of(0),
    isStar: Uint8Array.of(1),
    bands: new Map(Object.entries(bands).map(([band, mag]) => [band, { mag: Float32Array.of(mag), err: Float32Array.of(0.01) }])),
  });
  const ps1 = starsOf('PS1 DR1', { g: 18, r: 17, i: 16.5, z: 16.25, y: 16 });

  it.each([
    ['B', 18 + 0.143 + 0.304 - 0.09],
    ['g', 18.05],
    ['gri', 17.07],
    ['i', 16.54],
    ['z', 16.245],
    ['zy', 16.205],
    ['y', 16],
  ])('makes %s of COLIBRI from PS1', (filter, mag) => {
    const made = filterMagnitudes(ps1, filter, 'colibri');
    expect(typeof made === 'string' ? made : made.mag[0]).toBeCloseTo(mag, 2);
  });

  it('puts no other band in the place of one that is missing', () => {
    expect(filterMagnitudes(starsOf('Gaia DR3', { G: 17, BP: 17.5, RP: 16.5 }), 'r', 'colibri')).toBe(
      'Gaia DR3 has no r for filter r.',
    );
    expect(filterMagnitudes(ps1, 'J', 'colibri')).toMatch(/no J/);
    expect(filterMagnitudes(ps1, 'halpha', 'coatli')).toMatch(/no table/);
  });

  it('says that an open filter stands on r', () => {
    const made = filterMagnitudes(ps1, 'w', 'coatli');
    expect(typeof made === 'string' ? made : made.note).toMatch(/wider than r/);
  });

  it('knows every filter of the three instruments', () => {
    for (const name of ['B', 'g', 'r', 'i', 'gri', 'z', 'y', 'zy', 'J', 'H']) expect(FILTERS.colibri?.[name]).toBeDefined();
    for (const name of ['w', 'B', 'V', 'R', 'I']) expect(FILTERS.coatli?.[name]).toBeDefined();
    expect(FILTERS.ddoti?.w).toBeDefined();
    expect(ANY_INSTRUMENT.r).toBeDefined();
    expect([
      instrumentOf(['C0', null]),
      instrumentOf(['C1', 'DDOTI']),
      instrumentOf(['x', 'COATLI']),
      instrumentOf(['x']),
    ]).toEqual(['colibri', 'ddoti', 'coatli', 'any']);
  });
});

describe('fitFluxScale', () => {
  it('recovers the scale of a cloudy frame beside a variable star, without a shrunken flux', () => {
    const random = seededRandom(5);
    const reference = Float64Array.from({ length: 80 }, () => 100 * 100 ** random.uniform());
    const err = reference.map((f) => Math.sqrt(f + 20));
    const flux = reference.map((f, i) => 0.6 * f * (i === 0 ? 2 : 1) + Math.sqrt(0.6 * f + 20) * random.normal());
    const scale = fitFluxScale({
      flux,
      fluxErr: flux.map((f) => Math.sqrt(Math.max(f, 0) + 20)),
      reference,
      referenceErr: err.map((e) => e / 10),
    })!;
    expect(Math.abs(scale.value - 0.6)).toBeLessThan(3 * scale.err);
    expect(scale.err).toBeLessThan(0.006);
    expect(scale.stars).toBeLessThan(80);
  });

  it('says nothing from two stars', () => {
    const two = Float64Array.of(1000, 2000);
    expect(fitFluxScale({ flux: two, fluxErr: two.map(Math.sqrt), reference: two, referenceErr: two.map(Math.sqrt) })).toBeNull();
  });
});
