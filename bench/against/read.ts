import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openFits, readImage } from '@colibri/fits';
import type { Compute } from '@colibri/numerics';
import { readRawFrame } from '@colibri/pipeline';
import { readInput } from '../../apps/gp1/src/online/read-input.ts';
import type { BenchRow } from '../report.ts';
import { rawScience } from '../science/field18/raw-file.ts';
import { compete, isInstalled, spend, spendOn } from './contest.ts';
import type { Ground } from './ground.ts';
import { sceneField } from './scene.ts';

/** A Rice-packed raw frame of 4096², from the file to pixels in memory. */
export async function readRows({ folder, one, all }: Ground): Promise<BenchRow[]> {
  const field = sceneField({ size: 4096, frames: 1, stars: 5600 });
  const path = join(folder, 'raw.fits.fz');
  writeFileSync(path, rawScience(field, field.frames[0]!));
  const meta = { nowMs: Date.UTC(2100, 0, 1), longitudeEastDeg: -115.46, alertRules: ['trigger'], lenient: true } as const;
  const read = (compute: Compute) => () =>
    spend(() =>
      compute.scope(async () => readRawFrame((await readInput(path, compute)).bytes, 'raw.fits.fz', '', meta, compute)),
    );
  const accuracy = await differingPixels(path, folder, one);
  return compete({
    name: 'read 4096² .fz',
    one: read(one),
    all: read(all),
    peer: isInstalled('funpack')
      ? async () =>
          spendOn(folder, [
            ['funpack', '-O', 'unpacked.fits', 'raw.fits.fz'],
            ['rm', 'unpacked.fits'],
          ])
      : null,
    peerName: 'funpack, to a plain file',
    cpuRatio: 1.5,
    wallRatio: 2,
    rounds: 7,
    accuracy: () => accuracy,
  });
}

/** Both read the same numbers. */
async function differingPixels(path: string, folder: string, compute: Compute): Promise<string> {
  if (!isInstalled('funpack')) return '';
  spendOn(folder, [['funpack', '-O', 'unpacked.fits', path]]);
  const plain = await openFits(new Uint8Array(readFileSync(join(folder, 'unpacked.fits'))), { name: 'unpacked.fits' });
  spendOn(folder, [['rm', 'unpacked.fits']]);
  const theirs = (await readImage(plain.hdus.find((h) => h.shape.length === 2)!, { as: 'physical' })).data;
  const meta = { nowMs: Date.UTC(2100, 0, 1), longitudeEastDeg: -115.46, alertRules: ['trigger'], lenient: true } as const;
  return compute.scope(async () => {
    const { raw } = await readRawFrame((await readInput(path, compute)).bytes, 'raw.fits.fz', '', meta, compute);
    let differ = 0;
    for (let i = 0; i < raw.data.length; i++) if (raw.data[i] !== Number(theirs[i])) differ++;
    return `${differ} pixels differ`;
  });
}
