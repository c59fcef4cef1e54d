import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ObservatoryError, type Random, seededRandom } from '@colibri/base';
import { describe, expect, it } from 'vitest';
import { bytesSource, describeFits, Header, imageHdu, openFits, readImage, readTable, tableHdu, writeFits } from './index.ts';

const ROUNDS = Number(process.env['FITS_FUZZ'] ?? 2500);

/** Small files of every kind we can write; each mutation starts from one of them. */
function parents(): Uint8Array[] {
  const floats = Float32Array.from({ length: 600 }, (_, i) => Math.sin(i) * 40 + (i % 30));
  const ints = Int16Array.from({ length: 600 }, (_, i) => (i * 7919) % 500);
  const shape = [30, 20];
  const header = Header.of([
    ['OBJECT', "O'Brien's star"],
    ['ESO TEL ALT', 45.5, 'hierarch'],
    ['STORY', 'long '.repeat(40)],
  ]);
  const columns = [
    { name: 'ID', data: Int32Array.from({ length: 20 }, (_, i) => i), null: 7 },
    { name: 'NAME', data: Array.from({ length: 20 }, (_, i) => `star ${i}`), format: '12A' },
    { name: 'FLUX', data: floats.subarray(0, 60), repeat: 3, dim: [3] },
    { name: 'GOOD', data: Array.from({ length: 20 }, (_, i) => i % 3 === 0) },
    { name: 'SPEC', data: Array.from({ length: 20 }, (_, i) => floats.slice(0, i)) },
    { name: 'BITS', data: Uint8Array.from({ length: 220 }, (_, i) => i % 2), format: '11X' },
  ];
  return [
    ...packedByOthers(ints, shape),
    writeFits([imageHdu({ data: ints, shape, header })]),
    writeFits([imageHdu({ data: Uint16Array.from(ints), shape, name: 'SCI', blank: 3 })]),
    writeFits([imageHdu({ data: ints, shape, compress: { algorithm: 'RICE_1' } })]),
    writeFits([imageHdu({ data: floats, shape, compress: { algorithm: 'RICE_1', quantize: { dither: 'dither2' } } })]),
    writeFits([imageHdu({ data: floats, shape, compress: { algorithm: 'GZIP_2', tile: [16, 7] } })]),
    writeFits([tableHdu({ name: 'CAT', columns, header })]),
    withCard(writeFits([imageHdu({ data: ints, shape, compress: { algorithm: 'RICE_1' } })]), 'ZCMPTYPE', "'HCOMPRESS_1'"),
    withCard(writeFits([imageHdu({ data: ints, shape, compress: { algorithm: 'RICE_1' } })]), 'ZCMPTYPE', "'PLIO_1  '"),
  ];
}

