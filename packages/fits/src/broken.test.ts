import { ObservatoryError } from '@colibri/base';
import { gzipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import {
  assertChecksums,
  bytesSource,
  describeFits,
  imageHdu,
  openFits,
  readImage,
  readTable,
  tableHdu,
  writeFits,
} from './index.ts';

/** A header of raw records: `KEY=value` becomes a fixed-format card; what has no `=` in it stands as it is. */
function header(...lines: string[]): Uint8Array {
  return ascii([...lines.map(record), 'END'.padEnd(80)].join(''), 32);
}

function record(line: string): string {
  const match = /^([A-Z0-9_-]{1,8})=(.*)$/.exec(line);
  if (!match) return line.padEnd(80);
  const value = match[2]!;
  return `${match[1]!.padEnd(8)}= ${value.startsWith("'") ? value : value.padStart(20)}`.padEnd(80);
}

function ascii(text: string, fill: number, block = 2880): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(text.length / block) * block).fill(fill);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

function join(...parts: (Uint8Array | number)[]): Uint8Array {
  const arrays = parts.map((part) => (typeof part === 'number' ? new Uint8Array(part) : part));
  const out = new Uint8Array(arrays.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const array of arrays) {
    out.set(array, at);
    at += array.length;
  }
  return out;
}

const image = (...more: string[]): string[] => ['SIMPLE=T', 'BITPIX=16', 'NAXIS=2', 'NAXIS1=4', 'NAXIS2=3', ...more];
const primary = header('SIMPLE=T', 'BITPIX=8', 'NAXIS=0', 'EXTEND=T');
const table = (
  rowBytes: number | string,
  rows: number | string,
  pcount: number | string,
  fields: number | string,
  ...more: string[]
): Uint8Array =>
  header(
    "XTENSION='BINTABLE'",
    'BITPIX=8',
    'NAXIS=2',
    `NAXIS1=${rowBytes}`,
    `NAXIS2=${rows}`,
    `PCOUNT=${pcount}`,
    'GCOUNT=1',
    `TFIELDS=${fields}`,
    ...more,
  );
const asciiTable = (rowBytes: number, rows: number, fields: number, ...more: string[]): Uint8Array =>
  header(
    "XTENSION='TABLE   '",
    'BITPIX=8',
    'NAXIS=2',
    `NAXIS1=${rowBytes}`,
    `NAXIS2=${rows}`,
    'PCOUNT=0',
    'GCOUNT=1',
    `TFIELDS=${fields}`,
    ...more,
  );
const int32 = (...values: number[]): Uint8Array => {
  const bytes = new Uint8Array(4 * values.length);
  values.forEach((value, i) => {
    new DataView(bytes.buffer).setInt32(4 * i, value);
  });
  return bytes;
};
const block = (bytes: Uint8Array): Uint8Array => join(bytes, (2880 - (bytes.length % 2880)) % 2880);

/** A Rice image of 2 tiles of 4 pixels of 16 bits; `change` replaces lines of its header, `heap` the packed bytes. */
function rice(
  change: Record<string, string> = {},
  rows = int32(4, 0, 4, 4),
  heap = new Uint8Array([0, 7, 0, 0, 0, 9, 0, 0]),
): Uint8Array {
  const lines = [
    'TTYPE1=' + "'COMPRESSED_DATA'",
    "TFORM1='1PB(4)'",
    'ZIMAGE=T',
    'ZBITPIX=16',
    'ZNAXIS=2',
    'ZNAXIS1=4',
    'ZNAXIS2=2',
    "ZCMPTYPE='RICE_1'",
    'ZTILE1=4',
    'ZTILE2=1',
    "ZNAME1='BLOCKSIZE'",
    'ZVAL1=32',
    "ZNAME2='BYTEPIX'",
    'ZVAL2=2',
  ];
  const changed = lines.flatMap((line) => {
    const key = line.slice(0, line.indexOf('='));
    return key in change ? (change[key] === '' ? [] : [`${key}=${change[key]}`]) : [line];
  });
  return join(primary, table(8, 2, heap.length, 1, ...changed), block(join(rows, heap)));
}

