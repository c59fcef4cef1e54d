import { seededRandom } from '@colibri/base';
import { MaskPlane, scalarCompute } from '@colibri/numerics';
import type { Stack } from '@colibri/pipeline';
import { describe, expect, it } from 'vitest';
import { stacking } from './stacking.ts';
import { contextOf, type MadeStar, type MadeUnitSpec, makeUnit, parametersOf, skyOf } from './testing.ts';

const defaults = { ...parametersOf(stacking), back_size: 64 };
const compute = scalarCompute();

async function stacked(spec: MadeUnitSpec, parameters: Partial<typeof defaults> = {}) {
  const { unit, alignment } = makeUnit(spec);
  const { outputs } = await stacking.run({ unit, alignment }, { ...defaults, ...parameters }, contextOf(compute));
  return outputs.stacks;
}

/** Light within 9 pixels of a place above the mean of a ring. */
function fluxAt(stack: Stack, east: number, north: number): number {
  const [x0, y0] = stack.wcs.skyToPixel(...skyOf(east, north))!;
  let [sum, area, ring, ringArea] = [0, 0, 0, 0];
  for (let y = Math.ceil(y0 - 15); y <= y0 + 15; y++) {
    for (let x = Math.ceil(x0 - 15); x <= x0 + 15; x++) {
      const r = Math.hypot(x - x0, y - y0);
      const v = stack.data[y * stack.width + x]!;
      if (r < 9) {
        sum += v;
        area++;
      } else if (r > 10 && r < 15) {
        ring += v;
        ringArea++;
      }
    }
  }
  return sum - (area * ring) / ringArea;
}

const star = (east: number, north: number, flux: number | ((frame: number) => number)): MadeStar => ({
  east,
  north,
  flux: typeof flux === 'number' ? () => flux : flux,
});

