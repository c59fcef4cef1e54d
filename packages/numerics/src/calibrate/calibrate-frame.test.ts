import { seededRandom } from '@colibri/base';
import { describe, expect, it } from 'vitest';
import { MaskPlane } from '../mask-plane.ts';
import { type CalibrationMasters, calibrateFrame } from './calibrate-frame.ts';

const none: CalibrationMasters = {
  bias: null,
  biasVariance: null,
  darkRate: null,
  darkVariance: null,
  flat: null,
  flatVariance: null,
  masterMask: null,
};
const planes = (n: number) => ({ data: new Float32Array(n), variance: new Float32Array(n), mask: new Uint16Array(n) });
const base = { exposureSec: 30, gain: 6.2, readNoise: 8, saturationAdu: 60_000, minFlat: 0.2 };

describe('calibrateFrame', () => {
  it('recovers the electrons that made the counts, whichever amplifier read them', () => {
    const options = { ...base, width: 4, height: 1, levels: Float32Array.of(300, 310) };
    const scene = [0, 620, 1240, 6200];
    const raw = Float32Array.from(scene, (e, x) => (e / 6.2) * 0.5 + (x < 2 ? 300 : 310) + 12 + 0.1 * 30);
    const fill = (v: number): Float32Array => new Float32Array(4).fill(v);
    const out = planes(4);
    calibrateFrame(raw, { ...none, bias: fill(12), darkRate: fill(0.1), flat: fill(0.5) }, options, out);
    out.data.forEach((electrons, i) => {
      expect(electrons).toBeCloseTo(scene[i]!, 2);
    });
  });

  it('states a variance that equals the scatter of many exposures', () => {
    const random = seededRandom(4);
    const n = 40_000;
    const options = { ...base, width: n, height: 1, levels: Float32Array.of(300) };
    const raw = new Float32Array(n).map(() => (random.poisson(900 * 0.8 + 60) + 8 * random.normal()) / 6.2 + 300);
    const fill = (v: number): Float32Array => new Float32Array(n).fill(v);
    const out = planes(n);
    calibrateFrame(raw, { ...none, darkRate: fill(60 / 6.2 / 30), flat: fill(0.8) }, options, out);
    const mean = out.data.reduce((a, b) => a + b, 0) / n;
    const scatter = out.data.reduce((a, b) => a + (b - mean) ** 2, 0) / n;
    const stated = out.variance.reduce((a, b) => a + b, 0) / n;
    expect(mean).toBeCloseTo(900, -0.5);
    expect(scatter / stated).toBeCloseTo(1, 1.5); // 0.7 % sampling error
  });

  it('adds the errors of the masters', () => {
    const options = { ...base, width: 1, height: 1, levels: Float32Array.of(0) };
    const one = (v: number): Float32Array => Float32Array.of(v);
    const masters = { ...none, biasVariance: one(2), darkVariance: one(0.01), flat: one(0.5), flatVariance: one(1e-4) };
    const out = planes(1);
    calibrateFrame(Uint16Array.of(100), masters, options, out);
    const electrons = (6.2 * 100) / 0.5;
    expect(out.data[0]).toBeCloseTo(electrons, 3);
    expect(out.variance[0]).toBeCloseTo((620 + 64 + 6.2 ** 2 * (2 + 0.01 * 900)) / 0.25 + (electrons ** 2 * 1e-4) / 0.25, 1);
  });

  it.each([0.19, 0, -1, NaN])('gives up a pixel whose flat is %s, and says so in the mask', (response) => {
    const options = { ...base, width: 1, height: 1, levels: Float32Array.of(300) };
    const out = planes(1);
    const masters = { ...none, flat: Float32Array.of(response), masterMask: Uint16Array.of(MaskPlane.BAD) };
    const counts = calibrateFrame(Uint16Array.of(65_000), masters, options, out);
    expect(out.data[0]).toBeNaN();
    expect(out.variance[0]).toBeNaN();
    expect(out.mask[0]).toBe(MaskPlane.BAD | MaskPlane.SATURATED | MaskPlane.NO_FLAT);
    expect(counts).toEqual({ saturated: 1, noFlat: 1, noData: 0, masked: 1 });
  });

  it('flags a missing datum', () => {
    const out = planes(1);
    const counts = calibrateFrame(
      Float32Array.of(NaN),
      none,
      { ...base, width: 1, height: 1, levels: Float32Array.of(300) },
      out,
    );
    expect(out.mask[0]).toBe(MaskPlane.NO_DATA);
    expect(counts.noData).toBe(1);
  });

  it('refuses masters of another size', () => {
    const options = { ...base, width: 2, height: 1, levels: Float32Array.of(300) };
    expect(() => calibrateFrame(new Uint16Array(2), { ...none, bias: new Float32Array(3) }, options, planes(2))).toThrow(
      /bias.*3.*2/,
    );
  });
});