/** Opens and reads everything there is. */
async function readAll(bytes: Uint8Array) {
  const file = await openFits(bytesSource(bytes, 'broken.fits'));
  const found = await describeFits(file);
  const data = [];
  for (const [i, hdu] of file.hdus.entries()) {
    if (found[i]!.rows !== undefined) data.push((await readTable(hdu)).columns.map((column) => column.data));
    else data.push(found[i]!.finite === undefined ? null : (await readImage(hdu)).data);
  }
  return { file, found, data };
}

type Refusal = readonly [title: string, bytes: () => Uint8Array, code: string, offset: number];

const text = (bytes: Uint8Array, at: number, value: string): Uint8Array => {
  const copy = bytes.slice();
  for (let i = 0; i < value.length; i++) copy[at + i] = value.charCodeAt(i);
  return copy;
};

const good = (): Uint8Array => join(header(...image()), block(new Uint8Array(24)));
const many = (count: number): string[] => Array.from({ length: count }, (_, i) => `K${i}=${i}`);

const refusals: Record<string, readonly Refusal[]> = {
  structure: [
    ['an empty file', () => new Uint8Array(0), 'FITS_EMPTY', 0],
    ['one byte', () => new Uint8Array([83]), 'FITS_TRUNCATED', 1],
    ['text', () => ascii('Not a FITS file at all', 10), 'FITS_NOT_FITS', 0],
    ['zeros', () => new Uint8Array(5760), 'FITS_NOT_FITS', 0],
    ['a JPEG', () => new Uint8Array([0xff, 0xd8, 0xff, 0xe0, 0, 16, 74, 70, 73, 70]), 'FITS_NOT_FITS', 0],
    ['an extension without primary', () => join(table(1, 0, 0, 1, "TFORM1='B'")), 'FITS_NOT_FITS', 0],
    ['a header without END', () => ascii(image().map(record).join(''), 32), 'FITS_NO_END', 2880],
    ['a header cut inside a card', () => header(...image()).subarray(0, 300), 'FITS_NO_END', 300],
    [
      'a second header without END',
      () => join(primary, ascii(["XTENSION='IMAGE'", 'BITPIX=8'].map(record).join(''), 32)),
      'FITS_NO_END',
      5760,
    ],
    ['data where END should be', () => join(ascii(image().map(record).join(''), 0), 100), 'FITS_HEADER_NOT_TEXT', 400],
    ['a header turned to UTF-16', () => text(header(...image()), 80, '\u00ff\u00feB'), 'FITS_HEADER_NOT_TEXT', 80],
    ['data cut after the first pixels', () => good().subarray(0, 2890), 'FITS_TRUNCATED', 2890],
    ['data missing altogether', () => header(...image()), 'FITS_TRUNCATED', 2880],
    ['an extension whose data are cut', () => join(primary, table(8, 1000, 0, 1, "TFORM1='D'"), 100), 'FITS_TRUNCATED', 5860],
    ['a heap that is cut', () => join(primary, table(8, 1, 9000, 1, "TFORM1='1PB(9)'"), 2880), 'FITS_TRUNCATED', 8640],
  ],
  'mandatory cards': [
    ['no BITPIX', () => header('SIMPLE=T', 'NAXIS=0'), 'FITS_MISSING_KEYWORD', 0],
    ['no NAXIS', () => header('SIMPLE=T', 'BITPIX=8'), 'FITS_MISSING_KEYWORD', 0],
    ['no NAXIS2', () => header('SIMPLE=T', 'BITPIX=8', 'NAXIS=2', 'NAXIS1=4'), 'FITS_MISSING_KEYWORD', 0],
    ['BITPIX = 12', () => header('SIMPLE=T', 'BITPIX=12', 'NAXIS=0'), 'FITS_BAD_KEYWORD', 80],
    ['BITPIX = -16', () => header('SIMPLE=T', 'BITPIX=-16', 'NAXIS=0'), 'FITS_BAD_KEYWORD', 80],
    ['BITPIX as text', () => header('SIMPLE=T', "BITPIX='16'", 'NAXIS=0'), 'FITS_BAD_KEYWORD', 80],
    ['BITPIX without value', () => header('SIMPLE=T', 'BITPIX=', 'NAXIS=0'), 'FITS_BAD_KEYWORD', 80],
    ['NAXIS = -1', () => header('SIMPLE=T', 'BITPIX=8', 'NAXIS=-1'), 'FITS_BAD_KEYWORD', 160],
    ['NAXIS = 1.5', () => header('SIMPLE=T', 'BITPIX=8', 'NAXIS=1.5'), 'FITS_BAD_KEYWORD', 160],
    ['NAXIS = T', () => header('SIMPLE=T', 'BITPIX=8', 'NAXIS=T'), 'FITS_BAD_KEYWORD', 160],
    ['NAXIS1 = -4', () => header('SIMPLE=T', 'BITPIX=8', 'NAXIS=1', 'NAXIS1=-4'), 'FITS_BAD_KEYWORD', 240],
    ['NAXIS1 = 1E1000', () => header('SIMPLE=T', 'BITPIX=8', 'NAXIS=1', 'NAXIS1=1E1000'), 'FITS_BAD_KEYWORD', 240],
    ['XTENSION as a number', () => join(primary, header('XTENSION=5', 'BITPIX=8', 'NAXIS=0')), 'FITS_BAD_KEYWORD', 2880],
    ['PCOUNT = -8', () => join(primary, table(8, 1, -8, 1, "TFORM1='D'"), 2880), 'FITS_BAD_KEYWORD', 2880 + 400],
    [
      'GCOUNT = 0',
      () => join(primary, header("XTENSION='IMAGE'", 'BITPIX=8', 'NAXIS=0', 'PCOUNT=0', 'GCOUNT=0')),
      'FITS_BAD_KEYWORD',
      2880 + 320,
    ],
    [
      'a table without TFIELDS',
      () =>
        join(primary, header("XTENSION='BINTABLE'", 'BITPIX=8', 'NAXIS=2', 'NAXIS1=1', 'NAXIS2=1', 'PCOUNT=0', 'GCOUNT=1'), 2880),
      'FITS_MISSING_KEYWORD',
      2880,
    ],
    ['TFIELDS = 1000', () => join(primary, table(1, 0, 0, 1000)), 'FITS_BAD_KEYWORD', 2880 + 560],
    [
      'a table of 16-bit words',
      () =>
        join(
          primary,
          header("XTENSION='BINTABLE'", 'BITPIX=16', 'NAXIS=2', 'NAXIS1=1', 'NAXIS2=0', 'PCOUNT=0', 'GCOUNT=1', 'TFIELDS=0'),
        ),
      'FITS_BAD_KEYWORD',
      2880 + 80,
    ],
    [
      'a table of three axes',
      () => join(primary, header("XTENSION='TABLE'", 'BITPIX=8', 'NAXIS=3', 'NAXIS1=1', 'NAXIS2=0', 'NAXIS3=1', 'TFIELDS=0')),
      'FITS_BAD_KEYWORD',
      2880 + 160,
    ],
  ],
  'sizes and overflow': [
    [
      '9 axes',
      () => header('SIMPLE=T', 'BITPIX=8', 'NAXIS=9', ...many(9).map((_, i) => `NAXIS${i + 1}=1`)),
      'FITS_TOO_LARGE',
      160,
    ],
    ['2^28 + 1 pixels', () => header('SIMPLE=T', 'BITPIX=8', 'NAXIS=1', `NAXIS1=${2 ** 28 + 1}`), 'FITS_TOO_LARGE', 240],
    [
      'a product beyond 2^53',
      () => header('SIMPLE=T', 'BITPIX=8', 'NAXIS=2', 'NAXIS1=4000000000', 'NAXIS2=4000000000'),
      'FITS_TOO_LARGE',
      160,
    ],
    [
      'a product that is 0 modulo 2^64',
      () => header('SIMPLE=T', 'BITPIX=8', 'NAXIS=2', 'NAXIS1=4294967296', 'NAXIS2=4294967296'),
      'FITS_TOO_LARGE',
      160,
    ],
    [
      'an axis beyond 64 bits',
      () => header('SIMPLE=T', 'BITPIX=8', 'NAXIS=1', 'NAXIS1=99999999999999999999'),
      'FITS_TOO_LARGE',
      240,
    ],
    ['a table of 5 GiB', () => join(primary, table(5 * 2 ** 20, 1024, 0, 0)), 'FITS_TOO_LARGE', 2880],
    ['a heap beyond 2^53', () => join(primary, table(1, 1, '9007199254740993', 0)), 'FITS_TOO_LARGE', 2880 + 400],
    ['36,001 cards', () => header('SIMPLE=T', 'BITPIX=8', 'NAXIS=0', ...many(35_998)), 'FITS_TOO_LARGE', 36_000 * 80],
    [
      '2^28 pixels in a file of 2880 bytes',
      () => header('SIMPLE=T', 'BITPIX=64', 'NAXIS=1', `NAXIS1=${2 ** 28}`),
      'FITS_TRUNCATED',
      2880,
    ],
    [
      'groups without end',
      () =>
        header(
          'SIMPLE=T',
          'BITPIX=8',
          'NAXIS=2',
          'NAXIS1=0',
          'NAXIS2=1000000',
          'GROUPS=T',
          'PCOUNT=3',
          'GCOUNT=9007199254740991',
        ),
      'FITS_TOO_LARGE',
      160,
    ],
  ],
  'tables and heap': [
    ['a column beyond its row', () => join(primary, table(4, 1, 0, 1, "TFORM1='D'"), 2880), 'FITS_TABLE_LAYOUT', 2880 + 640],
    ['an unknown format', () => join(primary, table(4, 1, 0, 1, "TFORM1='4Z'"), 2880), 'FITS_TABLE_LAYOUT', 2880 + 640],
    ['no TFORM1', () => join(primary, table(4, 1, 0, 1), 2880), 'FITS_TABLE_LAYOUT', 2880],
    [
      'a repeat count beyond 2^53',
      () => join(primary, table(4, 1, 0, 1, "TFORM1='99999999999999999999J'"), 2880),
      'FITS_TABLE_LAYOUT',
      2880 + 640,
    ],
    [
      'an array behind the heap',
      () => join(primary, table(8, 1, 8, 1, "TFORM1='1PB(9)'"), block(int32(9, 0, 0, 0))),
      'FITS_HEAP_RANGE',
      5760,
    ],
    [
      'an array before the heap',
      () => join(primary, table(8, 1, 8, 1, "TFORM1='1PB(9)'"), block(int32(2, -1, 0, 0))),
      'FITS_HEAP_RANGE',
      5760,
    ],
    [
      'an array of negative length',
      () => join(primary, table(8, 1, 8, 1, "TFORM1='1PB(9)'"), block(int32(-2, 0, 0, 0))),
      'FITS_HEAP_RANGE',
      5760,
    ],
    [
      'a 64-bit descriptor beyond everything',
      () => join(primary, table(16, 1, 8, 1, "TFORM1='1QB(9)'"), block(int32(0x7fffffff, -1, 0, 0))),
      'FITS_HEAP_RANGE',
      5760,
    ],
    [
      'the second row points away',
      () => join(primary, table(8, 2, 8, 1, "TFORM1='1PJ(1)'"), block(int32(1, 0, 1, 5, 7, 7))),
      'FITS_HEAP_RANGE',
      5768,
    ],
    [
      'an ASCII column beyond its row',
      () => join(primary, asciiTable(8, 1, 1, 'TBCOL1=5', "TFORM1='I8'"), 2880),
      'FITS_TABLE_LAYOUT',
      2880 + 720,
    ],
    [
      'an ASCII column at 0',
      () => join(primary, asciiTable(8, 1, 1, 'TBCOL1=0', "TFORM1='I8'"), 2880),
      'FITS_TABLE_LAYOUT',
      2880 + 720,
    ],
    [
      'an ASCII format that is not one',
      () => join(primary, asciiTable(8, 1, 1, 'TBCOL1=1', "TFORM1='8J'"), 2880),
      'FITS_TABLE_LAYOUT',
      2880 + 720,
    ],
    [
      'letters in a number',
      () => join(primary, asciiTable(8, 2, 1, 'TBCOL1=1', "TFORM1='I8'"), ascii('      12    1x34', 32)),
      'FITS_BAD_FIELD',
      5768,
    ],
  ],
  'tile compression': [
    ['no ZCMPTYPE', () => rice({ ZCMPTYPE: '' }), 'FITS_MISSING_KEYWORD', 2880],
    ['an unknown algorithm', () => rice({ ZCMPTYPE: "'LZMA_1'" }), 'FITS_UNSUPPORTED_COMPRESSION', 2880 + 1200],
    ['no ZBITPIX', () => rice({ ZBITPIX: '' }), 'FITS_MISSING_KEYWORD', 2880],
    ['ZNAXIS1 negative', () => rice({ ZNAXIS1: '-4' }), 'FITS_BAD_KEYWORD', 2880 + 1040],
    ['ZNAXIS1 huge', () => rice({ ZNAXIS1: '2000000000' }), 'FITS_TOO_LARGE', 2880 + 1040],
    ['more tiles than rows', () => rice({ ZNAXIS2: '3' }), 'FITS_TABLE_LAYOUT', 2880 + 320],
    ['a tile of no size', () => rice({ ZTILE1: '0' }), 'FITS_BAD_KEYWORD', 2880 + 1280],
    ['3 bytes per pixel', () => rice({ ZVAL2: '3' }), 'FITS_UNSUPPORTED_COMPRESSION', 2880 + 1600],
    ['blocks of -1 pixels', () => rice({ ZVAL1: '-1' }), 'FITS_BAD_KEYWORD', 2880 + 1520],
    ['no column COMPRESSED_DATA', () => rice({ TTYPE1: "'SOMETHING'" }), 'FITS_TABLE_LAYOUT', 2880],
    ['a tile outside the heap', () => rice({}, int32(4, 0, 4, 6)), 'FITS_HEAP_RANGE', 5768],
    ['a tile without data', () => rice({}, int32(4, 0, 0, 0)), 'FITS_TILE_CORRUPT', 0],
    [
      'packed bytes that end early',
      () => rice({}, int32(4, 0, 4, 4), new Uint8Array([0, 7, 0, 0, 0, 9, 0x20, 0])),
      'FITS_TILE_CORRUPT',
      5760 + 20,
    ],
    [
      'zeros without end',
      () => rice({ ZBITPIX: '32', ZVAL2: '4' }, int32(5, 0, 5, 5), new Uint8Array([0, 0, 0, 7, 0x08, 0, 0, 0, 0, 0])),
      'FITS_TILE_CORRUPT',
      5760 + 16,
    ],
    [
      'a split that does not exist',
      () => rice({ ZBITPIX: '32', ZVAL2: '4' }, int32(5, 0, 5, 5), new Uint8Array([0, 0, 0, 7, 0xff, 0, 0, 0, 9, 0])),
      'FITS_TILE_CORRUPT',
      5760 + 16,
    ],
    ['gzip that is not gzip', () => rice({ ZCMPTYPE: "'GZIP_1'" }), 'FITS_TILE_CORRUPT', 5760 + 16],
    ['HCOMPRESS that is not', () => rice({ ZCMPTYPE: "'HCOMPRESS_1'" }), 'FITS_TILE_CORRUPT', 5760 + 16],
    ['PLIO that is not', () => rice({ ZCMPTYPE: "'PLIO_1'" }), 'FITS_TILE_CORRUPT', 5760 + 16],
    ['floats by RICE_1 without scale', () => rice({ ZBITPIX: '-32' }), 'FITS_TILE_CORRUPT', 5760 + 16],
    [
      'an unknown ZQUANTIZ',
      () =>
        join(
          primary,
          table(
            8,
            1,
            4,
            1,
            "TTYPE1='COMPRESSED_DATA'",
            "TFORM1='1PB(4)'",
            'ZIMAGE=T',
            'ZBITPIX=-32',
            'ZNAXIS=1',
            'ZNAXIS1=4',
            "ZCMPTYPE='RICE_1'",
            "ZQUANTIZ='MAGIC'",
          ),
          2880,
        ),
      'FITS_UNSUPPORTED_COMPRESSION',
      2880 + 1200,
    ],
  ],
  'wrappers and bombs': [
    ['a .Z file', () => new Uint8Array([0x1f, 0x9d, 0x90, 1, 2, 3, 4, 5, 6, 7]), 'FITS_UNSUPPORTED_WRAPPER', 0],
    ['a .bz2 file', () => ascii('BZh91AY&SY', 0), 'FITS_UNSUPPORTED_WRAPPER', 0],
    ['a .xz file', () => new Uint8Array([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0, 4, 0]), 'FITS_UNSUPPORTED_WRAPPER', 0],
    ['a .zip file', () => new Uint8Array([0x50, 0x4b, 3, 4, 0, 0, 0, 0, 0]), 'FITS_UNSUPPORTED_WRAPPER', 0],
    ['a .zst file', () => new Uint8Array([0x28, 0xb5, 0x2f, 0xfd, 0, 0, 0, 0, 0]), 'FITS_UNSUPPORTED_WRAPPER', 0],
    ['gzip of text', () => gzipSync(ascii('hello', 10)), 'FITS_NOT_FITS', 0],
    ['gzip that is cut', () => gzipSync(good()).subarray(0, 60), 'FITS_GZIP_CORRUPT', -1],
    [
      'gzip with a wrong CRC',
      () => {
        const z = gzipSync(good()).slice();
        z[z.length - 6]! ^= 1;
        return z;
      },
      'FITS_GZIP_CORRUPT',
      5760,
    ],
    [
      'a header in gzip that announces more than gzip can hold',
      () => gzipSync(header('SIMPLE=T', 'BITPIX=8', 'NAXIS=1', `NAXIS1=${2 ** 28}`)),
      'FITS_TRUNCATED',
      -1,
    ],
    [
      'a bomb: 20 MB of blanks without END',
      () => gzipSync(join(ascii(image().map(record).join(''), 32), new Uint8Array(20_000_000).fill(32))),
      'FITS_TOO_LARGE',
      36_000 * 80,
    ],
  ],
};

