import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ObservatoryError } from '@colibri/base';
import { describe, expect, it } from 'vitest';
import { describeFits, type FitsFile, type HduKind, Header, readImage, readTable } from './index.ts';
import { readFitsFile } from './node/index.ts';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../../../shared/data');
const folder = join(root, 'fits-conformance');
const isHere = existsSync(folder);

/** What astropy 5.2 says of a file. */
interface Expected {
  readonly error?: string;
  readonly naxis?: number;
  readonly ctype?: readonly string[];
  readonly hdus?: readonly {
    readonly name: string;
    readonly type: string;
    readonly shape?: readonly number[] | null;
    readonly bitpix?: number;
    readonly n_finite?: number;
    readonly min?: number | null;
    readonly max?: number | null;
    readonly mean?: number | null;
    readonly first?: readonly (number | null)[];
    readonly rows?: number;
    readonly columns?: readonly string[];
    readonly formats?: readonly string[];
  }[];
}

const expected = (isHere ? JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) : {}) as Record<string, Expected>;
const refusedHere = /\.(Z|bz2)$/;

const kinds: Readonly<Record<string, readonly HduKind[]>> = {
  PrimaryHDU: ['image', 'empty'],
  ImageHDU: ['image', 'empty'],
  CompImageHDU: ['compressed-image'],
  BinTableHDU: ['bintable', 'compressed-table'],
  TableHDU: ['table'],
  GroupsHDU: ['groups'],
  _NonstandardHDU: ['foreign'],
  NonstandardExtHDU: ['foreign'],
};

/** Doubles of numpy and ours differ by the order of the sums alone; float32 means were summed by numpy in pairs. */
const close = (ours: number | null | undefined, theirs: number | null | undefined, scale: number): boolean =>
  ours === theirs ||
  (typeof ours === 'number' && typeof theirs === 'number' && Math.abs(ours - theirs) <= 1e-6 * Math.max(1e-12, scale));

const blankMissed: Readonly<Record<string, number>> = { 'astropy__compressed_with_nan.fits': 1 };

async function compare(name: string, file: FitsFile, wanted: NonNullable<Expected['hdus']>): Promise<void> {
  const found = await describeFits(file);
  expect(found.map((hdu) => hdu.name)).toEqual(wanted.map((hdu) => hdu.name));
  for (const [i, want] of wanted.entries()) {
    const hdu = found[i]!;
    expect(kinds[want.type], `HDU ${i}`).toContain(hdu.kind);
    if (want.shape) {
      expect([...hdu.shape].reverse(), `shape of HDU ${i}`).toEqual(want.shape);
      expect(hdu.bitpix).toBe(want.bitpix);
      if (name in blankMissed) {
        // astropy 5.2 overlooks ZBLANK here and turns the blank pixel into -5.3; later versions agree with us.
        expect(hdu.finite).toBe(want.n_finite! - blankMissed[name]!);
        continue;
      }
      expect(hdu.finite).toBe(want.n_finite);
      const scale = Math.max(Math.abs(hdu.min ?? 0), Math.abs(hdu.max ?? 0));
      for (const key of ['min', 'max', 'mean'] as const) {
        expect(close(hdu[key], want[key], scale), `${key} of HDU ${i}: ${hdu[key]}, astropy ${want[key]}`).toBe(true);
      }
      const { data } = await readImage(file.hdus[i]!);
      want.first?.forEach((value, k) => {
        const ours = Number(data[k]);
        expect(
          close(Number.isFinite(ours) ? ours : null, value, Math.abs(value ?? 0)),
          `pixel ${k}: ${ours}, astropy ${value}`,
        ).toBe(true);
      });
    }
    if (want.columns) {
      expect(hdu.rows).toBe(want.rows);
      expect(hdu.columns?.map((column) => column.name)).toEqual(want.columns);
      expect(hdu.columns?.map((column) => column.format)).toEqual(want.formats);
    }
    if (hdu.columns) {
      const table = await readTable(file.hdus[i]!);
      expect(table.columns.length).toBe(hdu.columns.length);
      for (const column of table.columns) {
        if (!Number.isNaN(column.repeat)) expect(column.data.length, column.name).toBe(column.repeat * table.rowCount);
      }
    }
  }
}

describe.skipIf(!isHere)('the conformance set (skipped where ../shared/data/fits-conformance is absent)', () => {
  const names = Object.keys(expected);

  it('is all there', () => {
    expect(readdirSync(join(folder, 'files')).sort()).toEqual([...names].sort());
  });

  it.each(names.filter((name) => name.endsWith('.hdr')))('reads the bare header %s', (name) => {
    const header = Header.parse(readFileSync(join(folder, 'files', name)));
    const { naxis, ctype } = expected[name]!;
    if (header.has('NAXIS'))
      expect(naxis).toBe(Math.max(header.number('NAXIS')!, header.number('WCSAXES') ?? 0, ctype?.length ?? 0));
    const ours = (ctype ?? []).map((_, i) => header.text(`CTYPE${i + 1}`) ?? '');
    // wcslib gives TPV another name when it takes it apart.
    expect(ours.map((type) => type.replace('TPV', 'TAN'))).toEqual(ctype?.map((type) => type.replace('TPV', 'TAN')));
  });

  it.each(names.filter((name) => !name.endsWith('.hdr') && !expected[name]!.error && !refusedHere.test(name)))(
    'agrees with astropy on %s',
    async (name) => {
      await compare(name, await readFitsFile(join(folder, 'files', name)), expected[name]!.hdus!);
    },
  );

  it.each(names.filter((name) => expected[name]!.error || refusedHere.test(name)))(
    'refuses %s with a clear message',
    async (name) => {
      const error: unknown = await readFitsFile(join(folder, 'files', name)).then(describeFits, (e: unknown) => e);
      expect(error).toBeInstanceOf(ObservatoryError);
      expect((error as ObservatoryError).code).toMatch(/^FITS_/);
      expect((error as ObservatoryError).message).toContain(name);
    },
  );
});

const images = join(root, 'images');
const files = existsSync(images)
  ? readdirSync(images, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(fits|fits\.gz|fits\.fz|xyls)$/.test(name))
  : [];

describe.skipIf(files.length === 0)('real images (skipped where ../shared/data/images is absent)', () => {
  it.each(files)('reads %s', async (name) => {
    const file = await readFitsFile(join(images, name));
    const found = await describeFits(file);
    expect(found.length).toBeGreaterThan(0);
    for (const hdu of found) {
      if (hdu.rows !== undefined) expect((await readTable(file.hdus[hdu.index]!)).rowCount).toBe(hdu.rows);
    }
  });
});
