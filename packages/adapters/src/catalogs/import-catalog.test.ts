import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type Files, nodeFiles } from '@colibri/base/node';
import { tableHdu, writeFits } from '@colibri/fits';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { catalogNameOf, openCatalogFolder, storeInFolder } from './catalog-folder.ts';
import { importCatalog } from './import-catalog.ts';
import { openTileStore } from './store/tile-store.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'colibri-import-'));
});
afterEach(() => rm(dir, { recursive: true }));

const write = async (name: string, content: string | Uint8Array): Promise<string> => {
  const path = join(dir, name);
  await writeFile(path, content);
  return path;
};
const store = (name = 'refcat') => openTileStore(join(dir, 'store'), { name });

const HEADER = 'id,ra,dec,g,e_g,r,e_r,i,e_i,z,e_z,type';
const ROWS = [
  '1237661416602927704,216.0875055,52.6032084,22.106,0.100,21.633,0.110,21.067,0.102,20.828,0.293,G',
  '1237661387605541032,216.0990957,53.5963958,18.118,0.007,17.268,0.005,16.855,0.005,16.543,0.011,S',
];

describe('importCatalog, from text', () => {
  it('keeps every digit of the table of the simulated night', async () => {
    const target = await store();
    const report = await importCatalog(target, await write('refcat.csv.gz', gzipSync([HEADER, ...ROWS].join('\n'))));
    expect(report).toMatchObject({ source: 'refcat.csv.gz', rows: 2, added: 2, updated: 0, wasKnown: false, tilesWritten: 2 });
    const stars = await target.cone(216.09, 53.1, 1, 10);
    expect(stars).toMatchObject({ name: 'refcat', count: 2, epochJyear: 2000 });
    expect([...stars.bands.keys()]).toEqual(['g', 'r', 'i', 'z']);
    expect([...stars.raDeg]).toEqual([216.0990957, 216.0875055]);
    expect([...stars.isStar]).toEqual([1, 0]);
    expect(stars.bands.get('r')!.mag[0]).toBe(Math.fround(17.268));
    expect(stars.bands.get('z')!.err[1]).toBe(Math.fround(0.293));
    expect(stars.pmRaMasYr[0]).toBeNaN();
  });

  it('changes nothing when the same bytes come again, under any name', async () => {
    const target = await store();
    await importCatalog(target, await write('a.csv', [HEADER, ...ROWS].join('\n')));
    const before = await snapshot(join(dir, 'store'));
    expect(await importCatalog(target, await write('b.csv', [HEADER, ...ROWS].join('\n')))).toMatchObject({
      wasKnown: true,
      added: 0,
      updated: 0,
    });
    expect(await snapshot(join(dir, 'store'))).toEqual(before);
  });

  it('unites tables of one catalogue: known entries are replaced by name, new bands join, old ones stay', async () => {
    const target = await store();
    await importCatalog(target, await write('a.csv', [HEADER, ...ROWS].join('\n')));
    const second = [
      'id,ra,dec,r,e_r,y,e_y',
      '1237661387605541032,216.0990957,53.5963958,17.3,0.01,16.4,0.02',
      'new,216.1,53.59,20,0.1,19,0.1',
    ];
    expect(await importCatalog(target, await write('b.csv', second.join('\n')))).toMatchObject({ added: 1, updated: 1 });
    const stars = await target.cone(216.0990957, 53.5963958, 0.001, 10);
    expect(stars.count).toBe(1);
    expect(stars.bands.get('r')!.mag[0]).toBe(Math.fround(17.3));
    expect(stars.bands.get('g')!.mag[0]).toBe(Math.fround(18.118));
    expect(stars.bands.get('y')!.mag[0]).toBe(Math.fround(16.4));
    expect(await target.info()).toMatchObject({
      rowCount: 3,
      bands: ['g', 'r', 'i', 'z', 'y'],
      imports: [{ source: 'a.csv' }, { source: 'b.csv' }],
    });
  });

  it('tells entries without a name apart by their place', async () => {
    const target = await store();
    await importCatalog(target, await write('a.csv', 'ra,dec,r,e_r\n10,20,15,0.1\n10.00001,20,15,0.1\n'));
    expect(await importCatalog(target, await write('b.csv', '\nra,dec,r,e_r\n10,20,14,0.1\n'))).toMatchObject({
      added: 0,
      updated: 1,
    });
    expect((await target.info())?.rowCount).toBe(2);
  });

  it.each([
    ['VizieR with semicolons', 'RAJ2000;DEJ2000;gmag;e_gmag;rmag;e_rmag\n10;20;15;0.1;14;0.2', { g: 15, r: 14 }],
    ['a tab and a # header', '#ra\tdec\tmag_r\tmagerr_r\n# a comment\n10\t20\t14\t0.2', { r: 14 }],
    ['PS1', 'objID,raMean,decMean,gMeanPSFMag,gMeanPSFMagErr\n1,10,20,15,0.1', { g: 15 }],
    [
      'SkyMapper',
      'ObjectId,RAICRS,DEICRS,uPSF,e_uPSF,vPSF,e_vPSF,gPSF,e_gPSF,ClassStar\n1,10,20,17,0.1,16,0.1,15,0.1,0.99',
      { u: 17, v: 16, g: 15 },
    ],
    ['2MASS in Vega', '2MASS,RAJ2000,DEJ2000,Jmag,e_Jmag,Kmag,e_Kmag\nx,10,20,15,0.1,14,0.1', { J: 15.91, K: 15.85 }],
    [
      'Gaia DR3 in Vega',
      'source_id,ra,dec,phot_g_mean_mag,phot_bp_mean_mag,phot_rp_mean_mag,ref_epoch\n1,10,20,15,16,14,2016.0',
      { G: 15.1136, BP: 16.0155, RP: 14.3561 },
    ],
    ['Gaia of VizieR', 'Source,RA_ICRS,DE_ICRS,Gmag,e_Gmag,BPmag,e_BPmag\n1,10,20,15,0.01,16,0.01', { G: 15.105, BP: 16.0292 }],
    ['a latitude b and a redshift z', 'ra,dec,b,z,r,e_r\n10,20,60,0.5,14,0.1', { r: 14 }],
    ['one MAG', 'ALPHA_J2000,DELTA_J2000,MAG,MAGERR\n10,20,14,0.1', { mag: 14 }],
    ['blanks between fields', 'ra dec r e_r\n 10   20  14 0.1', { r: 14 }],
    ['quotes', '"ra","dec","name","r","e_r"\n10,20,"a, ""b""",14,0.1', { r: 14 }],
    [
      'missing values of all kinds',
      'ra,dec,g,e_g,r,e_r,i,e_i\n10,20,,null,14,--,-99,99',
      { g: Number.NaN, r: 14, i: Number.NaN },
    ],
    ['a negative right ascension', 'ra,dec,r,e_r\n-350,20,14,0.1', { r: 14 }],
  ])('reads %s', async (_, text, mags) => {
    const target = await store();
    await importCatalog(target, await write('t.csv', text));
    const stars = await target.cone(10, 20, 1e-6, 10);
    expect(stars.count).toBe(1);
    const found = Object.fromEntries([...stars.bands].map(([band, { mag }]) => [band, Math.round(mag[0]! * 1e4) / 1e4]));
    expect(found).toEqual(mags);
  });

  it.each([
    ['text for a number', `${HEADER}\n${ROWS[0]}\n1,abc,20,1,1,1,1,1,1,1,1,S`, 'CATALOG_TABLE', 't.csv:3'],
    ['a declination of 91°', 'ra,dec,r,e_r\n10,91,14,0.1', 'CATALOG_TABLE', 't.csv:2'],
    ['no declination', 'ra,dec,r,e_r\n10,,14,0.1', 'CATALOG_TABLE', 't.csv:2'],
    ['a short row', 'ra,dec,r,e_r\n10,20,14,0.1\n10,20', 'CATALOG_TABLE', 't.csv:3'],
    ['an open quote', 'ra,dec,r,e_r\n10,20,"14,0.1', 'CATALOG_TABLE', 't.csv:2'],
    ['no position', 'x,y,r,e_r\n10,20,14,0.1', 'CATALOG_COLUMNS', 'right ascension'],
    ['nothing', '', 'CATALOG_COLUMNS', 'no header'],
  ])('refuses %s, and says where', async (_, text, code, where) => {
    const target = await store();
    const failing = importCatalog(target, await write('t.csv', text));
    await expect(failing).rejects.toMatchObject({ code, message: expect.stringContaining(where) });
    expect(await target.info()).toBeNull();
  });

  it('refuses a packed file that was cut short', async () => {
    const rows = Array.from({ length: 5000 }, (_, i) => `${i},${Math.sin(i) * 90 + 90},20,14.${i},0.1`);
    const packed = gzipSync(['id,ra,dec,r,e_r', ...rows].join('\n'));
    const failing = importCatalog(await store(), await write('t.csv.gz', packed.subarray(0, packed.length / 2)));
    await expect(failing).rejects.toMatchObject({ code: 'CATALOG_TABLE', message: expect.stringContaining('cut short') });
  });

  it('says when the file is not there', async () => {
    await expect(importCatalog(await store(), join(dir, 'none.csv'))).rejects.toMatchObject({ code: 'STORAGE_IO' });
  });
});

