import { seededRandom } from '@colibri/base';
import type { LightPoint } from '@colibri/contracts';
import { describe, expect, it } from 'vitest';
import { amongTrials, chiSquareTail, falseAlarmOf, normalTail } from './false-alarm.ts';
import { fitLight } from './fit-light.ts';

const TRIGGER_MJD = 61041;
/** Frames of 30 s from 72 s after the trigger. */
function curve(
  flux: (sec: number) => number,
  err: number,
  { seed = 1, frames = 12, scaleErr = 0, trigger = true } = {},
): LightPoint[] {
  const random = seededRandom(seed);
  return Array.from({ length: frames }, (_, k) => {
    const mid = 87 + 38 * k;
    let mean = 0;
    for (let s = 0; s < 30; s++) mean += flux(mid - 14.5 + s) / 30;
    return {
      image: `f${k}`,
      kind: 'frame',
      startedAt: '2026-01-01T00:00:00Z',
      midMjdUtc: TRIGGER_MJD + mid / 86400,
      sinceTriggerSec: trigger ? mid : null,
      exposureSec: 30,
      fluxMicroJy: mean * (1 + scaleErr * random.normal()) + err * random.normal(),
      fluxErrMicroJy: err,
      scaleErr,
      isSuspect: false,
    };
  });
}

describe('fitLight', () => {
  it('recovers the index of a power law with honest errors, also where most points are below 3 sigma', () => {
    for (const err of [1, 15, 40]) {
      const pulls = Array.from({ length: 60 }, (_, seed) => {
        const { powerLaw } = fitLight(curve((t) => 100 * (t / 100) ** -1.2, err, { seed, scaleErr: 0.003 }))!;
        return (powerLaw!.index + 1.2) / powerLaw!.indexErr;
      });
      const mean = pulls.reduce((a, b) => a + b, 0) / pulls.length;
      const width = Math.sqrt(pulls.reduce((sum, p) => sum + (p - mean) ** 2, 0) / (pulls.length - 1));
      // 60 pulls: mean ± 0.13, width ± 0.09; the law is not linear, so that faint ones are allowed a little more.
      expect(Math.abs(mean), `mean at ${err}`).toBeLessThan(0.45);
      expect(width, `width at ${err}`).toBeGreaterThan(0.7);
      expect(width, `width at ${err}`).toBeLessThan(1.35);
    }
  });

  it('gives a steady source Δχ² as χ² of one degree of freedom, and its χ² of the constant near its degrees', () => {
    const fits = Array.from({ length: 200 }, (_, seed) => fitLight(curve(() => 50, 5, { seed }))!);
    const mean = (pick: (fit: (typeof fits)[number]) => number) => fits.reduce((sum, fit) => sum + pick(fit), 0) / fits.length;
    expect(mean(({ deltaChi2 }) => deltaChi2)).toBeGreaterThan(0.7);
    expect(mean(({ deltaChi2 }) => deltaChi2)).toBeLessThan(1.35);
    expect(mean(({ chi2Constant }) => chi2Constant)).toBeGreaterThan(10);
    expect(mean(({ chi2Constant }) => chi2Constant)).toBeLessThan(12);
  });

  it('takes a line where no trigger is known, and nothing where there is too little', () => {
    const fit = fitLight(curve((t) => 100 - 0.1 * t, 1, { trigger: false }))!;
    expect(fit.powerLaw).toBeNull();
    expect(fit.slopePerHour! * fit.meanMicroJy).toBeCloseTo(-360, -1.5);
    expect(fitLight(curve(() => 1, 1, { frames: 1 }))).toBeNull();
    expect(fitLight(curve(() => 1, 1, { frames: 2 }))).toMatchObject({ powerLaw: null, slopePerHour: null, deltaChi2: 0 });
    expect(fitLight(curve(() => -20, 1))!.powerLaw).toBeNull();
  });

  it('takes the scale error of an image for what it is: common to its sources, no variability', () => {
    const { chi2Constant } = fitLight(curve(() => 10_000, 1, { scaleErr: 0.01, frames: 30 }))!;
    expect(chi2Constant).toBeLessThan(60);
  });
});

describe('falseAlarmOf', () => {
  it('knows the tails of normal and χ²', () => {
    expect(normalTail(1.959964)).toBeCloseTo(0.025, 6);
    expect(normalTail(5)).toBeCloseTo(2.866516e-7, 11);
    expect(chiSquareTail(18.307, 10)).toBeCloseTo(0.05, 3);
    expect(amongTrials(1e-12, 1000)).toBeCloseTo(1e-9, 15);
  });

  it('lets stars whose errors are three times too small say so', () => {
    const random = seededRandom(4);
    const value = Float64Array.from({ length: 400 }, () => (3 * random.normal()) ** 2);
    const p = falseAlarmOf({ logSnr: value.map(() => 2), value });
    expect(p(2, 25, 1)).toBeGreaterThan(0.03); // 5 sigma by the quoted errors, 1.7 by the true ones.
    expect(p(2, 25, 1)).toBeLessThan(0.2);
    expect(p(2, 900, 1)).toBeLessThan(1e-6);
    expect(falseAlarmOf({ logSnr: new Float64Array(3), value: new Float64Array(3) })(2, 25, 1)).toBeLessThan(1e-6);
  });
});
