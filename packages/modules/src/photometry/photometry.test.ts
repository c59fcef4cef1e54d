import { seededRandom } from '@colibri/base';
import { scalarCompute } from '@colibri/numerics';
import type { ModuleContext } from '@colibri/pipeline';
import { describe, expect, it } from 'vitest';
import { photometry } from './photometry.ts';
import { photometryCodec } from './photometry-file.ts';
import { type MadeStar, madeSky, ZERO_POINT } from './testing.ts';

const compute = scalarCompute();
const parameters = { detect_thresh: 4.75, back_size: 64, deblend_mincont: 0.0005, spatial_order: 2, forced_limit: 5000 };

const random = seededRandom(9);
const field: MadeStar[] = [];
for (let y = 26; y < 300; y += 42) {
  for (let x = 26; x < 300; x += 42) {
    field.push({ x: x + 6 * random.uniform(), y: y + 6 * random.uniform(), mag: 16 + 3.5 * random.uniform() });
  }
}
// One fades and is in no catalogue.
const fading = { x: 47.3, y: 47.8, mag: 18, brighter: [1, 0, -1], isKnown: false };
const made = madeSky([...field, fading]);

function contextOf(isFinal: boolean, kept = new Map<string, unknown>()) {
  const said: string[] = [];
  const context: ModuleContext = { compute, info: () => undefined, warn: (sentence) => said.push(sentence), kept, isFinal };
  return { context, said };
}
const inputsOf = ({ unit, alignment, stacks, catalog }: ReturnType<typeof madeSky>) => ({
  unit,
  alignment,
  stacks,
  referenceCatalog: catalog,
});

describe('photometry of a made unit', async () => {
  const { context } = contextOf(true);
  const { outputs, metrics } = await photometry.run(inputsOf(made), parameters, context);
  const { sources, forced, calibration, limitMap, completeness } = outputs.photometry;
  const at = (star: MadeStar): number =>
    Array.from(sources.columns.x.keys()).find(
      (i) => Math.hypot(sources.columns.x[i]! - star.x, sources.columns.y[i]! - star.y) < 1.5,
    ) ?? -1;
  const rowsOf = (source: number) => Array.from(forced.source.keys()).filter((k) => forced.source[k] === source + 1);

  it('finds the stars and calibrates them', () => {
    expect(field.filter((s) => at(s) < 0)).toEqual([]);
    expect(calibration!.zeroPointMag).toBeCloseTo(ZERO_POINT, 1);
    expect(Math.abs(calibration!.zeroPointMag - ZERO_POINT)).toBeLessThan(0.03); // stamps of the test end at 25 pix
    expect(metrics.stars).toBeGreaterThan(25);
    expect(calibration!.colour).toBeNull();
    const pulls = field.map((s) => (sources.magPsf[at(s)]! - s.mag) / Math.hypot(sources.magPsfErr[at(s)]!, 0.005));
    expect(Math.sqrt(pulls.reduce((sum, p) => sum + p * p, 0) / pulls.length)).toBeLessThan(1.4);
    expect(sources.catalogIndex[at(fading)]).toBe(-1);
    expect(sources.nFrames[at(field[0]!)]).toBe(3);
  });

  it('follows the fading star through a frame of 60 % transparency, in µJy', () => {
    const rows = rowsOf(at(fading));
    expect(forced.images.map((image) => image.name)).toEqual(['stack', 'frame-0', 'frame-1', 'frame-2']);
    for (const k of rows) {
      if (forced.image[k] === 0) continue;
      const mag = fading.mag - fading.brighter[forced.image[k]! - 1]!;
      const truth = 10 ** (-0.4 * (mag - 23.9));
      const err = Math.hypot(forced.fluxErrMicroJy[k]!, 0.02 * truth);
      expect(Math.abs(forced.fluxMicroJy[k]! - truth)).toBeLessThan(4 * err);
    }
  });

  it('has forced fluxes without a bias in every frame', () => {
    for (let image = 1; image <= 3; image++) {
      let sum = 0;
      let weight = 0;
      for (const star of field) {
        const k = rowsOf(at(star)).find((row) => forced.image[row] === image)!;
        const truth = 10 ** (-0.4 * (star.mag - 23.9));
        const w = (truth / forced.fluxErrMicroJy[k]!) ** 2;
        sum += w * (forced.fluxMicroJy[k]! / truth - 1);
        weight += w;
      }
      expect(Math.abs(sum / weight)).toBeLessThan(0.01 + 3 * forced.images[image]!.scaleErr + 3 / Math.sqrt(weight));
    }
  });

  it('tells limits that injected stars confirm', () => {
    expect(metrics.limit5).toBeGreaterThan(20);
    expect(metrics.limit3! - metrics.limit5!).toBeCloseTo(0.5546, 3);
    expect(limitMap.mag5Sigma.length).toBe(limitMap.columns * limitMap.rows);
    for (const { injected, recovered } of completeness) expect(recovered).toBeLessThanOrEqual(injected);
  });

  it('reads back from its files whole', async () => {
    const files = await photometryCodec.encode(outputs.photometry, { unit: made.unit, lines: [['ORIGIN', 'test', '']], compute });
    const back = await photometryCodec.decode((name) => Promise.resolve(files.get(name) ?? null), compute);
    expect(back).toEqual(outputs.photometry);
    expect(await photometryCodec.decode(() => Promise.resolve(null), compute)).toBeNull();
  });

  it('comes out the same twice', async () => {
    const again = await photometry.run(inputsOf(made), parameters, contextOf(true).context);
    expect(again.outputs.photometry).toEqual(outputs.photometry);
  });
});

describe('photometry while frames arrive, and without a catalogue', () => {
  it('measures only the new frame again', async () => {
    const { context } = contextOf(false);
    await photometry.run(inputsOf(made), parameters, context);
    const loads: number[] = [];
    const unit = {
      ...made.unit,
      frames: made.unit.frames.map((frame, k) => ({
        ...frame,
        load: () => {
          loads.push(k);
          return frame.load();
        },
        sha256: k === 2 ? 'new' : frame.sha256,
      })),
    };
    const { outputs } = await photometry.run({ ...inputsOf(made), unit }, parameters, context);
    expect(loads).toEqual([2]);
    expect(outputs.photometry.forced.images.length).toBe(4);
    expect(outputs.photometry.completeness).toEqual([]);
  });

  it('still measures fluxes without a catalogue, and says what is missing', async () => {
    const { context, said } = contextOf(false);
    const { outputs, metrics } = await photometry.run({ ...inputsOf(made), referenceCatalog: null }, parameters, context);
    expect(said.join(' ')).toMatch(/no reference catalogue/);
    expect(metrics.zeroPoint).toBeNull();
    expect(outputs.photometry.sources.fluxPsf.some((f) => f > 0)).toBe(true);
    expect(outputs.photometry.sources.magPsf.every(Number.isNaN)).toBe(true);
  });

  it('has an answer where there is nothing at all', async () => {
    const empty = madeSky([], { size: 160 });
    const { context, said } = contextOf(true);
    const { outputs } = await photometry.run(inputsOf(empty), parameters, context);
    expect(outputs.photometry.calibration).toBeNull();
    expect(outputs.photometry.psf.kind).toBe('moffat');
    expect(said.length).toBeGreaterThan(0);
  });
});
