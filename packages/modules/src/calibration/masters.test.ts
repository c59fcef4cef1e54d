import { seededRandom } from '@colibri/base';
import { MaskPlane, scalarCompute } from '@colibri/numerics';
import type { AnyModule, CalibrationFrame, Master, MasterKey, ModuleContext, ParameterSpec, RawFrame } from '@colibri/pipeline';
import { describe, expect, it } from 'vitest';
import { type testMeta, testRaw } from '../detector/testing.ts';
import { reduction } from '../reduction/reduction.ts';
import { lineShares } from './fit-dark.ts';
import { decodeMaster, encodeMaster } from './master-file.ts';
import { bias, dark, flat } from './masters.ts';

const [size, overscan] = [64, 8];
const key = (values: Partial<MasterKey>): MasterKey => ({
  type: 'bias',
  camera: 'C1',
  binning: '1',
  readMode: '1MHz',
  softGain: '1',
  filter: '-',
  exposureSec: null,
  width: size,
  height: size,
  ...values,
});
const readNoiseAdu = 3.1;

/** A raw frame of level 500 with read noise; `light` [adu] by place of the data area. */
function shot(
  seed: number,
  light: (x: number, y: number) => number,
  change: Parameters<typeof testMeta>[0] & { warm?: number } = {},
) {
  const random = seededRandom(seed);
  const { warm = -60, ...meta } = change;
  const cards = { DATASEC: `[${overscan + 1}:${overscan + size},1:${size}]`, SDTTM: warm };
  const frameId = meta.frameId ?? `20260101T00${String(seed % 60).padStart(2, '0')}00C1x`;
  const value = (x: number, y: number): number => {
    const inside = x >= overscan && x < overscan + size;
    return Math.round(500 + (inside ? light(x - overscan, y) : 0) + readNoiseAdu * random.normal());
  };
  return testRaw(size + 2 * overscan, size, value, cards, { ...meta, frameId });
}

const asFrame = (raw: RawFrame): CalibrationFrame => ({
  meta: raw.meta,
  header: raw.header,
  sha256: raw.meta.frameId,
  load: async () => raw,
});

/** Runs a module with its defaults over raw frames. */
async function make(
  module: AnyModule,
  keyOf: MasterKey,
  raws: readonly RawFrame[],
  helpers: Record<string, Master | null> = {},
  change: object = {},
): Promise<{ master: Master | null; warnings: string[] }> {
  const warnings: string[] = [];
  const context: ModuleContext = {
    compute: scalarCompute(),
    info: () => {},
    warn: (sentence) => void warnings.push(sentence),
    kept: new Map(),
    isFinal: true,
  };
  const defaults = Object.entries(module.parameters as Record<string, ParameterSpec>).map(([name, spec]) => [name, spec.default]);
  const { outputs } = await module.run(
    { setup: { key: keyOf, frames: raws.map(asFrame) }, bias: null, dark: null, ...helpers },
    { ...Object.fromEntries(defaults), ...change },
    context,
  );
  return { master: outputs.master as Master | null, warnings };
}

const mean = (values: Iterable<number>): number => {
  const list = [...values];
  return list.reduce((sum, value) => sum + value, 0) / list.length;
};
const figureOf = (master: Master | null, keyword: string): number =>
  master?.figures?.find((each) => each.keyword === keyword)?.value ?? Number.NaN;

describe('bias', () => {
  const structure = (x: number): number => (x % 7 === 0 ? 4 : 0);
  const raws = Array.from({ length: 9 }, (_, n) => shot(n + 1, structure, { type: 'bias', exposureSec: 0 }));

  it('finds structure, read noise and the variance of the mean', async () => {
    const { master } = await make(bias, key({}), raws);
    const columns = Array.from({ length: size }, (_, x) =>
      mean(Array.from({ length: size }, (_, y) => master!.data[y * size + x]!)),
    );
    // Error of a column of 64 pixels in 9 frames: 0.13 adu; of the levels: 0.05.
    for (const [x, value] of columns.entries()) expect(Math.abs(value - structure(x))).toBeLessThan(0.6);
    expect(Math.abs(figureOf(master, 'MRDNOISE') / readNoiseAdu - 1)).toBeLessThan(0.05); // rounding adds 0.4 %, chance 2 %
    expect(Math.abs(figureOf(master, 'MRDNELEC') / (readNoiseAdu * 2.2) - 1)).toBeLessThan(0.05);
    expect(Math.abs(mean(master!.variance!) / (readNoiseAdu ** 2 / 9) - 1)).toBeLessThan(0.15);
  });

  it('marks a pixel that jumps, and no other', async () => {
    const jumpy = raws.map((_, n) => shot(n + 50, (x, y) => (x === 20 && y === 30 ? (n % 2 === 0 ? 0 : 80) : 0)));
    const { master } = await make(bias, key({}), jumpy);
    expect(master!.mask![30 * size + 20]).toBe(MaskPlane.BAD);
    expect(figureOf(master, 'MUNSTEAD')).toBe(1);
  });

  it('makes nothing of too few, and says so', async () => {
    const { master, warnings } = await make(bias, key({}), raws.slice(0, 2));
    expect(master).toBeNull();
    expect(warnings).toEqual(['No bias for C1: 2 usable frames, 3 are wanted.']);
  });
});

