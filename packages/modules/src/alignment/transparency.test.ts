import { seededRandom } from '@colibri/base';
import { describe, expect, it } from 'vitest';
import { type CommonFluxes, clearFrames, fitTransparency, levelAmong } from './transparency.ts';

/** Stars of 20 to 200 S/N in frames of given transparency; some vary by 30 %. */
function makeFluxes(seed: number, truth: readonly number[], { stars = 80, variables = 0, seenShare = 0.9 } = {}): CommonFluxes {
  const random = seededRandom(seed);
  const rows: { frame: number; star: number; ln: number; err: number }[] = [];
  for (let star = 0; star < stars; star++) {
    const err = 0.005 * 10 ** random.uniform();
    const brightness = 3 * random.normal();
    const isVariable = random.uniform() < variables;
    for (const [frame, t] of truth.entries()) {
      if (random.uniform() > seenShare) continue;
      const change = isVariable ? 0.3 * random.normal() : 0;
      rows.push({ frame, star, ln: brightness + Math.log(t) + change + err * random.normal(), err });
    }
  }
  return {
    frames: truth.length,
    stars,
    frame: Int32Array.from(rows, (r) => r.frame),
    star: Int32Array.from(rows, (r) => r.star),
    lnFlux: Float64Array.from(rows, (r) => r.ln),
    lnErr: Float64Array.from(rows, (r) => r.err),
  };
}

const none = (n: number) => new Float64Array(n);

describe('fitTransparency', () => {
  it('recovers transparencies with errors that are neither too small nor too large', () => {
    const truth = [1, 0.3, 0.9, 0.95, 0.7, 1];
    const pulls: number[] = [];
    for (let seed = 1; seed <= 60; seed++) {
      const { value, error } = fitTransparency(makeFluxes(seed, truth), none(6));
      // ratios to one clear frame: the reference is common
      for (const f of [1, 2, 4])
        pulls.push((value[f]! / value[0]! / truth[f]! - 1) / Math.hypot(error[f]! / value[f]!, error[0]! / value[0]!));
    }
    const mean = pulls.reduce((a, b) => a + b, 0) / pulls.length;
    const sigma = Math.sqrt(pulls.reduce((a, b) => a + (b - mean) ** 2, 0) / pulls.length);
    expect(Math.abs(mean)).toBeLessThan(0.3); // 180 pulls, three of a fit share a frame: 3 × 0.1
    expect(sigma).toBeGreaterThan(0.75);
    expect(sigma).toBeLessThan(1.2);
  });

  it('is not bent by variables, which fade', () => {
    const truth = [1, 0.6, 0.95, 1];
    const worst = Math.max(
      ...Array.from({ length: 20 }, (_, seed) => {
        const { value } = fitTransparency(makeFluxes(seed + 100, truth, { variables: 0.2 }), none(4));
        return Math.abs(value[1]! / value[0]! / 0.6 - 1);
      }),
    );
    expect(worst).toBeLessThan(0.012); // 64 quiet stars of 1.3 %: 0.2 % each side; a plain mean errs by 2 %
  });

  it('chains frames that share stars only with their neighbours', () => {
    const full = makeFluxes(5, [1, 0.8, 0.5, 0.9], { stars: 160, seenShare: 1 });
    const keep = Array.from(full.star.keys()).filter((k) => Math.abs(full.star[k]! / 40 - 0.5 - full.frame[k]!) <= 1);
    const part = {
      ...full,
      frame: full.frame.filter((_, k) => keep.includes(k)),
      star: full.star.filter((_, k) => keep.includes(k)),
    };
    const { value } = fitTransparency(
      { ...part, lnFlux: full.lnFlux.filter((_, k) => keep.includes(k)), lnErr: full.lnErr.filter((_, k) => keep.includes(k)) },
      none(4),
    );
    expect(value[2]! / value[0]!).toBeCloseTo(0.5, 2);
    expect(value[3]! / value[0]!).toBeCloseTo(0.9, 1.7);
  });

  it('says NaN of a frame without common stars, and holds when there are none at all', () => {
    const fluxes = makeFluxes(6, [1, 0.8]);
    const { value, stars } = fitTransparency({ ...fluxes, frames: 3 }, none(3));
    expect(value[2]).toBeNaN();
    expect(stars[2]).toBe(0);
    const empty = { frames: 2, stars: 0, frame: new Int32Array(0), star: new Int32Array(0), lnFlux: none(0), lnErr: none(0) };
    expect([...fitTransparency(empty, none(2)).value]).toEqual([NaN, NaN]);
  });

  it('lays one more frame beside the others', () => {
    const fluxes = makeFluxes(7, [1, 1, 0.98, 0.55], { variables: 0.1 });
    const last = Array.from(fluxes.frame.keys()).filter((k) => fluxes.frame[k] === 3);
    const others = Array.from(fluxes.frame.keys()).filter((k) => fluxes.frame[k] !== 3);
    const pick = (which: number[]) => ({
      ...fluxes,
      frames: 3,
      frame: Int32Array.from(which, (k) => fluxes.frame[k]! % 3),
      star: Int32Array.from(which, (k) => fluxes.star[k]!),
      lnFlux: Float64Array.from(which, (k) => fluxes.lnFlux[k]!),
      lnErr: Float64Array.from(which, (k) => fluxes.lnErr[k]!),
    });
    const { brightness, scatter, value } = fitTransparency(pick(others), none(3));
    const { level, error } = levelAmong(pick(last), (s) => brightness[s]!, scatter);
    expect(Math.abs(Math.exp(level) / (0.55 * value[0]!) - 1)).toBeLessThan(0.012);
    expect(error).toBeLessThan(0.004);
  });
});

describe('clearFrames', () => {
  const of = (values: readonly number[], errors = values.map(() => 0.002)) =>
    clearFrames(Float64Array.from(values), Float64Array.from(errors));

  it('are all that agree with the clearest, cloudy ones left out', () => {
    const { reference, mean } = of([0.999, NaN, 1.001, 0.2, 1, 0.97, 0.6]);
    expect(reference).toEqual([0, 2, 4]);
    expect(mean).toBeCloseTo(1, 9);
  });

  it('do not follow a single frame that is high', () => {
    expect(of([1.2, 1, 1.002, 0.998, 1.001, 0.999, 0.5, 0.6]).reference).toEqual([1, 2, 3, 4, 5]);
  });

  it('hold for one frame, and for none', () => {
    expect(of([0.7])).toEqual({ reference: [0], mean: 0.7 });
    expect(of([NaN]).reference).toEqual([]);
  });

  it('are not biased by errors: the mean of nine equal frames is right where the clearest five would be 0.7 errors high', () => {
    const random = seededRandom(3);
    let sum = 0;
    for (let k = 0; k < 400; k++)
      sum += of(Array.from({ length: 10 }, (_, f) => (f === 7 ? 0.6 : 1) + 0.002 * random.normal())).mean;
    expect(Math.abs(sum / 400 - 1)).toBeLessThan(0.0001); // 0.002 / √9 / √400 = 3e-5
  });
});
