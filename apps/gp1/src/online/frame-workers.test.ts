import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memoryLog, systemClock } from '@colibri/base';
import type { FrameState } from '@colibri/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rawFits } from '../test/toys.ts';
import { readConfigTexts } from '../world/load-config.ts';
import { type FrameWorkers, startFrameWorkers } from './frame-workers.ts';
import type { FrameTask } from './task.ts';

describe('frame workers', () => {
  let root: string;
  let workers: FrameWorkers;
  const log = memoryLog();
  const asked: unknown[] = [];
  const task = (name: string): FrameTask => ({
    key: `svom/${name}/r0`,
    pipeline: 'svom',
    path: join(root, `${name}.fits`),
    sha256: 'a'.repeat(64),
    revision: 0,
    isAlert: false,
  });
  const put = (name: string, trick: string | number | null): FrameTask => {
    writeFileSync(join(root, `${name}.fits`), rawFits({ TRICK: trick }));
    return task(name);
  };
  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'frame-workers-'));
    mkdirSync(join(root, 'cfg'));
    writeFileSync(join(root, 'cfg/reduction.cfg'), '[Calibration]\nbias = none\n');
    workers = await startFrameWorkers({
      size: 1,
      log,
      clock: systemClock,
      frameTimeoutSec: 4,
      calibrations: async (key) => {
        asked.push(key);
        return [];
      },
      setup: {
        sequences: new URL('../test/toys.ts', import.meta.url).href,
        pipelines: [
          { name: 'svom', folder: readConfigTexts(join(root, 'cfg')), workspaceDir: join(root, 'ws') },
          { name: 'strict', folder: { path: root, texts: new Map() }, workspaceDir: join(root, 'strict') },
        ],
        threads: 1,
        mastersDir: join(root, 'masters'),
        catalogDir: null,
        longitudeEastDeg: -115.464,
        alertRules: [],
        clockOffsetMs: 0,
      },
    });
  });
  afterAll(async () => {
    await workers.close();
    rmSync(root, { recursive: true });
  });

  it('process a frame in a thread of their own, telling each step', async () => {
    const states: FrameState[] = [];
    const measured: (string | null)[] = [];
    const result = await workers.run(put('good', null), {
      onProgress: (_cells, state) => void states.push(state),
      onMeasured: ({ products }) => void measured.push(products.catalog),
    });
    expect(result).toMatchObject({
      failure: null,
      metrics: { sourceCount: 0 },
      products: { reduced: '929744/C0/r/reduced/good.fits.fz' },
    });
    expect(readdirSync(join(root, 'ws/929744/C0/r')).sort()).toEqual(['catalogs', 'reduced']);
    expect(measured).toEqual(['929744/C0/r/catalogs/good.cat.fits']);
    expect(states).toEqual(['reducing', 'reduced', 'reduced', 'measured']);
    expect(result.cells.find((cell) => cell.module === 'reduction')?.seconds).toBeGreaterThanOrEqual(0);
  });

  it('give a fault of the frame back as data', async () => {
    const result = await workers.run(put('throws', 'throw'), {});
    expect(result.failure).toMatchObject({ module: 'reduction', error: { code: 'UNEXPECTED', retry: 'never' } });
    expect((await workers.run(task('absent'), {})).failure).toMatchObject({ error: { code: 'INPUT_VANISHED' } });
  });

  it('ask the ledger of the main thread for calibrations', async () => {
    const { failure } = await workers.run({ ...put('strict', null), pipeline: 'strict' }, {});
    expect(failure?.error.code).toBe('MASTER_MISSING');
    expect(asked[0]).toMatchObject({ type: 'bias', camera: 'C0' });
  });

  it.each([
    ['ends its thread', 'die', 'ended with code 7'],
    ['never comes back', 'hang', 'took longer than 4 s'],
  ])('survive a frame that %s: the next one is processed by a new worker', async (_what, trick, said) => {
    const bad = put(trick, trick);
    const run = workers.run(bad, {});
    expect(workers.idle()).toBe(0);
    await expect(run).rejects.toMatchObject({ code: 'WORKER_DIED', message: expect.stringContaining(said) });
    expect(workers.idle()).toBe(1);
    expect((await workers.run(put(`after-${trick}`, null), {})).failure).toBeNull();
  });
});
