import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Header, imageHdu, writeFits } from '@colibri/fits';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isFrameName } from './arrival-names.ts';
import { type Arrivals, watchArrivals } from './arrivals.ts';

const fits = (seed = 0): Uint8Array => {
  const data = Uint16Array.from({ length: 4000 }, (_, i) => (i * 31 + seed) % 977);
  return writeFits([imageHdu({ data, shape: [80, 50], header: Header.of([['EXPTIME', 30]]) })]);
};
const restMs = 120;

describe('isFrameName', () => {
  it.each(['a.fits', 'A.FITS', 'a.fit', 'a.fits.fz', 'a.FITS.FZ', 'a.fits.gz', 'a.fts'])('%s may be a frame', (name) => {
    expect(isFrameName(name)).toBe(true);
  });
  it.each([
    '.a.fits',
    '.a.fits.Xy12Zq',
    'a.fits.part',
    'a.fits.tmp',
    'a.fits.filepart',
    'a.fits~',
    'a.txt',
    'a.fits.txt',
    'fits',
    '.a.fits.swp',
    '#a.fits#',
  ])('%s may not', (name) => {
    expect(isFrameName(name)).toBe(false);
  });
});

describe('watchArrivals', () => {
  let folder: string;
  let arrivals: Arrivals;
  let arrived: string[];
  let stuck: string[];
  let refuse: number;
  const path = (name: string): string => join(folder, name);
  const start = (giveUpMs = 60_000, rest = restMs): void => {
    arrivals = watchArrivals({
      folder,
      restMs: rest,
      rescanMs: 300,
      giveUpMs,
      async onArrival({ path: at }) {
        if (refuse-- > 0) throw new Error('the database is away');
        arrived.push(basename(at));
      },
      async onStuck(at, error) {
        stuck.push(`${basename(at)} ${error.code}`);
      },
      onTrouble() {},
    });
  };
  const until = async (condition: () => boolean, ms = 4000): Promise<void> => {
    const limit = performance.now() + ms;
    while (!condition()) {
      if (performance.now() > limit)
        throw new Error(`not within ${ms} ms; arrived: ${arrived.join(', ')}; stuck: ${stuck.join(', ')}`);
      await pause(15);
    }
  };
  const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'arrivals-'));
    arrived = [];
    stuck = [];
    refuse = 0;
  });
  afterEach(async () => {
    await arrivals.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('takes a file written in pieces once, when it is whole and rested', async () => {
    start();
    const bytes = fits();
    writeFileSync(path('slow.fits'), bytes.subarray(0, 2880));
    for (let at = 2880; at < bytes.length; at += 2880) {
      await pause(80);
      expect(arrived).toEqual([]);
      appendFileSync(path('slow.fits'), bytes.subarray(at, at + 2880));
    }
    const closed = performance.now();
    await until(() => arrived.length > 0);
    expect(performance.now() - closed).toBeGreaterThan(restMs * 0.8);
    await pause(700); // two listings later it is still the same file
    expect(arrived).toEqual(['slow.fits']);
  });

  it('waits for an extension that is still to come', async () => {
    start();
    const image = () => imageHdu({ data: Float32Array.of(1, 2, 3, 4), shape: [2, 2] });
    const [one, two] = [writeFits([image()]), writeFits([image(), image()])];
    writeFileSync(path('late.fits'), two.subarray(0, one.length));
    await pause(60);
    appendFileSync(path('late.fits'), two.subarray(one.length));
    await until(() => arrived.length > 0);
    expect(arrived).toEqual(['late.fits']);
  });

  it('ignores temporary names until they are renamed', async () => {
    start();
    for (const name of ['a.fits.part', '.b.fits.x7Qz1w', '.c.fits']) writeFileSync(path(name), fits());
    await pause(500);
    expect(arrived).toEqual([]);
    renameSync(path('a.fits.part'), path('a.fits'));
    renameSync(path('.b.fits.x7Qz1w'), path('b.fits'));
    await until(() => arrived.length === 2);
    expect(arrived.sort()).toEqual(['a.fits', 'b.fits']);
  });

  it('takes at once what was renamed in whole, and lets what was written in place rest', async () => {
    start(60_000, 3000);
    await pause(100);
    writeFileSync(path('renamed.fits.part'), fits(1));
    writeFileSync(path('in-place.fits'), fits(2));
    await pause(60); // the clock of a file system has steps of some milliseconds
    const began = performance.now();
    renameSync(path('renamed.fits.part'), path('renamed.fits'));
    await until(() => arrived.includes('renamed.fits'), 2500);
    expect(performance.now() - began).toBeLessThan(2500); // before the 3 s of rest
    expect(arrived).toEqual(['renamed.fits']);
    await until(() => arrived.length === 2, 6000);
  });

  it('takes what lies there at the start at once: calibrations first, each once', async () => {
    for (const name of [
      '20260101T000000C0o.fits',
      '20260101T000001C0f.fits.gz',
      '20260101T000002C0d.fits',
      '20260101T000003C0b.fits',
    ]) {
      writeFileSync(path(name), name.endsWith('gz') ? gzipSync(fits()) : fits());
      utimesSync(path(name), 1e9, 1e9);
    }
    await pause(restMs + 50);
    start();
    await arrivals.scan();
    expect(arrived).toEqual([
      '20260101T000003C0b.fits',
      '20260101T000002C0d.fits',
      '20260101T000001C0f.fits.gz',
      '20260101T000000C0o.fits',
    ]);
    await arrivals.scan();
    expect(arrived).toHaveLength(4);
  });

  it('reports a truncated file once, and takes it up when it is completed', async () => {
    start(250);
    const bytes = fits();
    writeFileSync(path('cut.fits'), bytes.subarray(0, 4000));
    await until(() => stuck.length > 0);
    expect(stuck).toEqual(['cut.fits FITS_TRUNCATED']);
    await pause(400);
    expect(stuck).toHaveLength(1);
    writeFileSync(path('cut.fits'), bytes);
    await until(() => arrived.length > 0);
    expect(arrived).toEqual(['cut.fits']);
  });

  it('treats a gzip stream cut short and a file of no bytes the same', async () => {
    start(200);
    writeFileSync(path('cut.fits.gz'), gzipSync(fits()).subarray(0, 900));
    writeFileSync(path('zero.fits'), '');
    await until(() => stuck.length === 2);
    expect(stuck.sort()).toEqual(['cut.fits.gz FITS_GZIP_CORRUPT', 'zero.fits FITS_EMPTY']);
    expect(arrived).toEqual([]);
  });

  it('hands over at once what more bytes cannot mend', async () => {
    start();
    writeFileSync(path('noise.fits'), 'x'.repeat(6000));
    await until(() => arrived.length > 0);
    expect(arrived).toEqual(['noise.fits']);
  });

  it('takes links and upper case, and passes by folders, pipes and dangling links', async () => {
    start();
    const outside = mkdtempSync(join(tmpdir(), 'arrivals-outside-'));
    writeFileSync(join(outside, 'real.fits'), fits());
    symlinkSync(join(outside, 'real.fits'), path('soft.fits'));
    linkSync(join(outside, 'real.fits'), path('hard.fits'));
    symlinkSync(join(outside, 'nowhere.fits'), path('dangling.fits'));
    mkdirSync(path('folder.fits'));
    execFileSync('mkfifo', [path('pipe.fits')]);
    mkdirSync(path('2026/night'), { recursive: true });
    writeFileSync(path('2026/night/DEEP.FITS'), fits());
    await until(() => arrived.length === 3);
    await pause(500);
    expect(arrived.sort()).toEqual(['DEEP.FITS', 'hard.fits', 'soft.fits']);
    rmSync(outside, { recursive: true });
  });

  it('takes other bytes written over a known name as a new arrival', async () => {
    start();
    writeFileSync(path('a.fits'), fits());
    await until(() => arrived.length === 1);
    writeFileSync(path('a.fits'), fits(1));
    await until(() => arrived.length === 2);
  });

  it('forgets what is removed, and offers again what could not be taken', async () => {
    refuse = 1;
    start();
    writeFileSync(path('a.fits'), fits());
    writeFileSync(path('gone.fits'), fits().subarray(0, 3000));
    unlinkSync(path('gone.fits'));
    await until(() => arrived.length === 1);
    expect(arrived).toEqual(['a.fits']);
    await until(() => arrivals.pending() === 0);
  });

  it('takes 300 files that come at once, each once', async () => {
    start();
    for (let i = 0; i < 300; i++) writeFileSync(path(`f${i}.fits`), fits(i));
    await until(() => arrived.length >= 300, 15_000);
    await pause(500);
    expect(new Set(arrived).size).toBe(300);
    expect(arrived).toHaveLength(300);
  });
});
