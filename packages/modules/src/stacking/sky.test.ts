import { MaskPlane, scalarCompute } from '@colibri/numerics';
import type { Stack } from '@colibri/pipeline';
import { describe, expect, it } from 'vitest';
import { stacking } from './stacking.ts';
import { contextOf, type MadeUnitSpec, makeUnit, parametersOf, skyOf } from './testing.ts';

const compute = scalarCompute();
const defaults = { ...parametersOf(stacking), back_size: 50 };

async function stacked(spec: MadeUnitSpec, parameters: Partial<typeof defaults> = {}, filter = 'r') {
  const { unit, alignment } = makeUnit(spec);
  const context = contextOf(compute);
  const { outputs } = await stacking.run({ unit: { ...unit, filter }, alignment }, { ...defaults, ...parameters }, context);
  return { ...outputs.stacks, warnings: context.warnings };
}

/** Standard deviation of the pixels of the middle, but for a star, over what the stack says of them. */
function pull(stack: Stack, star: readonly [number, number], margin = 30): number {
  const [u, v] = stack.wcs.skyToPixel(...skyOf(...star))!;
  let [sum, count] = [0, 0];
  for (let y = margin; y < stack.height - margin; y++)
    for (let x = margin; x < stack.width - margin; x++) {
      if (Math.hypot(x - u, y - v) < 15) continue;
      const p = y * stack.width + x;
      sum += stack.data[p]! ** 2 / stack.variance[p]!;
      count++;
    }
  return Math.sqrt(sum / count);
}

describe('the sky of a stack', () => {
  it('is kept with its error, and stays in the stack if it is not to be subtracted', async () => {
    const spec: MadeUnitSpec = { frames: 4, side: 200, transparency: (k) => (k === 1 ? 0.7 : 1), seed: 8 };
    const { stack } = await stacked(spec);
    const share = (k: number) => stack.inputs[k]!.weight / stack.inputs[k]!.transparency;
    const truth = ([0, 1, 2, 3].reduce((sum, k) => sum + share(k), 0) * 200) / 30;
    const sky = stack.sky!;
    const middle = [1, 2].flatMap((j) => [1, 2].map((i) => j * sky.columns + i));
    for (const k of middle) expect(Math.abs(sky.level[k]! - truth) / sky.error[k]!).toBeLessThan(4.5);
    const kept = (await stacked(spec, { subtract_sky: false })).stack;
    const p = (stack.height >> 1) * stack.width + (stack.width >> 1);
    expect((kept.data[p]! - stack.data[p]!) / truth).toBeCloseTo(1, 1.7);
  });

  it('says how well it is known: over many skies its error is that which it states', async () => {
    const pulls: number[] = [];
    for (let seed = 1; seed <= 12; seed++) {
      const { stack } = await stacked({ frames: 2, side: 200, seed: 50 + seed }, { nsig: 0, trails: false });
      const k = stack.sky!.columns + 1;
      pulls.push((stack.sky!.level[k]! - 200 / 30) / stack.sky!.error[k]!);
    }
    const rms = Math.sqrt(pulls.reduce((sum, v) => sum + v * v, 0) / pulls.length);
    expect(rms).toBeGreaterThan(0.45); // 12 pulls tell it to a fifth
    expect(rms).toBeLessThan(1.6);
  });

  it('takes what light there is where sources hide every cell of the mesh', async () => {
    const { unit, alignment } = makeUnit({ frames: 3, side: 120 });
    const huge = Float64Array.of(60);
    const columns = {
      ...unit.frames[0]!.sources.columns,
      count: 1,
      x: huge,
      y: huge,
      fwhm: Float64Array.of(500),
      snrWin: huge,
      a: huge,
      b: huge,
    };
    const full = unit.frames.map((frame) => ({ ...frame, sources: { ...frame.sources, columns } }));
    const { outputs } = await stacking.run(
      { unit: { ...unit, frames: full }, alignment },
      { ...defaults, back_size: 120 },
      contextOf(compute),
    );
    const { stack } = outputs.stacks;
    expect(Number.isFinite(stack.data[(stack.height >> 1) * stack.width + (stack.width >> 1)]!)).toBe(true);
  });
});

