import { seededRandom } from '@colibri/base';
import { MaskPlane, scalarCompute } from '@colibri/numerics';
import type { Master, MasterKey, ModuleContext } from '@colibri/pipeline';
import { describe, expect, it } from 'vitest';
import { buildMaster } from '../calibration/build-master.ts';
import { testRaw } from '../detector/testing.ts';
import { reduction } from './reduction.ts';

const size = 96,
  over = 16,
  gain = 2.2,
  readNoise = 6.8;
const width = size + 2 * over;
const cards = { DATASEC: `[${over + 1}:${over + size},1:${size}]` };
const column = (x: number): number => 4 * Math.sin(x);
const response = (x: number, y: number): number => 1 - 0.2 * (((x - size / 2) / size) ** 2 + ((y - size / 2) / size) ** 2);
const hot = { x: 30, y: 40, rate: 200 };

/** One exposure of the pretend detector: `light` electrons at response 1. */
function exposure(seed: number, light: number, seconds: number, meta = {}) {
  const random = seededRandom(seed);
  return testRaw(
    width,
    size,
    (rawX, y) => {
      const x = rawX - over,
        inside = x >= 0 && x < size;
      const dark = inside ? (x === hot.x && y === hot.y ? hot.rate : 0.2) * seconds : 0;
      const electrons = inside ? random.poisson(light * response(x, y) + dark) : 0;
      return Math.round(
        (x < size / 2 ? 500 : 520) + (inside ? column(x) + electrons / gain : 0) + (readNoise / gain) * random.normal(),
      );
    },
    cards,
    { exposureSec: seconds, ...meta },
  );
}

const key = (type: MasterKey['type'], exposureSec: number | null): MasterKey => ({
  type,
  camera: 'C1',
  binning: '1',
  readMode: '1MHz',
  softGain: '1',
  filter: type === 'flat' ? 'r' : '-',
  exposureSec,
  width: size,
  height: size,
});

async function masters(): Promise<{ bias: Master; dark: Master; flat: Master }> {
  const compute = scalarCompute();
  const wrap = (master: Awaited<ReturnType<typeof buildMaster>>, k: MasterKey): Master => ({
    ...master,
    key: k,
    name: k.type,
    sha256: null,
    nightId: '',
    inputs: [],
    note: null,
  });
  const many = (n: number, from: number, light: number, seconds: number) =>
    Array.from({ length: n }, (_, i) => exposure(from + i, light, seconds));
  const bias = wrap(
    await buildMaster(many(10, 100, 0, 0), key('bias', null), { bias: null, dark: null }, compute),
    key('bias', null),
  );
  const dark = wrap(await buildMaster(many(10, 200, 0, 30), key('dark', 30), { bias, dark: null }, compute), key('dark', 30));
  const flat = wrap(await buildMaster(many(10, 300, 30_000, 5), key('flat', null), { bias, dark }, compute), key('flat', null));
  return { bias, dark, flat };
}

const context: ModuleContext = { compute: scalarCompute(), info: () => {}, warn: () => {}, kept: new Map(), isFinal: true };
const defaults = {
  ps: null,
  gain: null,
  read_noise: null,
  sat_level: null,
  detect_thresh: 1,
  min_flat: 0.3,
  cosmic_rays: false,
  cosmic_sigma: 4.5,
  orientation: 'mount',
} as const;
const good = (data: Float32Array, mask: Uint16Array): number[] => [...data].filter((_, i) => mask[i] === 0);
const meanOf = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
const varianceOf = (values: number[]): number => meanOf(values.map((v) => (v - meanOf(values)) ** 2));

describe('reduction', () => {
  it('recovers the electrons of a flat sky within its own error, and its variance is the scatter', async () => {
    const raw = exposure(1, 400, 30);
    const { outputs, metrics } = await reduction.run({ raw, ...(await masters()) }, defaults, context);
    const { data, mask, variance } = outputs.reduced;
    const values = good(data, mask);
    const expected = 1 - 0.2 * (2 / 12); // the flat is scaled to its median, near the mean response
    const sky = meanOf(values);
    expect(Math.abs(sky / 400 - expected)).toBeLessThan(0.02); // median against mean of the response
    const scatter = varianceOf(values),
      claimed = meanOf(good(variance, mask));
    expect(scatter / claimed).toBeGreaterThan(0.93); // 9216 pixels: ±1.5 %, and 10-frame masters
    expect(scatter / claimed).toBeLessThan(1.07);
    expect(metrics.saturated).toBe(0);
    expect(Math.abs(metrics.sky! - sky)).toBeLessThan(2); // σ 21 of 9216 pixels: 0.2, and the median of a slope
  });

  it('leaves no trace of the flat: the corner is as bright as the centre', async () => {
    const { outputs } = await reduction.run({ raw: exposure(2, 4000, 30), ...(await masters()) }, defaults, context);
    const { data, mask } = outputs.reduced;
    const box = (x0: number, y0: number): number =>
      meanOf(
        Array.from({ length: 400 }, (_, i) => (y0 + Math.floor(i / 20)) * size + x0 + (i % 20))
          .filter((i) => mask[i] === 0)
          .map((i) => data[i]!),
      );
    expect(box(0, 0) / box(38, 38)).toBeCloseTo(1, 2); // 400 pixels of 4000 ± 64: 0.1 %, and masters of 10 frames
  });

  it('flags the hot pixel as bad and a saturated pixel with its neighbours', async () => {
    const raw = exposure(3, 400, 30);
    raw.data[20 * width + over + 10] = 65_500;
    const { outputs } = await reduction.run({ raw, ...(await masters()) }, defaults, context);
    const { mask } = outputs.reduced;
    expect(mask[hot.y * size + hot.x]! & MaskPlane.BAD).toBe(MaskPlane.BAD);
    for (const [x, y] of [
      [10, 20],
      [9, 20],
      [11, 21],
      [10, 22],
    ] as const)
      expect(mask[y * size + x]! & MaskPlane.SATURATED).toBe(MaskPlane.SATURATED);
  });

  it('refuses a master of another window, naming both sizes', async () => {
    const { bias, dark, flat } = await masters();
    await expect(async () =>
      reduction.run({ raw: exposure(4, 10, 30), bias: { ...bias, width: 48 }, dark, flat }, defaults, context),
    ).rejects.toMatchObject({
      code: 'DETECTOR_SHAPE',
      message: expect.stringContaining('48 × 96'),
    });
  });

  it('works without masters, and warns when nothing removes the offset', async () => {
    const warnings: string[] = [];
    const raw = testRaw(size, size, () => 700);
    const { outputs } = await reduction.run({ raw, bias: null, dark: null, flat: null }, defaults, {
      ...context,
      warn: (sentence) => warnings.push(sentence),
    });
    expect(outputs.reduced.data[5]).toBeCloseTo(1540, 3);
    expect(warnings).toHaveLength(1);
  });

  it('refuses a frame of which nothing is left', async () => {
    const raw = testRaw(size, size, () => 65_535);
    await expect(async () => reduction.run({ raw, bias: null, dark: null, flat: null }, defaults, context)).rejects.toMatchObject(
      { code: 'DETECTOR_EMPTY' },
    );
  });
});