/** HCOMPRESS, PLIO and packed tables, which we only read: made by fpack where it is installed. */
function packedByOthers(ints: Int16Array, shape: number[]): Uint8Array[] {
  if (spawnSync('fpack', ['-V']).error) return [];
  const folder = mkdtempSync(join(tmpdir(), 'fits-fuzz-'));
  try {
    const cells = Array.from({ length: 20 }, (_, i) => Float32Array.from({ length: 9 * i }, (_, k) => k));
    const columns = [
      { name: 'A', data: ints.slice(0, 600), repeat: 30 },
      { name: 'B', data: Int32Array.from(ints.subarray(0, 20)) },
      { name: 'C', data: cells },
    ];
    const square = Uint8Array.from(ints, (v) => v % 7);
    const ways: [Uint8Array, string[]][] = [
      [writeFits([imageHdu({ data: ints, shape })]), ['-h', '-s', '0', '-w']],
      [writeFits([imageHdu({ data: ints, shape })]), ['-h', '-s', '3']],
      [writeFits([imageHdu({ data: square, shape })]), ['-p']],
      [writeFits([imageHdu({ data: ints, shape })]), ['-g1']],
      [writeFits([tableHdu({ columns })]), ['-table']],
    ];
    return ways.map(([bytes, options], i) => {
      const path = join(folder, `${i}.fits`);
      writeFileSync(path, bytes);
      spawnSync('fpack', [...options, path]);
      return new Uint8Array(readFileSync(`${path}.fz`));
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function withCard(bytes: Uint8Array, keyword: string, value: string): Uint8Array {
  const copy = bytes.slice();
  const wanted = keyword.padEnd(8);
  for (let at = 0; at < copy.length; at += 80) {
    if (String.fromCharCode(...copy.subarray(at, at + 8)) !== wanted) continue;
    const text = `${wanted}= ${value}`.padEnd(80);
    for (let i = 0; i < 80; i++) copy[at + i] = text.charCodeAt(i);
  }
  return copy;
}

const evil = [
  '0',
  '1',
  '-1',
  '2',
  '3',
  '8',
  '-32',
  '64',
  '999',
  '65536',
  '2147483647',
  '4294967296',
  '9007199254740993',
  '99999999999999999999',
  '1.5',
  '1E30',
  'NaN',
  '',
  'T',
  'F',
  "'X'",
  "'1PB(9)'",
  "'1QD(3)'",
  "'0A'",
  "'9999999999D'",
  "'IMAGE'",
  "'BINTABLE'",
  "'TABLE'",
  "'RICE_1'",
  "'GZIP_1'",
  "'GZIP_2'",
  "'HCOMPRESS_1'",
  "'PLIO_1'",
  "'NOCOMPRESS'",
  "'(3,99999)'",
  "'(0,999999999)'",
  "'",
];
const fate = [
  'NAXIS',
  'NAXIS1',
  'NAXIS2',
  'BITPIX',
  'PCOUNT',
  'GCOUNT',
  'GROUPS',
  'TFIELDS',
  'TFORM1',
  'TFORM2',
  'TFORM5',
  'TDIM2',
  'TDIM3',
  'TNULL1',
  'TSCAL1',
  'TZERO1',
  'THEAP',
  'XTENSION',
  'SIMPLE',
  'ZIMAGE',
  'ZTABLE',
  'ZBITPIX',
  'ZNAXIS',
  'ZNAXIS1',
  'ZNAXIS2',
  'ZTILE1',
  'ZTILE2',
  'ZCMPTYPE',
  'ZVAL1',
  'ZVAL2',
  'ZQUANTIZ',
  'ZDITHER0',
  'ZBLANK',
  'BLANK',
  'BSCALE',
  'BZERO',
  'EXTNAME',
];

/** One change: 60 % know what a card is. */
function mutate(bytes: Uint8Array, random: Random): Uint8Array {
  const copy = bytes.slice();
  const card = 80 * random.below(Math.min(copy.length, 5760) / 80);
  switch (random.below(10)) {
    case 0:
    case 1:
    case 2: // an evil value
      return withCard(copy, fate[random.below(fate.length)]!, evil[random.below(evil.length)]!);
    case 3: {
      // another keyword on an existing card, with an evil value
      const text = `${fate[random.below(fate.length)]!.padEnd(8)}= ${evil[random.below(evil.length)]}`.padEnd(80);
      for (let i = 0; i < 80 && card + i < copy.length; i++) copy[card + i] = text.charCodeAt(i);
      return copy;
    }
    case 4: // a card blanked
      return copy.fill(32, card, card + 80);
    case 5: // a card copied over another
      return copy.copyWithin(80 * random.below(Math.min(copy.length, 5760) / 80), card, card + 80);
    case 6: // cut
      return copy.subarray(0, random.below(copy.length));
    case 7: // a 32-bit word of the data
      new DataView(copy.buffer).setInt32(
        4 * random.below(copy.length / 4 - 1),
        [0, 1, -1, 2 ** 31 - 1, -(2 ** 31), 1000][random.below(6)]!,
      );
      return copy;
    case 8: {
      for (let n = 1 + random.below(8); n > 0; n--) copy[random.below(copy.length)]! ^= 1 << random.below(8);
      return copy;
    }
    default: {
      // bytes moved
      const from = random.below(copy.length);
      return copy.copyWithin(random.below(copy.length), from, from + random.below(400));
    }
  }
}

async function readAll(bytes: Uint8Array): Promise<void> {
  const file = await openFits(bytesSource(bytes, 'fuzz.fits'));
  const found = await describeFits(file);
  for (const [i, hdu] of file.hdus.entries()) {
    if (found[i]!.rows !== undefined) await readTable(hdu);
    else if (found[i]!.finite !== undefined && hdu.shape.length === 2 && !hdu.shape.includes(0)) {
      await readImage(hdu, {
        section: [
          [0, 1],
          [hdu.shape[1]! - 1, hdu.shape[1]!],
        ],
        as: 'float32',
      });
    }
  }
}

describe('mutated files', () => {
  it(`give valid results or a FITS_ error, quickly and in little memory (${ROUNDS} mutations)`, async () => {
    const seed = 20_261_125;
    const random = seededRandom(seed);
    const all = parents();
    const before = process.memoryUsage.rss();
    let refused = 0;
    for (let round = 0; round < ROUNDS; round++) {
      let bytes = all[random.below(all.length)]!;
      for (let n = 1 + random.below(3); n > 0 && bytes.length > 200; n--) bytes = mutate(bytes, random);
      const start = process.cpuUsage();
      try {
        await readAll(bytes);
      } catch (error) {
        if (!(error instanceof ObservatoryError) || !error.code.startsWith('FITS_'))
          throw new Error(`seed ${seed}, round ${round}`, { cause: error });
        if (!error.message.includes('fuzz.fits'))
          throw new Error(`seed ${seed}, round ${round}: the message names no file`, { cause: error });
        refused++;
      }
      const spent = process.cpuUsage(start);
      if (spent.user + spent.system > 2_000_000)
        throw new Error(`seed ${seed}, round ${round} took ${spent.user + spent.system} µs of CPU`);
    }
    // Both kinds of outcome must be there, or the mutations are too weak or too strong.
    expect(refused).toBeGreaterThan(ROUNDS / 10);
    expect(refused).toBeLessThan(ROUNDS * 0.9);
    // 256 MiB of growth are allowed; what the collector has not yet taken counts too.
    expect(process.memoryUsage.rss() - before).toBeLessThan(512 * 2 ** 20);
  });
});