describe('stacking', () => {
  it('keeps the flux of stars with one frame through cirrus of 40 %, on a grid with north up', async () => {
    const { stack, halfA, halfB } = await stacked({
      frames: 6,
      stars: [star(5, -8, 2000), star(-12, 10, 300)],
      transparency: (k) => (k === 2 ? 0.6 : 1),
      isQuiet: true,
    });
    expect(fluxAt(stack, 5, -8) / 2000).toBeCloseTo(1, 2.7);
    expect(fluxAt(stack, -12, 10) / 300).toBeCloseTo(1, 2.7);
    expect(stack.wcs.skyToPixel(...skyOf(0, 10))![1]).toBeGreaterThan(stack.wcs.skyToPixel(...skyOf(0, 0))![1] + 25);
    expect(stack.wcs.skyToPixel(...skyOf(10, 0))![0]).toBeLessThan(stack.wcs.skyToPixel(...skyOf(0, 0))![0] - 25);
    expect([halfA!.exposureSec, halfB!.exposureSec, stack.exposureSec]).toEqual([90, 90, 180]);
    expect(fluxAt(halfA!, 5, -8) / 2000).toBeCloseTo(1, 2.5);
    expect(stack.inputs.reduce((sum, one) => sum + one.weight, 0)).toBeCloseTo(1, 9);
    const middle = (stack.height >> 1) * stack.width + (stack.width >> 1);
    expect([stack.mask[middle], stack.coverageSec[middle]]).toEqual([0, 180]);
    expect([stack.mask[0], stack.data[0]]).toEqual([MaskPlane.NO_DATA, NaN]);
  });

  it('weighs for the best S/N: half of the frames at 30 % cost less than 2 % of it', async () => {
    const spec: MadeUnitSpec = {
      frames: 8,
      side: 96,
      transparency: (k) => (k % 2 ? 0.3 : 1),
      fwhmPix: (k) => (k % 3 ? 3.5 : 4.2),
    };
    const { stack } = await stacked(spec);
    // S/N² of a point source in each frame ∝ (T / (σ FWHM))², of the best combination their sum.
    const snr2 = (k: number) => (spec.transparency!(k) / spec.fwhmPix!(k)) ** 2;
    const best = Array.from({ length: 8 }, (_, k) => snr2(k)).reduce((a, b) => a + b, 0);
    // Of the weighted mean: a matched filter on the mean PSF, by its FWHM.
    const noise2 = stack.inputs.reduce((sum, one, k) => sum + (one.weight / spec.transparency!(k)) ** 2, 0);
    expect(Math.sqrt(1 / (noise2 * stack.fwhmPix ** 2) / best)).toBeGreaterThan(0.98);
  });

  it('states the noise: pixels and blank apertures of all sizes within 5 %', async () => {
    const { stack } = await stacked(
      { frames: 5, side: 300, rotationDeg: (k) => 2 + 0.1 * k, seed: 12 },
      { back_size: 300 }, // one level: the noise of the mesh is another matter
    );
    let [pixels, count] = [0, 0];
    const inner = (x: number, y: number) => x > 30 && y > 30 && x < stack.width - 30 && y < stack.height - 30;
    for (let i = 0; i < stack.data.length; i++) {
      if (!inner(i % stack.width, Math.floor(i / stack.width))) continue;
      pixels += stack.data[i]! ** 2 / stack.variance[i]!;
      count++;
    }
    expect(Math.sqrt(pixels / count)).toBeCloseTo(1, 1.5);
    for (const r of [4, 7]) {
      let [pull, n] = [0, 0];
      for (let y0 = 40; y0 < stack.height - 40; y0 += 2 * r) {
        for (let x0 = 40; x0 < stack.width - 40; x0 += 2 * r) {
          let [sum, variance] = [0, 0];
          for (let y = y0 - r; y <= y0 + r; y++) {
            for (let x = x0 - r; x <= x0 + r; x++) {
              if ((x - x0) ** 2 + (y - y0) ** 2 > r * r) continue;
              sum += stack.data[y * stack.width + x]!;
              variance += stack.variance[y * stack.width + x]!;
            }
          }
          pull += sum ** 2 / (variance * stack.covarianceFactor);
          n++;
        }
      }
      // The edge of a small aperture has fewer neighbours: a little below 1. n apertures tell it to 0.7 / √n.
      expect(Math.abs(Math.sqrt(pull / n) - 1)).toBeLessThan(0.03 + 1.4 / Math.sqrt(n));
    }
  });

  it('never clips a star that changes: a flare, an afterglow, in seeing that changes too', async () => {
    const flare = (k: number) => (k === 3 ? 2500 : 500);
    const afterglow = (k: number) => 6000 / (k + 1);
    const spec: MadeUnitSpec = {
      frames: 8,
      stars: [star(-12, -10, flare), star(12, 8, afterglow), star(8, -14, 4000), star(-10, 14, 8000)],
      fwhmPix: (k) => 3.3 + 0.25 * (k % 4),
      seed: 4,
    };
    const clipped = await stacked(spec);
    const whole = await stacked(spec, { nsig: 0 });
    for (const [east, north] of [
      [-12, -10],
      [12, 8],
      [8, -14],
      [-10, 14],
    ] as const) {
      expect(Math.abs(fluxAt(clipped.stack, east, north) / fluxAt(whole.stack, east, north) - 1)).toBeLessThan(0.002);
    }
    const mean = (f: (k: number) => number) => clipped.stack.inputs.reduce((sum, one, k) => sum + one.weight * f(k), 0);
    expect(Math.abs(fluxAt(clipped.stack, -12, -10) / mean(flare) - 1)).toBeLessThan(0.02);
    expect(Math.abs(fluxAt(clipped.stack, 12, 8) / mean(afterglow) - 1)).toBeLessThan(0.02);
  });

  it('takes cosmic rays out, also those on stars', async () => {
    const random = seededRandom(9);
    const stars = Array.from({ length: 12 }, (_, i) =>
      star(-20 + 13 * (i % 4), -18 + 16 * Math.floor(i / 4), 200 * 2 ** (i / 2)),
    );
    const spec: MadeUnitSpec = { frames: 8, stars, fwhmPix: (k) => 3.3 + 0.2 * (k % 4), seed: 6 };
    const hits: { k: number; p: number }[] = [];
    const spoil: MadeUnitSpec['spoil'] = (data, _, k, toPixel) => {
      const hit = (x: number, y: number) => {
        const [length, angle, light] = [1 + random.below(5), 6.28 * random.uniform(), 600 + 3000 * random.uniform()];
        for (let t = 0; t < length; t++) {
          const p = Math.round(y + t * Math.sin(angle)) * 160 + Math.round(x + t * Math.cos(angle));
          data[p]! += light;
          hits.push({ k, p });
        }
      };
      for (let j = 0; j < 40; j++) hit(12 + 136 * random.uniform(), 12 + 136 * random.uniform());
      const on = stars[(k * 5) % stars.length]!;
      const [x, y] = toPixel(on.east, on.north);
      hit(x + 1, y - 1);
    };
    const clean = (await stacked(spec)).stack;
    const dirty = (await stacked({ ...spec, spoil })).stack;
    const kept = (await stacked({ ...spec, spoil }, { nsig: 0 })).stack;
    const above = (stack: Stack) => {
      let n = 0;
      for (let i = 0; i < stack.data.length; i++) if (stack.data[i]! - clean.data[i]! > 5 * Math.sqrt(clean.variance[i]!)) n++;
      return n;
    };
    expect(above(kept)).toBeGreaterThan(300);
    expect(above(dirty)).toBeLessThan(0.05 * above(kept));
    stars.forEach(({ east, north }, i) => {
      if (i < 3) return; // too faint to say
      expect(Math.abs(fluxAt(dirty, east, north) / fluxAt(clean, east, north) - 1)).toBeLessThan(0.05);
    });
  });

  it('stacks across a meridian flip', async () => {
    const { stack } = await stacked({
      frames: 4,
      stars: [star(5, -8, 2000)],
      isQuiet: true,
      rotationDeg: (k) => (k < 2 ? 1 : 181),
    });
    expect(fluxAt(stack, 5, -8) / 2000).toBeCloseTo(1, 2.7);
    expect(Math.abs(stack.fwhmPix - 3.5)).toBeLessThan(0.01);
  });

  it('makes a stack of one frame, without halves', async () => {
    const { stack, halfA, halfB } = await stacked({ frames: 1, stars: [star(5, -8, 2000)], isQuiet: true });
    expect(fluxAt(stack, 5, -8) / 2000).toBeCloseTo(1, 2.7);
    expect([halfA, halfB]).toEqual([null, null]);
  });

  it('adds only the new frames while they arrive, and ends at what the final run makes', async () => {
    const loads: string[] = [];
    const spec: MadeUnitSpec = { frames: 9, stars: [star(5, -8, 900), star(-9, 3, (k) => 3000 / (k + 1))] };
    const { unit, alignment } = makeUnit(spec);
    const counted = unit.frames.map((frame) => ({
      ...frame,
      load: async () => {
        loads.push(frame.meta.frameId);
        return frame.load();
      },
    }));
    const kept = new Map<string, unknown>();
    const at = async (count: number, isFinal: boolean, factor = 1) => {
      loads.length = 0;
      const frames = alignment.frames.slice(0, count).map((f) => ({ ...f, transparency: factor * f.transparency }));
      const input = { unit: { ...unit, frames: counted.slice(0, count) }, alignment: { ...alignment, frames } };
      return (await stacking.run(input, defaults, contextOf(compute, isFinal, isFinal ? new Map() : kept))).outputs.stacks;
    };
    for (const count of [1, 2, 3, 4]) await at(count, false);
    for (const count of [5, 6, 7, 8]) {
      await at(count, false);
      expect(loads).toEqual([`f${count - 1}`]);
    }
    // The clear frames that make the reference are others now: all transparencies change by one factor.
    const live = await at(9, false, 0.9);
    expect(loads).toEqual(['f8']);
    const final = await at(9, true, 0.9);
    expect(new Set(loads).size).toBe(9);
    expect(live.stack.inputs.map((one) => one.frameId)).toEqual(final.stack.inputs.map((one) => one.frameId));
    for (const [east, north] of [
      [5, -8],
      [-9, 3],
    ] as const) {
      expect(fluxAt(live.stack, east, north) / fluxAt(final.stack, east, north)).toBeCloseTo(1, 2.3);
    }
    const [x, y] = final.stack.wcs.skyToPixel(...skyOf(0, 0))!;
    const [u, v] = live.stack.wcs.skyToPixel(...skyOf(0, 0))!;
    expect([u - x - Math.round(u - x), v - y - Math.round(v - y)].every((d) => Math.abs(d) < 1e-6)).toBe(true);
    const noise = (stack: Stack, x: number, y: number) => stack.variance[Math.round(y) * stack.width + Math.round(x)]!;
    expect(noise(live.stack, u, v) / noise(final.stack, x, y)).toBeCloseTo(1, 1.7);
    expect(live.halfA!.inputs.length + live.halfB!.inputs.length).toBe(9);
    // Another frame among those that were stacked: everything anew.
    await at(4, false);
    expect(new Set(loads).size).toBe(4);
  });

  it('says when there is nothing to stack', async () => {
    const { unit, alignment } = makeUnit({ frames: 2, side: 40 });
    const none = { ...alignment, frames: alignment.frames.map((f) => ({ ...f, accepted: false, reason: 'clouds' })) };
    await expect(stacking.run({ unit, alignment: none }, defaults, contextOf(compute))).rejects.toThrow(/none of its 2 frames/);
  });
});
