import { existsSync } from 'node:fs';
import { seededRandom } from '@colibri/base';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Compute } from '../compute.ts';
import { kernelsPath, openCompute } from '../node/index.ts';
import { scalarCompute } from '../scalar-compute.ts';
import { findStreaks, maskStreak, type Streak, type StreakImage } from './find-streaks.ts';

const compute = scalarCompute();

interface Made {
  readonly side?: number;
  readonly angleDeg?: number;
  /** Distance of the line from the middle [pix], its bow, and the part of it that shows. */
  readonly offset?: number;
  readonly bowPix?: number;
  readonly part?: readonly [number, number];
  /** Light on the crest [sigma of a pixel]. */
  readonly crest: number;
  readonly seed?: number;
}

const SIGMA_PIX = 1.5;

/** White noise with holes where sources were masked, a step of the sky in the middle, and one streak. */
function makeImage({ side = 512, angleDeg = 33, offset = 20, bowPix = 0, part = [0, 1], crest, seed = 1 }: Made) {
  const random = seededRandom(seed);
  const data = new Float32Array(side * side);
  const mask = new Uint16Array(side * side);
  const truth = new Float32Array(side * side);
  const [c, s] = [Math.cos((angleDeg * Math.PI) / 180), Math.sin((angleDeg * Math.PI) / 180)];
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const p = y * side + x;
      const [dx, dy] = [x - side / 2, y - side / 2];
      const t = (dx * c + dy * s) / side + 0.5;
      const d = -dx * s + dy * c - offset - 4 * bowPix * t * (1 - t);
      if (t >= part[0] && t <= part[1]) truth[p] = crest * Math.exp((-d * d) / (2 * SIGMA_PIX ** 2));
      data[p] = random.normal() + 0.15 * Math.tanh((y - side / 2) / 30) + truth[p]!;
    }
  }
  for (let k = 0; k < side / 8; k++) {
    const [x0, y0] = [random.below(side - 16), random.below(side - 16)];
    for (let y = y0; y < y0 + 14; y++) mask.fill(1, y * side + x0, y * side + x0 + 14);
  }
  const image: StreakImage = { width: side, height: side, data, mask, rms: Float32Array.of(1), rmsColumns: 1, fwhmPix: 3.53 };
  return { image, truth, along: [c, s] as const, offset };
}

/** Largest distance of a streak's ends and middle from the true line [pix]. */
function missedBy({ x0, y0, x1, y1 }: Streak, { image, along: [c, s], offset }: ReturnType<typeof makeImage>): number {
  const middle = image.width / 2;
  return Math.max(
    ...[
      [x0, y0],
      [x1, y1],
    ].map(([x, y]) => Math.abs(-(x! - middle) * s + (y! - middle) * c - offset)),
  );
}

