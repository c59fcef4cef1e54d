import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { transferFolder } from './transfer.ts';

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

describe('transferFolder', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'colibri-transfer-'));
    mkdirSync(join(root, 'ws'));
    writeFileSync(join(root, 'ws', 'a.fits.fz'), 'pixels');
    writeFileSync(join(root, 'ws', 'a.cat.fits'), 'stars');
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));
  const frame = () => ({
    frameId: 'a',
    pipeline: 'svom',
    nightId: '2025-12-31',
    level: 'L1b',
    files: ['a.fits.fz', 'a.cat.fits'].map((name) => join(root, 'ws', name)),
  });

  it('puts the files beside a manifest with their checksums', async () => {
    const transfer = transferFolder(join(root, 'out'));
    expect(await transfer.handOver(frame())).toBe('handed over');
    const folder = join(root, 'out', '2025-12-31', 'svom');
    expect(readdirSync(folder).sort()).toEqual(['a.cat.fits', 'a.fits.fz', 'a.manifest.json']);
    expect(JSON.parse(readFileSync(join(folder, 'a.manifest.json'), 'utf8'))).toMatchObject({
      schema: 'colibri.transfer/1',
      level: 'L1b',
      files: [
        { name: 'a.fits.fz', bytes: 6, sha256: digest('pixels') },
        { name: 'a.cat.fits', bytes: 5, sha256: digest('stars') },
      ],
    });
    expect(await transfer.known()).toEqual(new Set(['svom/a']));
  });

  it('changes nothing for the same files, and hands over new bytes anew', async () => {
    const transfer = transferFolder(join(root, 'out'));
    await transfer.handOver(frame());
    expect(await transfer.handOver(frame())).toBe('was there');
    rmSync(join(root, 'ws', 'a.fits.fz'));
    writeFileSync(join(root, 'ws', 'a.fits.fz'), 'better pixels');
    expect(await transfer.handOver(frame())).toBe('handed over');
    expect(readFileSync(join(root, 'out', '2025-12-31', 'svom', 'a.fits.fz'), 'utf8')).toBe('better pixels');
  });

  it('leaves no manifest where a file is missing', async () => {
    const transfer = transferFolder(join(root, 'out'));
    rmSync(join(root, 'ws', 'a.cat.fits'));
    await expect(transfer.handOver(frame())).rejects.toMatchObject({ retry: 'later' });
    expect(await transfer.known()).toEqual(new Set());
  });
});
