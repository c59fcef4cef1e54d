import { seededRandom } from '@colibri/base';
import { scalarCompute } from '@colibri/numerics';
import { readConfig, type StackSet, type Template, type TemplateSource, type UnitPhotometry } from '@colibri/pipeline';
import { beforeAll, describe, expect, it } from 'vitest';
import { stacking } from '../stacking/stacking.ts';
import { type MadeStar, makeUnit } from '../stacking/testing.ts';
import { decodeDifference, differenceCodec, encodeDifference, encodeDifferenceSources } from './difference-file.ts';
import { measureForSubtraction } from './subtract-template.ts';
import { subtraction } from './subtraction.ts';

const compute = scalarCompute();
const said: string[] = [];
const context = { compute, info: () => {}, warn: (s: string) => said.push(s), kept: new Map(), isFinal: true };
const parameters = readConfig(subtraction, []).config.parameters as never;

const random = seededRandom(5);
const side = 300;
const grid: MadeStar[] = Array.from({ length: 25 }, (_, i) => {
  const flux = 40 * 10 ** (1.5 * random.uniform());
  return {
    east: 18 * ((i % 5) - 2) + 3 * random.uniform(),
    north: 18 * (Math.floor(i / 5) - 2) + 3 * random.uniform(),
    flux: () => flux,
  };
});
const fresh: MadeStar = { east: 9.6, north: -8.1, flux: () => 30 };

async function stacksOf(
  stars: readonly MadeStar[],
  seed: number,
  frames = 2,
): Promise<{ stacks: StackSet; unit: ReturnType<typeof makeUnit> }> {
  const unit = makeUnit({ frames, side, stars, seed, fwhmPix: () => (seed === 1 ? 3.1 : 3.8) });
  const given = readConfig(stacking, []).config.parameters as never;
  const { outputs } = await stacking.run({ unit: unit.unit, alignment: unit.alignment }, given, context);
  return { stacks: outputs.stacks, unit };
}

const asTemplate = ({ stack }: StackSet): Template => ({
  ...stack,
  name: 'epoch',
  origin: 'archive',
  zeroPointMag: null,
  sha256: 'ab'.repeat(32),
});
const source = (template: Template | null, asked: unknown[] = []): TemplateSource => ({
  find: async (query) => {
    asked.push(query);
    return template;
  },
});

async function photometryOf({ stack }: StackSet): Promise<UnitPhotometry> {
  const image = { ...stack, lightVariance: 1 / stack.gainSec };
  const { columns, psf } = await measureForSubtraction(image, stack.wcs, 64, compute);
  return { sources: { columns }, psf } as unknown as UnitPhotometry;
}

describe('subtraction', () => {
  let template: Template;
  let now: Awaited<ReturnType<typeof stacksOf>>;
  beforeAll(async () => {
    template = asTemplate((await stacksOf(grid, 1)).stacks);
    now = await stacksOf([...grid, fresh], 2);
  });
  const run = async (templates: TemplateSource | null, { stacks, unit } = now) =>
    subtraction.run(
      { unit: unit.unit, alignment: unit.alignment, stacks, photometry: await photometryOf(stacks), templates },
      parameters,
      context,
    );

  it('finds the new star between the old ones, where it is and as bright as it is', async () => {
    const asked: { unit: string }[] = [];
    const { outputs, metrics } = await run(source(template, asked));
    const { sources, template: used, residualOnSky, psf } = outputs.difference!;
    const real = [...sources.realBogus.keys()].filter((i) => sources.realBogus[i]! > 0.5);
    expect(real.length).toBe(1);
    const i = real[0]!;
    const [x, y] = [sources.x[i]!, sources.y[i]!];
    const [ra, dec] = now.stacks.stack.wcs.pixelToSky(x, y);
    expect(Math.abs((ra - 215.6) * 3600 * Math.cos((53.1 * Math.PI) / 180) - fresh.east)).toBeLessThan(0.05);
    expect(Math.abs((dec - 53.1) * 3600 - fresh.north)).toBeLessThan(0.05);
    expect(Math.abs(sources.flux[i]! - 30)).toBeLessThan(3.5 * sources.fluxErr[i]!);
    expect(used).toMatchObject({ name: 'epoch', origin: 'archive' });
    expect(residualOnSky).toBeGreaterThan(0.9);
    expect(residualOnSky).toBeLessThan(1.1);
    expect(psf!.fwhmPix).toBeGreaterThan(3);
    expect(metrics).toMatchObject({ count: 1, falseCount: 0 });
    expect(asked[0]!.unit).toBe(`${now.unit.unit.name}@${now.unit.unit.nightId}`);
  });

  it('sees the star that is gone as negative, and not as a false one', async () => {
    const before = asTemplate(now.stacks);
    const { outputs } = await run(source(before), await stacksOf(grid, 1));
    const { sources } = outputs.difference!;
    const i = sources.snr.findIndex((snr) => Math.abs(snr) === Math.max(...sources.snr.map(Math.abs)));
    expect(sources.snr[i]).toBeLessThan(-6);
    expect(sources.flux[i]).toBeLessThan(0);
  });

  it('compares the halves where there is no template, and says so', async () => {
    const fading = { ...fresh, flux: (k: number) => (k < 2 ? 60 : 10) };
    const four = await stacksOf([...grid, fading], 3, 4);
    const { outputs } = await run(source(null), four);
    expect(outputs.difference!.template.origin).toBe('half');
    const { sources } = outputs.difference!;
    const real = [...sources.realBogus.keys()].filter((i) => sources.realBogus[i]! > 0.5);
    expect(real.length).toBe(1);
    expect(sources.flux[real[0]!]!).toBeLessThan(-25);
  });

  it('says a sentence and gives nothing without template and halves', async () => {
    said.length = 0;
    const { outputs, metrics } = await run(null);
    expect(outputs.difference).toBeNull();
    expect(metrics).toEqual({ noise: null, count: null, falseCount: null });
    expect(said.join()).toMatch(/nothing was subtracted/);
  });

  it('gives the same numbers twice, and through its files', async () => {
    const [first, second] = [await run(source(template)), await run(source(template))];
    const a = first.outputs.difference!;
    expect(second.outputs.difference!.snr).toEqual(a.snr);
    expect(second.outputs.difference!.sources).toEqual(a.sources);
    const bytes = await encodeDifference(a, [['ORIGIN', 'test', '']], compute);
    expect(await encodeDifference(second.outputs.difference!, [['ORIGIN', 'test', '']], compute)).toEqual(bytes);
    const back = await decodeDifference(bytes, encodeDifferenceSources(a.sources, []), compute);
    expect(back.sources).toEqual(a.sources);
    expect(back.mask).toEqual(a.mask);
    expect(back.template).toEqual(a.template);
    // Quantised to 1/16 sigma of the plane and 1/32 of the S/N.
    for (let i = 0; i < a.snr.length; i += 97) expect(Math.abs(back.snr[i]! - a.snr[i]!)).toBeLessThan(0.02);
    const files = await differenceCodec.encode(a, { unit: now.unit.unit, lines: [], compute });
    const again = await differenceCodec.decode(async (name) => files.get(name) ?? null, compute);
    expect(again!.psf!.planes).toEqual(a.psf!.planes);
    expect(await differenceCodec.decode(async () => null, compute)).toBeNull();
  });
});
