import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { contractStars } from '@colibri/testkit';
import { describe, expect, it } from 'vitest';
import { decodeStars, encodeStars } from './tile-file.ts';

describe('a tile', () => {
  const stars = contractStars();
  const table = { ...stars, ids: Array.from({ length: stars.count }, (_, i) => `star ${i}`) };

  it('is read as it was written, G and g apart', async () => {
    const bands = new Map([...table.bands, ['g', table.bands.get('RP')!] as const]);
    const back = await decodeStars(encodeStars({ ...table, bands }), 'tile');
    expect(back.ids).toEqual(table.ids);
    expect(back.raDeg).toEqual(table.raDeg);
    expect(back.pmDecMasYr).toEqual(table.pmDecMasYr);
    expect(back.bands).toEqual(bands);
    expect(back.epochJyear).toBe(2016);
  });

  it('may be empty', async () => {
    const none = { ...table, count: 0, ids: [], raDeg: new Float64Array(0), decDeg: new Float64Array(0), bands: new Map() };
    const empty = { ...none, pmRaMasYr: new Float32Array(0), pmDecMasYr: new Float32Array(0), isStar: new Uint8Array(0) };
    expect((await decodeStars(encodeStars(empty), 'tile')).count).toBe(0);
  });

  const hasFitsverify = spawnSync('fitsverify', ['-h']).error === undefined;
  it.skipIf(!hasFitsverify)('passes fitsverify without errors and warnings (skipped where that is not installed)', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'colibri-tile-'));
    await writeFile(join(dir, 'tile.fits'), encodeStars(table));
    expect(spawnSync('fitsverify', ['-q', join(dir, 'tile.fits')], { encoding: 'utf8' }).stdout).toContain('verification OK');
    await rm(dir, { recursive: true });
  });
});