describe('importCatalog, from FITS', () => {
  it('keeps 64-bit names, double positions, and moves stars to the epoch of the store', async () => {
    const table = (epoch: number, id: bigint) =>
      writeFits([
        tableHdu({
          name: 'gaia',
          columns: [
            { name: 'source_id', data: BigInt64Array.of(id) },
            { name: 'ra', data: Float64Array.of(10.123456789012) },
            { name: 'dec', data: Float64Array.of(20.123456789012) },
            { name: 'pmra', data: Float32Array.of(0) },
            { name: 'pmdec', data: Float32Array.of(3600) },
            { name: 'phot_g_mean_mag', data: Float32Array.of(15) },
            { name: 'phot_g_mean_flux_over_error', data: Float32Array.of(100) },
            { name: 'ref_epoch', data: Float64Array.of(epoch) },
          ],
        }),
      ]);
    const target = await store('Gaia DR3');
    await importCatalog(target, await write('a.fits', table(2016, 3960313202461848064n)));
    await importCatalog(target, await write('b.fits', table(2006, 3960313202461848065n)));
    const stars = await target.cone(10.12, 20.12, 0.1, 10);
    expect(stars).toMatchObject({ count: 2, epochJyear: 2016 });
    expect([...stars.decDeg].sort()).toEqual([20.123456789012, expect.closeTo(20.123456789012 + 0.01, 9)]);
    expect(stars.bands.get('G')!.err[0]).toBeCloseTo(0.010857, 5);
  });

  it('refuses a table without positions', async () => {
    const bytes = writeFits([tableHdu({ name: 'x', columns: [{ name: 'a', data: Float64Array.of(1) }] })]);
    await expect(importCatalog(await store(), await write('a.fits', bytes))).rejects.toMatchObject({ code: 'CATALOG_COLUMNS' });
  });
});