describe('broken files', () => {
  for (const [family, cases] of Object.entries(refusals)) {
    it.each(cases)(`refuses %s (${family})`, async (_, bytes, code, offset) => {
      const error: unknown = await readAll(bytes()).catch((e: unknown) => e);
      expect(error).toBeInstanceOf(ObservatoryError);
      const { code: found, message, facts, hint } = error as ObservatoryError;
      expect(found).toBe(code);
      if (offset >= 0) expect(facts['offset'], message).toBe(offset);
      expect(message).toContain('broken.fits, HDU ');
      expect(hint.length).toBeGreaterThan(20);
    });
  }

  it('refuses changed bytes where a checksum says so', async () => {
    const bytes = writeFits([imageHdu({ data: Int16Array.of(1, 2, 3, 4), shape: [2, 2] })]);
    await expect(openFits(bytes).then(assertChecksums)).resolves.toEqual([{ hdu: 0, datasum: 'ok', checksum: 'ok' }]);
    bytes[2881]! ^= 1;
    const error: unknown = await openFits(bytes)
      .then(assertChecksums)
      .catch((e: unknown) => e);
    expect((error as ObservatoryError).code).toBe('FITS_CHECKSUM_MISMATCH');
  });

  it('refuses to read a table as an image and the other way round', async () => {
    const file = await openFits(writeFits([tableHdu({ columns: [{ name: 'A', data: Int16Array.of(1) }] })]));
    await expect(readImage(file.hdus[1]!)).rejects.toMatchObject({ code: 'FITS_WRONG_KIND' });
    await expect(readTable(file.hdus[0]!)).rejects.toMatchObject({ code: 'FITS_WRONG_KIND' });
    expect(() => file.hdu('NOPE')).toThrow(expect.objectContaining({ code: 'FITS_NO_SUCH_HDU' }));
    expect(() => file.firstImage()).toThrow(expect.objectContaining({ code: 'FITS_WRONG_KIND' }));
  });

  it.each([
    [
      [
        [0, 5],
        [0, 3],
      ],
    ],
    [[[0, 4]]],
    [
      [
        [-1, 4],
        [0, 3],
      ],
    ],
    [
      [
        [2, 2],
        [0, 3],
      ],
    ],
    [
      [
        [0.5, 2],
        [0, 3],
      ],
    ],
  ])('refuses the section %j of 4 × 3 pixels', async (section) => {
    const file = await openFits(good());
    await expect(readImage(file.hdus[0]!, { section: section as [number, number][] })).rejects.toMatchObject({
      code: 'FITS_BAD_REQUEST',
    });
  });
});

