import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Header, imageHdu, writeFits } from '@colibri/fits';
import type { Stack, Template, TemplateSource } from '@colibri/pipeline';
import { tanWcs } from '@colibri/sky';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { firstOf } from './first-of.ts';
import { stackArchive } from './stack-archive.ts';
import { legacyCutouts, ps1Cutouts, type SurveyAnswer, type SurveyOptions } from './survey-cutouts.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'colibri-templates-'));
});
afterEach(() => rm(dir, { recursive: true }));

const SCALE = 0.38 / 3600;

/** A stack's file as far as the archive reads it: the header of SCI. */
function stackFile(change: Record<string, string | number> = {}, ra = 215.6): Uint8Array {
  const header = new Header();
  const cards = { UNIT: '929744/C0/r', NIGHTID: '2025-12-25', FILTER: 'r', EXPTIME: 360, STFWHMP: 3.6, ...change };
  for (const [keyword, value] of Object.entries(cards)) header.set(keyword, value, '');
  const wcs = tanWcs({ crpix: [31.5, 31.5], crval: [ra, 53.1], cd: [-SCALE, 0, 0, SCALE] });
  for (const { keyword, value, comment } of wcs.toCards()) header.set(keyword, value, comment);
  return writeFits([imageHdu({ data: new Float32Array(64 * 64), shape: [64, 64], name: 'SCI', header })], {});
}

async function put(path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(join(dir, path), { recursive: true });
  await writeFile(join(dir, path, 'stack.fits.fz'), bytes);
}

const query = { raDeg: 215.6, decDeg: 53.1, radiusDeg: 45 * SCALE, filter: 'r', unit: '929744/C0/r@2025-12-31' };

describe('stackArchive', () => {
  const opened: string[] = [];
  const archive = (): TemplateSource => {
    opened.length = 0;
    return stackArchive({
      folder: dir,
      decode: async (_bytes, path) => {
        opened.push(path);
        return { width: 64, height: 64, filter: 'r', covarianceFactor: 1.3 } as Stack;
      },
    });
  };

  it('takes an earlier night of the same unit, and calls it the first epoch', async () => {
    await put('929744/C0/r', stackFile({ NIGHTID: '2025-12-31', EXPTIME: 3600 }));
    await put('929744/C0/r/epochs/2025-12-25', stackFile());
    const found = await archive().find(query);
    expect(found).toMatchObject({
      name: '929744/C0/r/epochs/2025-12-25/stack.fits.fz',
      origin: 'first-epoch',
      covarianceFactor: 1.3,
    });
    expect(found!.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(opened.length).toBe(1);
  });

  it('prefers depth on stars, whoever observed, and leaves out other filters, other places and damaged files', async () => {
    await put('a', stackFile({ UNIT: 'x/C0/r' }));
    await put('b', stackFile({ UNIT: 'y/C0/r', STFWHMP: 2.5 }));
    await put('c', stackFile({ UNIT: 'z/C0/i', FILTER: 'i', EXPTIME: 9999 }));
    await put('d', stackFile({ UNIT: 'w/C0/r', EXPTIME: 9999 }, 215.9));
    await put('e', stackFile({ EXPTIME: 9999 }).slice(0, 2000));
    await put('reduced', stackFile({ EXPTIME: 9999 }));
    const found = await archive().find(query);
    expect(found).toMatchObject({ name: 'b/stack.fits.fz', origin: 'archive' });
    expect(await archive().find({ ...query, filter: 'z' })).toBeNull();
    expect(await archive().find({ ...query, decDeg: 40 })).toBeNull();
  });

  it('sees a file that came later', async () => {
    const source = archive();
    expect(await source.find(query)).toBeNull();
    await put('late', stackFile());
    expect((await source.find(query))!.name).toBe('late/stack.fits.fz');
  });
});

describe('survey cut-outs', () => {
  const image = stackFile();
  let server: Server;
  let asked: string[];
  let answer: (url: string) => { status: number; body: Uint8Array | string };
  let url: string;
  const table =
    'projcell subcell ra dec filter mjd type filename shortname\n1 2 215.6 53.1 r 0 stack /rings/a.fits a\n1 2 215.6 53.1 r 0 stack.wt /rings/a.wt.fits b\n';
  beforeEach(async () => {
    asked = [];
    answer = (path) => ({ status: 200, body: path.includes('ps1filenames') ? table : image });
    server = createServer((request, response) => {
      asked.push(request.url!);
      const { status, body } = answer(request.url!);
      response.writeHead(status).end(body);
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => new Promise<void>((done) => server.close(() => done())));
  const waits: number[] = [];
  const options = (): SurveyOptions => ({
    cacheDir: join(dir, 'cache'),
    baseUrl: url,
    sleep: async (ms) => void waits.push(ms),
    decode: async (got: SurveyAnswer) =>
      ({ name: got.name, sizes: [got.image.length, got.weight?.length ?? 0] }) as unknown as Template,
  });

  it('asks Pan-STARRS for names, image and weight once, and the disk ever after', async () => {
    const found = await ps1Cutouts(options()).find(query);
    expect(found).toEqual({ name: 'PS1 a.fits', sizes: [image.length, image.length] });
    expect(asked.length).toBe(3);
    expect(asked[1]).toContain(encodeURIComponent('/rings/a.fits'));
    expect(await ps1Cutouts(options()).find(query)).toEqual(found);
    expect(asked.length).toBe(3);
  });

  it('asks nothing for filters that it does not have, or south of its sky', async () => {
    expect(await ps1Cutouts(options()).find({ ...query, filter: 'gri' })).toBeNull();
    expect(await ps1Cutouts(options()).find({ ...query, decDeg: -45 })).toBeNull();
    expect(asked).toEqual([]);
  });

  it('tries again when the service is busy or cuts the file short, and keeps nothing broken', async () => {
    let n = 0;
    answer = () =>
      [
        { status: 503, body: 'busy' },
        { status: 200, body: image.slice(0, 3000) },
        { status: 200, body: image },
      ][n++]!;
    waits.length = 0;
    expect((await legacyCutouts(options()).find(query))!.name).toMatch(/^ls-dr10 r/);
    expect(asked.length).toBe(3);
    expect(waits).toEqual([1000, 2000]);
    expect(asked[0]).toMatch(/layer=ls-dr10.*bands=r.*invvar/);
  });

  it('says which service is out of reach, and that nothing lies there when it says so', async () => {
    answer = () => ({ status: 500, body: 'no' });
    await expect(legacyCutouts(options()).find(query)).rejects.toMatchObject({ code: 'SURVEY_UNREACHABLE', retry: 'later' });
    answer = () => ({ status: 404, body: 'no' });
    expect(await legacyCutouts(options()).find(query)).toBeNull();
  });

  it('goes on to the next source, and warns, when one fails', async () => {
    answer = () => ({ status: 500, body: 'no' });
    const said: string[] = [];
    const other = { name: 'other' } as Template;
    const sources = [legacyCutouts(options()), { find: async () => null }, { find: async () => other }];
    const found = await firstOf(sources).find({ ...query, onTrouble: (sentence) => void said.push(sentence) });
    expect(found).toBe(other);
    expect(said).toEqual([expect.stringContaining('Legacy Surveys')]);
  });
});