describe('dark', () => {
  const hot = 11 * size + 40;
  const rateOf = (x: number, y: number): number => (y * size + x === hot ? 45 : 0.6);
  const offset = 5;
  const darks = (times: readonly number[], each: number, night = '2025-12-31', warm = -60) =>
    times.flatMap((exposureSec, t) =>
      Array.from({ length: each }, (_, n) =>
        shot(1000 * t + n + (night === '2025-12-31' ? 0 : 7), (x, y) => offset + rateOf(x, y) * exposureSec, {
          type: 'dark',
          exposureSec,
          nightId: night,
          frameId: `${night.replaceAll('-', '')}T0${t}0${n}00C1d`,
          warm,
        }),
      ),
    );
  const darkKey = key({ type: 'dark' });

  it('separates rate and offset over exposure times, with three frames of each', async () => {
    const { master } = await make(dark, darkKey, darks([5, 10, 15, 30, 45, 60], 3));
    expect(Math.abs(figureOf(master, 'MRATE') - 0.6)).toBeLessThan(0.01);
    expect(Math.abs(figureOf(master, 'MOFFSET') - offset)).toBeLessThan(0.2);
    expect(Math.abs(mean(master!.data.filter((_, i) => i !== hot)) - 0.6)).toBeLessThan(0.01);
    expect(Math.abs(mean(master!.offset!.filter((_, i) => i !== hot)) - offset)).toBeLessThan(0.2);
    expect(Math.abs(master!.data[hot]! - 45)).toBeLessThan(0.2);
    expect([...master!.mask!.keys()].filter((i) => master!.mask![i] !== 0)).toEqual([hot]);
    expect(master!.key.exposureSec).toBeNull();
  });

  it('survives its file, offset and figures included', async () => {
    const { master } = await make(dark, darkKey, darks([10, 60], 3));
    const back = await decodeMaster(encodeMaster(master!), 'x', 'sum');
    expect(back.offset).toEqual(Float32Array.from(master!.offset!));
    expect(back.data).toEqual(Float32Array.from(master!.data));
    expect(back.key).toEqual(master!.key);
  });

  it('of one exposure time has no offset to tell, and says so', async () => {
    const { master, warnings } = await make(dark, darkKey, darks([30], 5));
    expect(master!.offset ?? null).toBeNull();
    expect(Math.abs(figureOf(master, 'MRATE') - (0.6 + offset / 30))).toBeLessThan(0.02);
    expect(warnings.join(' ')).toContain('cannot be told from the rate');
  });

  it('pools nights, but not those with a warmer detector', async () => {
    const frames = [...darks([10, 60], 2, '2025-12-30'), ...darks([10, 60], 2), ...darks([10, 60], 1, '2025-12-29', -40)];
    const { master, warnings } = await make(dark, darkKey, frames);
    expect(master!.inputs).toHaveLength(8);
    expect(warnings[0]).toContain('2 frames are left out: their detector was more than 2 K from -60 °C');
  });

  it('takes a cosmic ray out of three frames', async () => {
    const frames = darks([10, 60], 3);
    const struck = frames.map((raw, n) => {
      if (n !== 4) return raw;
      const data = raw.data.slice();
      data[20 * raw.width + overscan + 25]! += 3000;
      return { ...raw, data };
    });
    const { master } = await make(dark, darkKey, struck);
    expect(Math.abs(master!.data[20 * size + 25]! - 0.6)).toBeLessThan(0.2);
    expect(master!.mask![20 * size + 25]).toBe(0);
  });

  it('is undone by reduction: rate and offset both', async () => {
    const { master } = await make(dark, darkKey, darks([5, 15, 60], 5));
    const raw = shot(77, (x, y) => offset + rateOf(x, y) * 120 + 900, { exposureSec: 120 });
    const context = { compute: scalarCompute(), info: () => {}, warn: () => {}, kept: new Map(), isFinal: true };
    const parameters = Object.entries(reduction.parameters).map(([name, spec]) => [name, (spec as ParameterSpec).default]);
    const inputs = { raw, bias: null, dark: master, flat: null };
    const { outputs } = await reduction.run(inputs, Object.fromEntries(parameters) as never, context);
    const good = outputs.reduced.data.filter((_, i) => outputs.reduced.mask[i] === 0);
    expect(Math.abs(mean(good) / 2.2 - 900)).toBeLessThan(2); // the rate's error of 0.01 adu/s over 120 s
  });

  it('weights a line as least squares do', () => {
    const { rate, offset: intercept } = lineShares([5, 10, 60].map((time, k) => ({ time, weight: k + 1 })));
    const line = [5, 10, 60].map((time) => 2 + 3 * time);
    const sum = (shares: readonly number[]): number => shares.reduce((total, share, k) => total + share * line[k]!, 0);
    expect(sum(rate)).toBeCloseTo(3, 10);
    expect(sum(intercept!)).toBeCloseTo(2, 10);
  });
});

