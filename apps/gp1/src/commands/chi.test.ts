import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '@colibri/base';
import { readTable } from '@colibri/fits';
import { readFitsFile, useZlib } from '@colibri/fits/node';
import { encodeStack } from '@colibri/modules';
import { scalarCompute } from '@colibri/numerics';
import type { Stack } from '@colibri/pipeline';
import { tanWcs } from '@colibri/sky';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chiCommand } from './chi.ts';

const [width, height] = [256, 256];
const stars = Array.from({ length: 9 }, (_, k) => ({ x: 40 + 80 * (k % 3), y: 40 + 80 * Math.floor(k / 3) }));

/** White noise of variance 1 and round stars of FWHM 3.5. */
function madeStack(filter: string, seed: number, flux: (star: number) => number): Stack {
  const random = seededRandom(seed);
  const data = new Float32Array(width * height).map(() => random.normal());
  const s2 = (3.5 / 2.3548) ** 2;
  for (const [k, { x, y }] of stars.entries())
    for (let j = -8; j <= 8; j++)
      for (let i = -8; i <= 8; i++)
        data[(y + j) * width + x + i]! += (flux(k) / (2 * Math.PI * s2)) * Math.exp(-(i * i + j * j) / (2 * s2));
  const scale = 0.38 / 3600;
  return {
    width,
    height,
    data,
    variance: new Float32Array(width * height).fill(1),
    mask: new Uint16Array(width * height),
    header: new Map(),
    wcs: tanWcs({ crpix: [128, 128], crval: [215.6, 53.1], cd: [-scale, 0, 0, scale] }),
    camera: 'C1',
    filter,
    coverageSec: new Float32Array(width * height).fill(60),
    exposureSec: 60,
    startedAt: '2026-01-01T04:20:01.000Z',
    endedAt: '2026-01-01T04:21:01.000Z',
    midMjdUtc: 61041.18,
    fwhmPix: 3.5,
    gainSec: 60,
    saturation: 60_000,
    covarianceFactor: 1,
    inputs: [],
  };
}

describe('gp1 chi', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gp1-chi-'));
  beforeAll(async () => {
    useZlib();
    for (const [filter, seed] of [
      ['g', 1],
      ['r', 2],
    ] as const) {
      // Each star is bright in one of the two filters and not seen in the other.
      const stack = madeStack(filter, seed, (k) => ((k % 2 === 0) === (filter === 'g') ? 90 : 0));
      mkdirSync(join(folder, filter));
      writeFileSync(join(folder, filter, 'stack.fits.fz'), await encodeStack(stack, [], scalarCompute()));
    }
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const said: string[] = [];
  const console = { out: (line: string) => said.push(line), err: (line: string) => said.push(line) };

  it('finds what any filter shows, and names its stacks by hash', async () => {
    const path = join(folder, 'chi.fits.fz');
    expect(await chiCommand([join(folder, 'g'), join(folder, 'r')], { output: path }, console)).toBe(0);
    expect(said.join('\n')).toMatch(/sources over g\+r/);
    const file = await readFitsFile(path);
    const table = await readTable(file.hdu('SOURCES'));
    const [x, y] = [table.numbers('X_IMAGE'), table.numbers('Y_IMAGE')];
    for (const star of stars)
      expect(Math.min(...Array.from(x, (v, i) => Math.hypot(v - 1 - star.x, y[i]! - 1 - star.y)))).toBeLessThan(2);
    const { header } = file.hdu('SCI');
    const hash = createHash('sha256')
      .update(readFileSync(join(folder, 'g', 'stack.fits.fz')))
      .digest('hex');
    expect(header.text('STACK1')).toBe(hash);
  });

  it('gives the same bytes again', async () => {
    const again = join(folder, 'again.fits.fz');
    await chiCommand([join(folder, 'g'), join(folder, 'r')], { output: again }, console);
    expect(readFileSync(again).equals(readFileSync(join(folder, 'chi.fits.fz')))).toBe(true);
  });

  it('says what is missing', async () => {
    await expect(
      chiCommand([join(folder, 'g'), join(folder, 'z')], { output: join(folder, 'no.fits') }, console),
    ).rejects.toThrow(/is stacked before/);
    await expect(chiCommand([join(folder, 'g')], { output: join(folder, 'no.fits') }, console)).rejects.toThrow(/two units/);
  });
});