/** Odd, but readable: the values, and the warnings that go with them. */
const odd: readonly [
  title: string,
  bytes: () => Uint8Array,
  warnings: readonly string[],
  check: (all: Awaited<ReturnType<typeof readAll>>) => void,
][] = [
  [
    'a last record that is not filled up',
    () => good().subarray(0, 2904),
    ['FITS_W_PADDING'],
    ({ found }) => expect(found[0]!.finite).toBe(12),
  ],
  [
    'bytes after the last HDU',
    () => join(good(), ascii('junk', 0)),
    ['FITS_W_TRAILING'],
    ({ found }) => expect(found.length).toBe(1),
  ],
  [
    'blank records after the last HDU',
    () => join(good(), ascii(' ', 32)),
    ['FITS_W_TRAILING'],
    ({ found }) => expect(found.length).toBe(1),
  ],
  [
    'NAXIS before BITPIX',
    () => header('SIMPLE=T', 'NAXIS=0', 'BITPIX=8'),
    ['FITS_W_ORDER'],
    ({ found }) => expect(found[0]!.kind).toBe('empty'),
  ],
  [
    'BITPIX twice',
    () => header('SIMPLE=T', 'BITPIX=8', 'NAXIS=0', 'BITPIX=16'),
    ['FITS_W_DUPLICATE'],
    ({ found }) => expect(found[0]!.bitpix).toBe(8),
  ],
  [
    'a string without closing quote',
    () => header('SIMPLE=T', 'BITPIX=8', 'NAXIS=0', "OBJECT='M 31"),
    ['FITS_W_CARD'],
    ({ file }) => expect(file.hdus[0]!.header.get('OBJECT')).toBe('M 31'),
  ],
  [
    'a value that is nothing',
    () => header('SIMPLE=T', 'BITPIX=8', 'NAXIS=0', 'EXPTIME=12s'),
    ['FITS_W_CARD'],
    ({ file }) => expect(file.hdus[0]!.header.get('EXPTIME')).toBe('12s'),
  ],
  [
    'a keyword in small letters',
    () => header('SIMPLE=T', 'BITPIX=8', 'NAXIS=0', 'exptime =                   3'),
    ['FITS_W_CARD'],
    ({ file }) => expect(file.hdus[0]!.header.cards()[3]!.value).toBe(3),
  ],
  ['SIMPLE = F', () => header('SIMPLE=F', 'BITPIX=8', 'NAXIS=0'), [], ({ found }) => expect(found[0]!.kind).toBe('foreign')],
  [
    'an extension of unknown type',
    () => join(primary, header("XTENSION='SOUND'", 'BITPIX=8', 'NAXIS=1', 'NAXIS1=5', 'PCOUNT=0', 'GCOUNT=1'), 2880),
    [],
    ({ found }) => expect(found[1]!.kind).toBe('foreign'),
  ],
  [
    'an axis of length 0',
    () => header('SIMPLE=T', 'BITPIX=16', 'NAXIS=2', 'NAXIS1=4', 'NAXIS2=0'),
    [],
    ({ found }) => expect(found[0]).toMatchObject({ kind: 'image', finite: 0, min: null }),
  ],
  [
    'BLANK in every pixel',
    () => join(header(...image('BLANK=0')), 2880),
    [],
    ({ found, data }) => {
      expect(found[0]!.finite).toBe(0);
      expect(data[0]).toBeInstanceOf(Float32Array);
    },
  ],
  [
    'BLANK in floats, where it means nothing',
    () => join(header('SIMPLE=T', 'BITPIX=-32', 'NAXIS=1', 'NAXIS1=3', 'BLANK=0'), 2880),
    [],
    ({ found }) => expect(found[0]!.finite).toBe(3),
  ],
  [
    'BSCALE = 0',
    () => join(header(...image('BSCALE=0', 'BZERO=5')), 2880),
    [],
    ({ found }) => expect(found[0]).toMatchObject({ min: 5, max: 5 }),
  ],
  [
    'BZERO as text',
    () => join(header(...image("BZERO='many'")), 2880),
    [],
    ({ found }) => expect(found[0]).toMatchObject({ min: 0, max: 0 }),
  ],
  [
    'NaN and infinities',
    () => join(header('SIMPLE=T', 'BITPIX=-32', 'NAXIS=1', 'NAXIS1=3'), block(int32(0x7f800000, 0x7fc00000, 0x3f800000))),
    [],
    ({ found }) => expect(found[0]).toMatchObject({ finite: 1, min: 1, max: 1 }),
  ],
  [
    'a table without rows',
    () => join(primary, table(8, 0, 0, 1, "TFORM1='D'")),
    [],
    ({ found }) => expect(found[1]).toMatchObject({ rows: 0 }),
  ],
  [
    'a table without columns',
    () => join(primary, table(8, 2, 0, 0), 2880),
    [],
    ({ found }) => expect(found[1]).toMatchObject({ rows: 2, columns: [] }),
  ],
  [
    'an empty array that points nowhere',
    () => join(primary, table(8, 1, 0, 1, "TFORM1='1PJ(0)'"), block(int32(0, 123456))),
    [],
    ({ data }) => expect(data[1]).toEqual([[new Int32Array(0)]]),
  ],
  [
    'TDIM that contradicts the repeat count',
    () => join(primary, table(4, 1, 0, 1, "TFORM1='4B'", "TDIM1='(3,9)'"), 2880),
    [],
    ({ data }) => expect(data[1]).toEqual([new Uint8Array(4)]),
  ],
  [
    'Rice tiles of constant pixels',
    () => rice(),
    [],
    ({ data }) => expect([...(data[1] as Int16Array)]).toEqual([7, 7, 7, 7, 9, 9, 9, 9]),
  ],
  [
    'text in gzip after the FITS file',
    () => gzipSync(join(good(), ascii('junk', 0))),
    ['FITS_W_TRAILING'],
    ({ found }) => expect(found[0]!.finite).toBe(12),
  ],
  [
    'a card of bytes above 126',
    () => text(header('SIMPLE=T', 'BITPIX=8', 'NAXIS=0', "OBJECT='Orion  '"), 3 * 80 + 12, '\u00e9'),
    [],
    ({ file }) => expect(file.hdus[0]!.header.get('OBJECT')).toBe('O\u00e9ion'),
  ],
];

describe('odd files', () => {
  it.each(odd)('reads %s', async (_, bytes, warnings, check) => {
    const all = await readAll(bytes());
    expect(all.file.warnings.map((warning) => warning.code)).toEqual(warnings);
    check(all);
  });
});
