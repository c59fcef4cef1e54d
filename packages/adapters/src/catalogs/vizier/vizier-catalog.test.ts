import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memoryLog } from '@colibri/base';
import { contractStars, describeReferenceCatalog } from '@colibri/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Mood, startVizierDouble, type VizierDouble } from '../test/vizier-double.ts';
import { adql, type VizierOptions, vizierCatalog } from './vizier-catalog.ts';
import { type VizierCatalogName, type VizierTable, vizierTables } from './vizier-tables.ts';

for (const protocol of ['tap', 'cone'] as const) {
  describeReferenceCatalog(`VizieR by ${protocol}`, async (stars) => {
    const dir = await mkdtemp(join(tmpdir(), 'colibri-vizier-'));
    const double = await startVizierDouble(vizierTables['gaia-dr3'], stars);
    const catalog = vizierCatalog({ catalog: 'gaia-dr3', cacheDir: dir, baseUrl: double.url, protocols: [protocol] });
    const close = async (): Promise<void> => {
      await double.close();
      await rm(dir, { recursive: true, force: true });
    };
    return { catalog, close };
  });
}

describe('vizierCatalog', () => {
  const stars = contractStars();
  let dir: string, double: VizierDouble;
  let waits: number[];
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'colibri-vizier-'));
    double = await startVizierDouble(vizierTables['gaia-dr3'], stars);
    waits = [];
  });
  afterEach(async () => {
    await double.close();
    await rm(dir, { recursive: true });
  });
  const open = (change: Partial<VizierOptions> = {}) =>
    vizierCatalog({
      catalog: 'gaia-dr3',
      cacheDir: dir,
      baseUrl: double.url,
      protocols: ['tap'],
      sleep: async (ms) => void waits.push(ms),
      patience: { timeoutMs: 1000 },
      ...change,
    });
  const field = [215.6, 53.1, 0.2, 1000] as const;

  it('asks in ADQL for what it needs, brightest first', async () => {
    const query = adql(vizierTables['gaia-dr3'], { raDeg: 10, decDeg: -5, radiusDeg: 0.5, rows: 100 });
    expect(query).toBe(
      `SELECT TOP 100 "Source", "RA_ICRS", "DE_ICRS", "pmRA", "pmDE", "Gmag", "e_Gmag", "BPmag", "e_BPmag", "RPmag", "e_RPmag" ` +
        `FROM "I/355/gaiadr3" WHERE 1=CONTAINS(POINT('ICRS', "RA_ICRS", "DE_ICRS"), CIRCLE('ICRS', 10, -5, 0.5)) ORDER BY "Gmag"`,
    );
  });

  it('asks once for the dithered frames of a field, and never again after a restart', async () => {
    const catalog = open();
    const first = await catalog.cone(215.61, 53.101, 0.2, 1000);
    await Promise.all([catalog.cone(215.605, 53.105, 0.2, 1000), catalog.cone(215.61, 53.101, 0.2, 1000)]);
    const again = await open().cone(215.61, 53.101, 0.2, 1000);
    expect(double.requests).toHaveLength(1);
    expect(again.raDeg).toEqual(first.raDeg);
    expect(again.bands).toEqual(first.bands);
    expect(first.count).toBeGreaterThan(20);
  });

  it('remembers an empty answer too', async () => {
    expect((await open().cone(40, -60, 0.1, 10)).count).toBe(0);
    expect((await open().cone(40, -60, 0.1, 10)).count).toBe(0);
    expect(double.requests).toHaveLength(1);
  });

  it('asks anew where the file of an answer is damaged', async () => {
    const truth = await open().cone(...field);
    const names = (await readdir(dir, { recursive: true })).filter((name) => name.endsWith('.fits'));
    await writeFile(join(dir, names[0]!), 'rubbish');
    expect((await open().cone(...field)).raDeg).toEqual(truth.raDeg);
    expect(double.requests).toHaveLength(2);
  });

  it.each(['csv', 'slow'] as Mood[])('reads an answer that comes as or is %s', async (mood) => {
    double.moods = [mood];
    expect((await open().cone(...field)).count).toBeGreaterThan(20);
    expect(double.requests).toHaveLength(1);
  });

  it.each([
    ['error500', [1000, 2000]],
    ['hangs-up', [1000, 2000]],
    ['cut-votable', [1000, 2000]],
    ['cut-csv', [1000, 2000]],
    ['web-page', [1000, 2000]],
    ['busy429', [2000, 2000]], // as long as the service asks
  ] as [Mood, number[]][])('tries again after %s, with pauses', async (mood, pauses) => {
    double.moods = [mood, mood, 'well'];
    expect((await open().cone(...field)).count).toBeGreaterThan(20);
    expect(waits).toEqual(pauses);
  });

  it.each([
    ['error500', 'CATALOG_UNREACHABLE', 'later', 4],
    ['busy429', 'CATALOG_UNREACHABLE', 'later', 4],
    ['hangs-up', 'CATALOG_UNREACHABLE', 'later', 4],
    ['silent', 'CATALOG_UNREACHABLE', 'later', 4],
    ['cut-votable', 'CATALOG_MALFORMED', 'later', 4],
    ['web-page', 'CATALOG_MALFORMED', 'later', 4],
    ['bad-number', 'CATALOG_MALFORMED', 'later', 1],
    ['missing-column', 'CATALOG_MALFORMED', 'later', 1],
    ['query-error', 'CATALOG_REFUSED', 'never', 1],
    ['bad-request', 'CATALOG_REFUSED', 'never', 1],
  ] as const)(
    'gives up on %s with %s (retry %s), after %i requests, and keeps nothing of it',
    async (mood, code, retry, requests) => {
      double.moods = [mood];
      await expect(open({ patience: { timeoutMs: 150 } }).cone(...field)).rejects.toMatchObject({ code, retry });
      expect(double.requests).toHaveLength(requests);
      double.moods = ['well'];
      expect((await open().cone(...field)).count).toBeGreaterThan(20);
    },
  );

  it('says unreachable where nobody listens', async () => {
    await double.close();
    await expect(open().cone(...field)).rejects.toMatchObject({
      code: 'CATALOG_UNREACHABLE',
      message: expect.stringContaining('ECONNREFUSED'),
    });
    double = await startVizierDouble(vizierTables['gaia-dr3'], stars);
  });

  it('does not wait longer than it is told to', async () => {
    double.moods = ['busy429'];
    await expect(open({ patience: { longestWaitMs: 1000 } }).cone(...field)).rejects.toMatchObject({
      code: 'CATALOG_UNREACHABLE',
    });
    expect(waits).toEqual([]);
  });

  it('falls back from TAP to the cone search, and says so in the log', async () => {
    double.moods = ['error500', 'error500', 'error500', 'error500', 'well'];
    const log = memoryLog();
    expect((await open({ protocols: ['tap', 'cone'], log }).cone(...field)).count).toBeGreaterThan(20);
    expect(double.requests.map(({ protocol }) => protocol)).toEqual(['tap', 'tap', 'tap', 'tap', 'cone']);
    expect(log.lines[0]?.message).toContain('VizieR TAP (I/355/gaiadr3)');
  });

  it('asks for the wanted cone alone where the wider one was full', async () => {
    // 2000 entries in a knot beside the field fill the wider cone.
    const crowd = crowded(stars);
    await double.close();
    double = await startVizierDouble(vizierTables['gaia-dr3'], crowd);
    const answer = await open().cone(215.6, 53.1, 0.2, 100);
    expect(double.requests).toHaveLength(2);
    expect(answer.count).toBe((await open().cone(215.6, 53.1, 0.2, 100_000)).count);
  });
});

