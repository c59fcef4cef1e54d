import { scalarCompute } from '@colibri/numerics';
import type { Stack } from '@colibri/pipeline';
import { describe, expect, it } from 'vitest';
import type { StackFrame } from './frame-share.ts';
import { properFwhmArcsec, properKernels } from './proper-coadd.ts';
import { stacking } from './stacking.ts';
import { contextOf, makeUnit, parametersOf, skyOf } from './testing.ts';

const frame = (fwhmArcsec: number, weight: number): StackFrame =>
  ({ fwhmArcsec, fwhmPix: fwhmArcsec / 0.38, weight }) as StackFrame;

describe('properKernels', () => {
  it('are nothing but a point where all frames have one PSF', () => {
    const [kernel] = properKernels([frame(1.3, 1), frame(1.3, 0.4)]);
    expect(kernel!.data[15 * 31 + 15]).toBeCloseTo(1, 5);
    expect(kernel!.data.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5);
    expect(properFwhmArcsec([frame(1.3, 1), frame(1.3, 0.4)])).toBeCloseTo(1.3, 3);
  });

  it('make a coadd sharper than the mean of its frames', () => {
    const fwhm = properFwhmArcsec([frame(1.2, 1), frame(2.4, 1)]);
    expect(fwhm).toBeGreaterThan(1.1);
    expect(fwhm).toBeLessThan(1.65);
  });
});

describe('a proper coadd', () => {
  const stars = [-18, 0, 18].flatMap((east) => [-18, 0, 18].map((north) => ({ east, north, flux: () => 900 })));
  const spec = { frames: 8, side: 260, seed: 3, stars, fwhmPix: (k: number) => (k % 2 ? 6.5 : 3) };
  const made = async (coadd: 'weighted' | 'proper', change = {}) => {
    const { unit, alignment } = makeUnit({ ...spec, ...change });
    const parameters = { ...parametersOf(stacking), back_size: 130, nsig: 0, trails: false, coadd };
    return (await stacking.run({ unit, alignment }, parameters, contextOf(scalarCompute()))).outputs.stacks.stack;
  };

  it('has more S/N than the weighted mean in seeing that differs, the right fluxes, and white noise', async () => {
    const [mean, proper] = [await made('weighted'), await made('proper')];
    expect(depth(proper) / depth(mean)).toBeGreaterThan(1.02);
    for (const { east, north } of stars) expect(fluxAt(proper, east, north) / 900).toBeCloseTo(1, 1.3);
    // Resampling alone correlates neighbours, and by as much in the mean.
    expect(Math.abs(correlation(proper, 1) - correlation(mean, 1))).toBeLessThan(0.04);
    expect(Math.abs(correlation(proper, 3))).toBeLessThan(0.04);
    const pull = blank(proper).map((p) => proper.data[p]! / Math.sqrt(proper.variance[p]!));
    expect(Math.sqrt(pull.reduce((sum, v) => sum + v * v, 0) / pull.length)).toBeCloseTo(1, 1);
  }, 60_000);
});

/** Pixels far from stars and borders. */
function blank({ width, height }: Stack): number[] {
  const found: number[] = [];
  for (let y = 40; y < height - 40; y++)
    for (let x = 40; x < width - 40; x++) {
      const isNear = [-18, 0, 18].some((e) =>
        [-18, 0, 18].some((n) => Math.hypot(x - width / 2 + e / 0.38, y - height / 2 - n / 0.38) < 21),
      );
      if (!isNear) found.push(y * width + x);
    }
  return found;
}

function correlation(stack: Stack, lag: number): number {
  let [sum, squares] = [0, 0];
  for (const p of blank(stack)) {
    sum += stack.data[p]! * stack.data[p + lag]!;
    squares += stack.data[p]! ** 2;
  }
  return sum / squares;
}

/** S/N of a star in the sum over the profile that the stack itself shows: Σ p d / √(Σ p²) over the scatter of a pixel and its neighbours. */
function depth(stack: Stack): number {
  const radius = 12;
  const side = 2 * radius + 1;
  const profile = new Float64Array(side * side);
  const sigma = stack.fwhmPix / 2.3548;
  for (let i = 0; i < profile.length; i++)
    profile[i] = Math.exp(-(((i % side) - radius) ** 2 + (Math.floor(i / side) - radius) ** 2) / (2 * sigma * sigma));
  const mean = profile.reduce((a, b) => a + b, 0) / profile.length;
  const filter = (x: number, y: number): number =>
    profile.reduce(
      (sum, p, i) => sum + (p - mean) * stack.data[(y - radius + Math.floor(i / side)) * stack.width + x - radius + (i % side)]!,
      0,
    );
  let light = 0;
  for (const east of [-18, 0, 18])
    for (const north of [-18, 0, 18]) {
      const [x, y] = stack.wcs.skyToPixel(...skyOf(east, north))!;
      light += filter(Math.round(x), Math.round(y)) / 9;
    }
  const noise = blank(stack)
    .filter((_, k) => k % 7 === 0)
    .map((p) => filter(p % stack.width, Math.floor(p / stack.width)));
  return light / Math.sqrt(noise.reduce((sum, v) => sum + v * v, 0) / noise.length);
}

function fluxAt(stack: Stack, east: number, north: number): number {
  const [x0, y0] = stack.wcs.skyToPixel(...skyOf(east, north))!;
  let [sum, area, ring, ringArea] = [0, 0, 0, 0];
  for (let y = Math.ceil(y0 - 20); y <= y0 + 20; y++)
    for (let x = Math.ceil(x0 - 20); x <= x0 + 20; x++) {
      const r = Math.hypot(x - x0, y - y0);
      const v = stack.data[y * stack.width + x]!;
      if (r < 12) {
        sum += v;
        area++;
      } else if (r > 14 && r < 20) {
        ring += v;
        ringArea++;
      }
    }
  return sum - (area * ring) / ringArea;
}