describe('flat', () => {
  const dead = 5 * size + 6;
  const response = (x: number, y: number): number =>
    y * size + x === dead ? 0.1 : 1 - 0.1 * (((x - 32) / 32) ** 2 + ((y - 32) / 32) ** 2) + (x % 2 === 0 ? 0.01 : -0.01);
  const light = (seed: number, level: number, tilt = 0, star?: number) => {
    const random = seededRandom(seed + 999);
    return shot(
      seed,
      (x, y) => {
        const mean_ = level * response(x, y) * (1 + tilt * (x / size - 0.5)) + (star === y * size + x ? 9000 : 0);
        return mean_ + Math.sqrt(mean_ / 2.2) * random.normal();
      },
      { type: 'flat', exposureSec: 5, filter: 'r', frameId: `20260101T0100${10 + seed}C1f` },
    );
  };
  const flatKey = key({ type: 'flat', filter: 'r' });
  const good = Array.from({ length: 7 }, (_, n) => light(n, 9000 + 2000 * n, 0, 700 + 65 * n));

  it('finds the response, without the stars that shone into it', async () => {
    const { master } = await make(flat, flatKey, good);
    const truth = Float64Array.from({ length: size * size }, (_, i) => response(i % size, Math.floor(i / size)));
    const middle = truth.slice().sort()[(size * size) >> 1]!;
    const errors = truth.map((value, i) => master!.data[i]! / (value / middle) - 1).filter((_, i) => i !== dead);
    // 7 frames of 9,000 to 21,000 adu: 0.24 % per pixel; five of them for the worst of 4096.
    expect(Math.max(...errors.map(Math.abs))).toBeLessThan(0.013);
    // The median is that of every 17th pixel: 241 here, with a structure of some percent.
    expect(Math.abs(mean(errors))).toBeLessThan(0.006);
    expect([...master!.mask!.keys()].filter((i) => master!.mask![i] !== 0)).toEqual([dead]);
    const middleError = mean(errors);
    const pulls = errors.map((error, i) => (error - middleError) / Math.sqrt(master!.variance![i < dead ? i : i + 1]!));
    expect(Math.abs(Math.sqrt(mean(pulls.map((p) => p * p))) - 1)).toBeLessThan(0.15);
  });

  it('leaves out frames that are too faint, too bright or unevenly lit, each with its sentence', async () => {
    const odd = [light(20, 500), light(21, 45_000), light(22, 12_000, 0.06)];
    const { master, warnings } = await make(flat, flatKey, [...good, ...odd]);
    expect(master!.inputs).toEqual(good.map((raw) => raw.meta.frameId));
    expect(warnings.filter((sentence) => sentence.includes('left out'))).toHaveLength(3);
    expect(warnings.join(' ')).toContain('across the frame');
  });

  it('needs enough even frames', async () => {
    const { master, warnings } = await make(flat, flatKey, [light(1, 9000), light(2, 9000), light(3, 400)]);
    expect(master).toBeNull();
    expect(warnings.at(-1)).toContain('No flat for C1 r: 2 usable frames');
  });
});