describe('the tables of VizieR', () => {
  it.each(Object.keys(vizierTables) as VizierCatalogName[])('%s: its columns come back as bands in AB', async (catalog) => {
    const table: VizierTable = vizierTables[catalog];
    const dir = await mkdtemp(join(tmpdir(), 'colibri-vizier-'));
    const bands = new Map(
      table.bands.map(({ band }, k) => [band, { mag: Float32Array.of(15 + k, 18), err: Float32Array.of(0.01, Number.NaN) }]),
    );
    const known = Float32Array.of(5, Number.NaN);
    const truth = {
      name: table.name,
      count: 2,
      raDeg: Float64Array.of(10, 10.01),
      decDeg: Float64Array.of(-30, -30.01),
      epochJyear: table.epochJyear,
      pmRaMasYr: known,
      pmDecMasYr: known,
      isStar: Uint8Array.of(1, 1),
      bands,
    };
    const double = await startVizierDouble(table, truth);
    try {
      for (const protocols of [['tap'], ['cone']] as const) {
        const answer = await vizierCatalog({ catalog, cacheDir: join(dir, protocols[0]), baseUrl: double.url, protocols }).cone(
          10,
          -30,
          0.1,
          10,
        );
        expect(answer).toMatchObject({ name: table.name, count: 2, epochJyear: table.epochJyear });
        expect([...answer.bands.keys()]).toEqual(table.bands.map(({ band }) => band));
        for (const [band, { mag, err }] of answer.bands) {
          expect(mag[0]).toBeCloseTo(bands.get(band)!.mag[0]!, 4);
          if (catalog !== 'usno-b1') expect(err[0]).toBeCloseTo(0.01, 6);
        }
        expect(answer.pmRaMasYr[0]).toEqual(table.pmRa === null ? Number.NaN : 5);
      }
    } finally {
      await double.close();
      await rm(dir, { recursive: true });
    }
  });

  it('names the AB conversions: Gaia DR3 G + 0.1136, 2MASS J + 0.91 and H + 1.39', () => {
    const offset = (catalog: VizierCatalogName, band: string) =>
      (vizierTables[catalog] as VizierTable).bands.find((b) => b.band === band)!.toAb;
    expect(offset('gaia-dr3', 'G')).toBeCloseTo(0.1136, 6);
    expect(offset('2mass', 'J')).toBe(0.91);
    expect(offset('2mass', 'H')).toBe(1.39);
    expect(offset('ps1', 'r')).toBe(0);
  });

  it('tells stars from galaxies where the catalogue can', () => {
    const value = (known: Record<string, number>) => (column: string) => known[column] ?? Number.NaN;
    expect(vizierTables.ps1.shape.isStar(value({ imag: 18, iKmag: 17.99 }))).toBe(1);
    expect(vizierTables.ps1.shape.isStar(value({ imag: 18, iKmag: 17.5 }))).toBe(0);
    expect(vizierTables.ps1.shape.isStar(value({ imag: 18 }))).toBe(255);
    expect(vizierTables['usno-b1'].shape.isStar(value({ 'R2s/g': 2 }))).toBe(0);
    expect(vizierTables.skymapper.shape.isStar(value({ ClassStar: 0.98 }))).toBe(1);
  });
});

/** The stars with a bright knot just outside 0.2° around the field. */
function crowded(stars: ReturnType<typeof contractStars>): ReturnType<typeof contractStars> {
  const extra = 2000;
  const join64 = (a: Float64Array, value: (i: number) => number): Float64Array =>
    Float64Array.from([...a, ...Array.from({ length: extra }, (_, i) => value(i))]);
  const join32 = (a: Float32Array, value: number): Float32Array =>
    Float32Array.from([...a, ...new Array<number>(extra).fill(value)]);
  return {
    ...stars,
    count: stars.count + extra,
    raDeg: join64(stars.raDeg, (i) => 215.6 + i * 1e-6),
    decDeg: join64(stars.decDeg, () => 53.1 + 0.201),
    pmRaMasYr: join32(stars.pmRaMasYr, 0),
    pmDecMasYr: join32(stars.pmDecMasYr, 0),
    isStar: Uint8Array.from([...stars.isStar, ...new Array<number>(extra).fill(1)]),
    bands: new Map([...stars.bands].map(([band, { mag, err }]) => [band, { mag: join32(mag, 10), err: join32(err, 0.01) }])),
  };
}
