import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '@colibri/base';
import { Header, imageHdu, openFits, writeFits } from '@colibri/fits';
import { decodeMaster } from '@colibri/modules';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exitCodes } from '../exit-codes.ts';
import { runCommand } from '../main.ts';

const folder = mkdtempSync(join(tmpdir(), 'colibri-masters-'));
const raw = join(folder, 'raw'),
  out = join(folder, 'masters');
const [size, overscan] = [48, 8];
let at = Date.UTC(2026, 0, 1, 1);

function write(type: 'bias' | 'dark' | 'flat', filter: string, exposureSec: number, light: (x: number) => number): void {
  at += 60_000;
  const random = seededRandom(at / 1000);
  const iso = new Date(at).toISOString();
  const columns = size + 2 * overscan;
  const data = Uint16Array.from({ length: columns * size }, (_, i) => {
    const x = (i % columns) - overscan;
    const inside = x >= 0 && x < size;
    return Math.round(500 + (inside ? light(x) : 0) + 3 * random.normal());
  });
  const header = new Header();
  for (const [keyword, value] of [
    ['DATE-OBS', iso.slice(0, 23)],
    ['EXPTIME', exposureSec],
    ['EXPTYPE', type],
    ['CCD_NAME', 'C1'],
    ['FILTER', filter],
    ['BINNING', '1'],
    ['READMODE', '1MHz'],
    ['SOFTGAIN', 1],
    ['DATASEC', `[${overscan + 1}:${overscan + size},1:${size}]`],
    ['SDTTM', -60],
  ] as const)
    header.set(keyword, value);
  const name = `${iso.slice(0, 19).replace(/[-:]/g, '')}C1${type[0]}.fits`;
  writeFileSync(join(raw, name), writeFits([imageHdu({ data, shape: [columns, size], header })]));
}

describe('the commands bias, dark and flat', () => {
  beforeAll(() => {
    mkdirSync(raw);
    for (let n = 0; n < 8; n++) write('bias', 'r', 0, (x) => x / 4);
    for (const time of [10, 30, 60]) for (let n = 0; n < 3; n++) write('dark', 'r', time, (x) => x / 4 + 2 + 0.5 * time);
    for (const filter of ['g', 'gri'])
      for (let n = 0; n < 5; n++) {
        const level = 8000 + 1000 * n;
        write('flat', filter, 5, (x) => x / 4 + 2 + 2.5 + level * (1 + (filter === 'g' ? 0.1 : -0.1) * (x / size - 0.5)));
      }
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('make masters one after the other, each from what the one before left', async () => {
    for (const command of ['bias', 'dark', 'flat']) {
      expect(await runCommand(command, ['--input', raw, '--output', out]), command).toBe(exitCodes.done);
    }
    const names = readdirSync(out).filter((name) => name.endsWith('.fits'));
    expect(names.map((name) => name.replace(/_\d{8}T\d{6}|_[0-9a-f]{16}/g, '')).sort()).toEqual([
      'bias_C1_w_1_1MHz_1.fits',
      'dark_C1_w_1_1MHz_1_rate.fits',
      'flat_C1_g_1_1MHz_1.fits',
      'flat_C1_gri_1_1MHz_1.fits',
    ]);
    const read = async (start: string) => {
      const name = names.find((each) => each.startsWith(start) && (start !== 'flat' || each.includes('_g_')))!;
      const bytes = new Uint8Array(readFileSync(join(out, name)));
      return { master: await decodeMaster(bytes, name, ''), header: (await openFits(bytes, { name })).hdu('SCI').header };
    };
    const bias = await read('bias');
    expect(Math.abs(bias.header.number('MRDNOISE')! - 3)).toBeLessThan(0.2);
    const dark = await read('dark');
    expect(Math.abs(dark.header.number('MRATE')! - 0.5)).toBeLessThan(0.02); // 1 adu a pixel and time: 0.005 of the median
    expect(Math.abs(dark.header.number('MOFFSET')! - 2)).toBeLessThan(1); // median of 136 pixels of 2.3 adu, levels to 0.15: four of it
    const { master } = await read('flat');
    const column = (x: number): number => {
      let sum = 0;
      for (let y = 0; y < size; y++) sum += master.data[y * size + x]!;
      return sum / size;
    };
    expect(Math.abs(column(40) - column(8) - (0.1 * 32) / size)).toBeLessThan(0.002);
  });

  it('say when there is nothing to make a master of', async () => {
    expect(await runCommand('dark', ['--input', join(raw, readdirSync(raw)[0]!), '--output', join(folder, 'none')])).toBe(
      exitCodes.someFailed,
    );
  });
});
