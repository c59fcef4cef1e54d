import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineError } from '@colibri/base';
import { faultyFiles } from '@colibri/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { folderSink, removeParts } from './products.ts';
import { folderQuarantine, type QuarantineRequest } from './quarantine.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'products-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));
const target = 'a/C0/r/reduced/x.fits.fz';
const bytes = new TextEncoder().encode('the product');
const everything = (): string[] =>
  readdirSync(root, { recursive: true, withFileTypes: true }).flatMap((e) => (e.isFile() ? [e.name] : []));

describe('folderSink', () => {
  it('makes the folders and the file, and says its checksum', async () => {
    const committed = await folderSink(root).commit(target, bytes);
    // printf 'the product' | sha256sum
    expect(committed).toEqual({
      path: target,
      sha256: 'fe3db416cd6d919bc0561136afb22f8b098bb4f0fd3caac1bff1e9e109ac48d0',
      bytes: 11,
    });
    expect(readFileSync(join(root, target), 'utf8')).toBe('the product');
    expect(everything()).toEqual(['x.fits.fz']);
  });

  it.each(['../x', 'a/../../x', '/etc/x', '.'])('refuses %s, which is not below its root', async (path) => {
    await expect(folderSink(root).commit(path, bytes)).rejects.toMatchObject({ code: 'PRODUCT_PATH' });
  });

  it('shows the old file or the new one whole, wherever it is killed', async () => {
    const count = faultyFiles();
    await folderSink(root, { files: count }).commit(target, bytes);
    expect(count.operations()).toBeGreaterThanOrEqual(5);
    for (let at = 1; at <= count.operations(); at++) {
      rmSync(join(root, 'a'), { recursive: true, force: true });
      await folderSink(root).commit(target, new TextEncoder().encode('old'));
      const killed = folderSink(root, { files: faultyFiles({ at, code: 'KILL' }) }).commit(target, bytes);
      const outcome = await killed.then(
        () => 'done',
        () => 'killed',
      );
      expect(['old', 'the product']).toContain(readFileSync(join(root, target), 'utf8'));
      if (outcome === 'done') expect(readFileSync(join(root, target), 'utf8')).toBe('the product');
      await removeParts(root);
      expect(everything()).toEqual(['x.fits.fz']);
    }
  });

  it.each(['ENOSPC', 'EIO', 'EMFILE'] as const)(
    'answers %s at any operation with trouble that passes, and leaves no part',
    async (code) => {
      const count = faultyFiles();
      await folderSink(root, { files: count }).commit(target, bytes);
      for (let at = 1; at <= count.operations(); at++) {
        rmSync(join(root, 'a'), { recursive: true, force: true });
        const failing = folderSink(root, { files: faultyFiles({ at, code }) }).commit(target, bytes);
        await expect(failing).rejects.toMatchObject({ code: code === 'ENOSPC' ? 'STORAGE_FULL' : 'STORAGE_IO', retry: 'later' });
        expect(everything().filter((name) => name.endsWith('.part'))).toEqual([]);
        await folderSink(root).commit(target, bytes); // later it works without a person
        expect(readFileSync(join(root, target), 'utf8')).toBe('the product');
      }
    },
  );
});

describe('removeParts', () => {
  it('removes what we left half-written and nothing else', async () => {
    for (const name of ['x.fits.fz.0123456789ab.part', 'theirs.part', 'x.fits.fz']) writeFileSync(join(root, name), '');
    expect(await removeParts(root)).toEqual([join(root, 'x.fits.fz.0123456789ab.part')]);
    expect(everything().sort()).toEqual(['theirs.part', 'x.fits.fz']);
    expect(await removeParts(join(root, 'absent'))).toEqual([]);
  });
});

describe('folderQuarantine', () => {
  const broken = defineError<{ file: string; offset: number }>({
    code: 'FITS_CARD',
    retry: 'never',
    summary: '',
    message: (f) => `${f.file} is broken`,
    hint: 'Look.',
  });
  const request = (change: Partial<QuarantineRequest> = {}): QuarantineRequest => ({
    error: broken({ file: 'x', offset: 5760 }),
    module: null,
    frameId: '20260101T042001C0o',
    key: 'gp1/20260101T042001C0o/r0',
    sourcePath: join(root, 'x.fits.fz'),
    sha256: 'a',
    attempts: 1,
    quarantinedAt: '2026-01-01T00:00:00.000Z',
    software: 'gp1 0',
    replay: 'gp1 inspect x',
    ...change,
  });

  it('keeps a copy and a note; the input stays, and may change without changing the copy', async () => {
    writeFileSync(join(root, 'x.fits.fz'), 'bad');
    const folder = await folderQuarantine(join(root, 'quarantine')).keep(request());
    expect(folder).toBe(join(root, 'quarantine/FITS_CARD/20260101T042001C0o'));
    writeFileSync(join(root, 'x.fits.fz'), 'good');
    expect(readFileSync(join(folder, '20260101T042001C0o.fits.fz'), 'utf8')).toBe('bad');
    expect(JSON.parse(readFileSync(join(folder, 'note.json'), 'utf8'))).toMatchObject({
      code: 'FITS_CARD',
      message: 'x is broken',
      hint: 'Look.',
      byteOffset: 5760,
      attempts: 1,
      replay: 'gp1 inspect x',
      key: 'gp1/20260101T042001C0o/r0',
    });
  });

  it('keeps the same bytes once and other bytes of that name beside them', async () => {
    writeFileSync(join(root, 'x.fits.fz'), 'bad');
    const quarantine = folderQuarantine(join(root, 'quarantine'));
    const [first, again, other] = [
      await quarantine.keep(request()),
      await quarantine.keep(request()),
      await quarantine.keep(request({ sha256: 'b' })),
    ];
    expect(again).toBe(first);
    expect(other).toBe(`${first}-2`);
  });

  it('keeps the note alone of a file that is gone, and cannot be led elsewhere by names', async () => {
    const folder = await folderQuarantine(join(root, 'quarantine')).keep(request({ frameId: '../../etc/x' }));
    expect(folder.startsWith(join(root, 'quarantine/FITS_CARD/'))).toBe(true);
    expect(readdirSync(folder)).toEqual(['note.json']);
  });

  it('releases what was processed after all, and nothing outside itself', async () => {
    const quarantine = folderQuarantine(join(root, 'quarantine'));
    const folder = await quarantine.keep(request());
    await quarantine.release(root);
    expect(existsSync(root)).toBe(true);
    await quarantine.release(folder);
    expect(existsSync(folder)).toBe(false);
  });
});