describe('a tile store under trouble', () => {
  it('keeps the old catalogue when the disk fills during an import, and takes the import when repeated', async () => {
    const first = await store();
    await importCatalog(first, await write('a.csv', `ra,dec,r,e_r\n10,20,14,0.1\n`));
    const full: Files = {
      ...nodeFiles,
      create: async (path) => {
        if (path.includes('index.json')) throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
        return nodeFiles.create(path);
      },
    };
    const more = await write('b.csv', `ra,dec,r,e_r\n10,20,13,0.1\n50,20,13,0.1\n`);
    await expect(importCatalog(await openTileStore(join(dir, 'store'), { files: full }), more)).rejects.toMatchObject({
      code: 'STORAGE_FULL',
    });
    const after = await openTileStore(join(dir, 'store'));
    expect((await after.cone(50, 20, 1, 10)).count).toBe(0);
    await importCatalog(after, more);
    expect((await after.cone(50, 20, 1, 10)).count).toBe(1);
    expect((await after.info())?.rowCount).toBe(2);
  });

  it('shows what another process imported, from the next question on', async () => {
    const reader = await store();
    expect((await reader.cone(10, 20, 1, 10)).count).toBe(0);
    await importCatalog(await store(), await write('a.csv', `ra,dec,r,e_r\n10,20,14,0.1\n`));
    expect((await reader.cone(10, 20, 1, 10)).count).toBe(1);
  });

  it('lets one import run at a time, and takes over the lock of a process that died', async () => {
    const target = await store();
    const table = await write('a.csv', `ra,dec,r,e_r\n10,20,14,0.1\n`);
    const other = await write('b.csv', `ra,dec,r,e_r\n11,20,14,0.1\n`);
    const outcomes = await Promise.allSettled([importCatalog(target, table), importCatalog(target, other)]);
    expect(outcomes.filter((o) => o.status === 'rejected').map((o) => (o.reason as { code: string }).code)).toEqual([
      'CATALOG_BUSY',
    ]);
    await writeFile(join(dir, 'store', 'import.lock'), '999999999\n');
    await importCatalog(target, table);
    await importCatalog(target, other);
    expect((await target.info())?.rowCount).toBe(2);
  });

  it('names the damaged file', async () => {
    const target = await store();
    await importCatalog(target, await write('a.csv', `ra,dec,r,e_r\n10,20,14,0.1\n`));
    const [strip] = (await readdir(join(dir, 'store'))).filter((name) => name.startsWith('d'));
    const [tile] = await readdir(join(dir, 'store', strip!));
    await writeFile(join(dir, 'store', strip!, tile!), 'rubbish');
    await expect((await store()).cone(10, 20, 1, 10)).rejects.toMatchObject({
      code: 'CATALOG_STORE',
      message: expect.stringContaining(tile!),
    });
    await writeFile(join(dir, 'store', 'index.json'), '{');
    await expect(store()).rejects.toMatchObject({ code: 'CATALOG_STORE' });
  });
});