describe('sky frames', () => {
  // A pattern that is fixed on the detector, stronger than the noise, as in J and H.
  const pattern: MadeUnitSpec['spoil'] = (data, _mask, frame) => {
    const level = 1 + 0.02 * frame;
    for (let y = 0; y < 160; y++)
      for (let x = 0; x < 160; x++) data[y * 160 + x]! += level * 80 * Math.sin(x / 2.3) * Math.cos(y / 3.1);
  };
  const stars = [{ east: 8, north: -6, flux: () => 900 }];
  const spec: MadeUnitSpec = { frames: 9, seed: 5, spoil: pattern, skyElectron: 2000, stars };

  it('take the pattern of an infrared detector away, by its filter', async () => {
    const without = await stacked(spec, { nsig: 0, trails: false });
    const infrared = await stacked(spec, { nsig: 0, trails: false }, 'J');
    expect(pull(without.stack, [8, -6])).toBeGreaterThan(1.7);
    expect(pull(infrared.stack, [8, -6])).toBeLessThan(1.2);
    const [x, y] = infrared.stack.wcs.skyToPixel(...skyOf(8, -6))!;
    const p = Math.round(y) * infrared.stack.width + Math.round(x);
    expect(infrared.stack.data[p]! / without.stack.data[p]!).toBeCloseTo(1, 0.7);
    expect(infrared.stack.mask[p]! & MaskPlane.NO_DATA).toBe(0);
  });

  it('are not made of fewer than three neighbours', async () => {
    const few = { ...spec, frames: 3 };
    const [yes, no] = [await stacked(few, { sky_frame: 'yes' }), await stacked(few, { sky_frame: 'no' })];
    expect(yes.stack.data).toEqual(no.stack.data);
  });
});

describe('a frame of unknown transparency', () => {
  it('is left out with a reason beside frames that are known, and counts as clear where none is', async () => {
    const { unit, alignment } = makeUnit({ frames: 4 });
    const some = { ...alignment, frames: alignment.frames.map((f, k) => (k === 2 ? { ...f, transparency: NaN } : f)) };
    const context = contextOf(compute);
    const { outputs } = await stacking.run({ unit, alignment: some }, defaults, context);
    expect(outputs.stacks.stack.inputs.map(({ frameId }) => frameId)).toEqual(['f0', 'f1', 'f3']);
    expect(context.warnings.join()).toMatch(/f2 is left out of the stack: nobody knows how clear/);
    const none = { ...alignment, frames: alignment.frames.map((f) => ({ ...f, transparency: NaN })) };
    const all = contextOf(compute);
    expect((await stacking.run({ unit, alignment: none }, defaults, all)).outputs.stacks.stack.inputs).toHaveLength(4);
    expect(all.warnings.join()).toMatch(/all frames count as equally clear/);
  });
});

describe('a trail', () => {
  it('is left out of the stack along its length, and told of', async () => {
    const trail: MadeUnitSpec['spoil'] = (data, _mask, frame) => {
      if (frame !== 2) return;
      for (let y = 0; y < 300; y++)
        for (let x = 0; x < 300; x++) {
          const d = (y - 0.4 * x - 80) / Math.hypot(1, 0.4);
          data[y * 300 + x]! += 14 * Math.exp((-d * d) / 4.5); // below the noise of 16
        }
    };
    const spec: MadeUnitSpec = { frames: 5, side: 300, seed: 4, spoil: trail };
    const { stack } = await stacked(spec, { back_size: 100 });
    const { spoil: _, ...quiet } = spec;
    const clean = (await stacked(quiet, { back_size: 100, trails: false })).stack;
    expect(stack.inputs.map(({ trails }) => trails!.length)).toEqual([0, 0, 1, 0, 0]);
    let [light, left] = [0, 0];
    const kept = (await stacked(spec, { back_size: 100, trails: false })).stack;
    for (let p = 0; p < stack.data.length; p++) {
      if (!Number.isFinite(clean.data[p]!)) continue;
      light += kept.data[p]! - clean.data[p]!;
      left += stack.coverageSec[p] === clean.coverageSec[p] ? stack.data[p]! - clean.data[p]! : 0;
    }
    expect(Math.abs(left) / light).toBeLessThan(0.1);
  });
});