describe('findStreaks', () => {
  it.each([33, 58, 122, 147, 4, 86, 176])('finds a streak at %s° that no pixel shows, and masks its light', async (angleDeg) => {
    const made = makeImage({ angleDeg, crest: 0.5 });
    const found = await findStreaks(made.image, compute);
    expect(found).toHaveLength(1);
    expect(missedBy(found[0]!, made)).toBeLessThan(1.5);
    expect(found[0]!.crestSnr).toBeGreaterThan(0.4);
    expect(found[0]!.crestSnr).toBeLessThan(0.6);
    const mask = new Uint16Array(made.image.mask.length);
    maskStreak(found[0]!, mask, made.image, 32);
    const bright = Array.from(made.truth.keys()).filter((p) => made.truth[p]! > 0.1);
    expect(bright.filter((p) => mask[p] === 32).length / bright.length).toBeGreaterThan(0.98);
    expect(mask.filter((m) => m === 32).length).toBeLessThan(12 * 1.5 * 512);
  });

  it('says the S/N of the whole: √(Σ light²) in units of the noise', async () => {
    const made = makeImage({ crest: 2 });
    const ideal = Math.sqrt(made.truth.reduce((sum, v, p) => sum + (made.image.mask[p] === 0 ? v * v : 0), 0));
    const [found] = await findStreaks(made.image, compute);
    expect(found!.snr / ideal).toBeGreaterThan(0.85);
    expect(found!.snr / ideal).toBeLessThan(1.05);
  });

  it('follows a bow of distortion, and ends where the light ends', async () => {
    const made = makeImage({ crest: 1, bowPix: 4, offset: -10, part: [0, 0.7] });
    const [found] = await findStreaks(made.image, compute);
    expect(Math.abs(Math.hypot(found!.x1 - found!.x0, found!.y1 - found!.y0) / 512 - 0.75)).toBeLessThan(0.1);
    const mask = new Uint16Array(made.image.mask.length);
    maskStreak(found!, mask, made.image, 32);
    const bright = Array.from(made.truth.keys()).filter((p) => made.truth[p]! > 0.3);
    expect(bright.filter((p) => mask[p] === 32).length / bright.length).toBeGreaterThan(0.97);
  });

  it('finds nothing in noise, in rows of another bias, or in a column of stars that were not masked', async () => {
    for (let seed = 1; seed <= 12; seed++) {
      const { image } = makeImage({ crest: 0, seed });
      const { data } = image;
      for (let y = 100; y < 104; y++) for (let x = 0; x < 512; x++) data[y * 512 + x]! += 0.15;
      for (const y0 of [150, 380])
        for (let y = -8; y <= 8; y++)
          for (let x = -8; x <= 8; x++) data[(y0 + y) * 512 + 250 + x]! += 30 * Math.exp(-(x * x + y * y) / 8);
      expect(await findStreaks(image, compute)).toEqual([]);
    }
  });

  it('holds on an image of a few pixels and one without any', async () => {
    const tiny = { width: 12, height: 9, rms: Float32Array.of(1), rmsColumns: 1, fwhmPix: 3 };
    expect(await findStreaks({ ...tiny, data: new Float32Array(108), mask: new Uint16Array(108) }, compute)).toEqual([]);
    expect(await findStreaks({ ...tiny, data: new Float32Array(108), mask: new Uint16Array(108).fill(1) }, compute)).toEqual([]);
    expect(
      await findStreaks({ ...tiny, data: new Float32Array(108), mask: new Uint16Array(108), rms: Float32Array.of(NaN) }, compute),
    ).toEqual([]);
  });
});

describe.skipIf(!existsSync(kernelsPath))('compiled sums along lines (skipped before npm run build)', () => {
  let wasm: Compute;
  beforeAll(async () => {
    wasm = await openCompute({ threads: 2, megabytes: 128, poison: true });
  });
  afterAll(() => wasm.close());

  it.each([
    [181, 97],
    [61, 203],
    [128, 128],
    [33, 5],
    [300, 4],
    [1, 1],
  ])('are those of their scalar twin to the last bit, of %s × %s cells', async (columns, rows) => {
    const random = seededRandom(columns);
    const n = columns * rows;
    const weight = Float32Array.from({ length: n }, () => (random.uniform() < 0.1 ? 0 : 4 + random.uniform()));
    const signal = weight.map(
      (w, i) => Math.sqrt(w) * random.normal() + (Math.abs((i % columns) - Math.floor(i / columns)) < 1 ? 3 : 0),
    );
    const cells = { columns, rows, signal, weight };
    const lists = await wasm.sumLines(cells, 2);
    expect(lists).toEqual(await compute.sumLines(cells, 2));
    expect(lists).toHaveLength(8);
    if (n > 2000) expect(lists.some(({ row }) => row.length > 20)).toBe(true);
  });

  it('give the same streaks from the same cells', async () => {
    for (const crest of [0, 0.5, 3]) {
      const made = makeImage({ crest, seed: 7 });
      const again = { ...made.image, mask: made.image.mask.slice() };
      expect(await findStreaks(made.image, wasm)).toEqual(await findStreaks(again, compute));
      expect(made.image.mask).toEqual(again.mask);
    }
  });
});