describe('openCatalogFolder', () => {
  it('finds no catalogue, one, or several that stand in for each other', async () => {
    const folder = join(dir, 'catalogs');
    expect(await openCatalogFolder(folder)).toBeNull();
    await importCatalog(await storeInFolder(folder, 'PS1 DR1'), await write('a.csv', `ra,dec,r,e_r\n10,20,14,0.1\n`));
    expect((await openCatalogFolder(folder))?.name).toBe('PS1 DR1');
    expect((await openCatalogFolder(join(folder, 'ps1-dr1')))?.name).toBe('PS1 DR1');
    await importCatalog(await storeInFolder(folder, 'Gaia DR3'), await write('b.csv', `ra,dec,G,e_G\n50,20,14,0.1\n`));
    const both = await openCatalogFolder(folder);
    expect((await both!.cone(10, 20, 1, 10)).name).toBe('PS1 DR1');
    expect((await both!.cone(50, 20, 1, 10)).name).toBe('Gaia DR3');
    expect((await both!.cone(90, 20, 1, 10)).count).toBe(0);
  });

  it.each([
    ['/x/refcat.csv.gz', 'refcat'],
    ['GAIA-DR1_1334+3754_r46.ldac.fits', 'GAIA-DR1_1334+3754_r46'],
    ['a.b.fits', 'a.b'],
  ])('calls %s %s', (path, name) => expect(catalogNameOf(path)).toBe(name));
});

const shared = resolve(import.meta.dirname, '../../../../../shared/data');
describe.skipIf(!existsSync(shared))('importCatalog on the shared tables (skipped where they are absent)', () => {
  it('imports the reference catalogue of the simulated night', async () => {
    const target = await store();
    const report = await importCatalog(target, resolve(shared, 'sim-night/refcat.csv.gz'));
    expect(report).toMatchObject({ rows: 12_606, added: 12_606, updated: 0 });
    const stars = await target.cone(215.6, 53.1, 0.2, 100_000);
    expect(stars.count).toBeGreaterThan(1500); // 25 000 a square degree
    const started = performance.now();
    await target.cone(215.6, 53.1, 0.2, 5000);
    expect(performance.now() - started).toBeLessThan(1000); // 10 ms alone: tiles are kept
  });

  it('imports Gaia in the form of LDAC', async () => {
    const target = await store('Gaia DR1');
    await importCatalog(target, resolve(shared, 'images/catalogs/GAIA-DR1_1334+3754_r46.ldac.fits'));
    const stars = await target.cone(203.5, 37.9, 1, 10_000); // 4403 rows at 4327 different places
    expect(stars).toMatchObject({ count: 4327, epochJyear: 2015 });
    expect([...stars.bands.keys()]).toEqual(['G']);
  });

  it('unites the pieces of Gaia around a DECam field', async () => {
    const target = await store('Gaia DR2');
    for (const chunk of ['03458', '03459', '03586']) {
      await importCatalog(target, resolve(shared, `images/decam-multiepoch/gaia/chunk-${chunk}.fits`));
    }
    const info = await target.info();
    expect(info).toMatchObject({ epochJyear: 2015.5, bands: ['G', 'BP', 'RP'] });
    expect(info!.imports).toHaveLength(3);
    expect(info!.rowCount).toBe(info!.imports.reduce((sum, { added }) => sum + added, 0));
    const stars = await target.cone(186.7667878, 25.5052975, 0.0001, 5);
    expect(stars.pmRaMasYr[0]).toBeCloseTo(-27.133121, 4);
    expect(stars.bands.get('G')!.mag[0]).toBeCloseTo(20.613037 + 0.105, 4);
  });
});

/** Every file with size and time, to see that nothing was touched. */
async function snapshot(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true });
  return Promise.all(
    names.sort().map(async (name) => {
      const { size, mtimeMs } = await stat(join(folder, name));
      return `${name} ${size} ${name.includes('.') ? mtimeMs : ''}`;
    }),
  );
}
