import { describe, expect, it } from 'vitest';
import { readConfig } from '../config/module-config.ts';
import { type AnyModule, defineModule } from '../define-module.ts';
import { readUnits } from '../products/read-unit.ts';
import { readRawFrame } from '../read-frame.ts';
import { sequence } from '../sequence.ts';
import { enginePorts, memorySink, metaOptions, rawFits } from '../test/raw-frames.ts';
import { astrometry, findstars, reduction } from '../test/toy-modules.ts';
import { alignment, summary } from '../test/toy-units.ts';
import type { Unit } from '../unit.ts';
import { processFrame } from './process-frame.ts';
import { processUnit, type UnitJob } from './process-unit.ts';
import { rawWork } from './work.ts';

const standard = sequence('standard', [reduction, findstars, astrometry, alignment, summary]);
const configured = (module: AnyModule) => ({ module, config: readConfig(module, []).config });
const identity = { software: { name: 'gp1', version: '0.1.0' }, host: 'dome', replay: () => 'pipeline' };

/** A workspace with reduced frames, as processFrame leaves it. */
async function workspace(times: readonly string[]) {
  const sink = memorySink();
  for (const [n, time] of times.entries()) {
    const { raw } = await readRawFrame(
      rawFits({ 'DATE-OBS': time, ALEVT: '2026-01-01T04:18:49' }, { seed: n, star: n === 1 ? 300 : 4000 }),
      `/in/${time.replace(/[-:]/g, '')}C0o.fits`,
      String(n).repeat(64),
      metaOptions,
    );
    const modules = [reduction, findstars].map(configured);
    await processFrame(
      {
        pipeline: 'svom',
        revision: 0,
        config: { sequence: standard, hash: 'c', modules, folderHeaders: ['TRGID', 'INSTRUME', 'FILTER'], cells: [] },
        work: rawWork(raw),
        inputs: [],
        warnings: [],
        readSec: 0,
      },
      enginePorts(),
      sink,
      identity,
    );
  }
  const folder = '929744/C0/r';
  const { units, unreadable } = await readUnits(
    {
      name: folder,
      list: async (sub) =>
        [...sink.files.keys()]
          .filter((path) => path.startsWith(`${folder}/${sub}/`))
          .map((path) => path.split('/').at(-1)!)
          .sort(),
      read: async (name) => sink.files.get(`${folder}/${name}`) ?? Promise.reject(new Error(`no ${name}`)),
    },
    { meta: metaOptions, compute: enginePorts().compute },
  );
  expect(unreadable).toEqual([]);
  return { sink, units, folder };
}

const times = ['2026-01-01T04:20:01', '2026-01-01T04:20:39', '2026-01-01T04:21:17'];
const ports = { ...enginePorts(), templates: null, minorPlanets: null };
const jobOf = (unit: Unit, folder: string, modules: readonly AnyModule[], change: Partial<UnitJob> = {}): UnitJob => ({
  pipeline: 'svom',
  config: { sequence: standard, unitModules: modules.map(configured) },
  unit,
  folder,
  read: async () => null,
  kept: new Map(),
  isFinal: true,
  isThorough: true,
  latencySec: null,
  ...change,
});

describe('readUnits', () => {
  it('gives one unit per night, its frames in order of time, with when the event happened', async () => {
    const { units } = await workspace([...times].reverse().concat('2025-12-29T04:00:00'));
    expect(units.map(({ nightId, frames }) => [nightId, frames.length])).toEqual([
      ['2025-12-28', 1],
      ['2025-12-31', 3],
    ]);
    expect(units[1]).toMatchObject({ name: '929744/C0/r', target: '929744', camera: 'C0', filter: 'r' });
    expect(units[1]!.triggeredAt).toBe('2026-01-01T04:18:49.000Z');
    expect(units[1]!.frames.map(({ meta }) => meta.observedAt.slice(14, 19))).toEqual(['20:01', '20:39', '21:17']);
    expect(units[1]!.frames[0]!.metrics.sourceCount).toBe(1);
  });
});

describe('processUnit', () => {
  it('runs the modules in order and commits products and the record of each', async () => {
    const { sink, units, folder } = await workspace(times);
    const result = await processUnit(jobOf(units[0]!, folder, [alignment, summary]), ports, sink, identity);
    expect(result).toMatchObject({
      failure: null,
      warnings: ['A frame was left out.'],
      metrics: { frames: 3, stackedFrames: 2 },
    });
    expect(result.products).toEqual(['alignment.json', 'provenance/alignment.json', 'provenance/summary.json', 'summary.json']);
    const written = JSON.parse(new TextDecoder().decode(sink.files.get(`${folder}/summary.json`)!));
    expect(written.light).toBeGreaterThan(0);
    expect(written.origin).toMatchObject({
      modules: { reduction: '1.0.0', findstars: '1.0.0', alignment: '1.0.0' },
      parameters: { alignment: { least: 1 } },
      warnings: ['A frame was left out.'],
      latencySec: null,
    });
    expect(written.origin.inputs.filter(({ role }: { role: string }) => role === 'frame')).toHaveLength(3);
  });

  it('gives the same bytes when its modules run one by one, each from the files of the one before', async () => {
    const { sink, units, folder } = await workspace(times);
    await processUnit(jobOf(units[0]!, folder, [alignment, summary]), ports, sink, identity);
    const alone = memorySink();
    const read = async (name: string): Promise<Uint8Array | null> => alone.files.get(`out/${name}`) ?? null;
    for (const module of [alignment, summary]) {
      const { failure } = await processUnit(jobOf(units[0]!, 'out', [module], { read, pipeline: 'x' }), ports, alone, identity);
      expect(failure).toBeNull();
    }
    for (const [path, bytes] of alone.files) expect(bytes).toEqual(sink.files.get(path.replace('out', folder)));
  });

  it('skips what needs a product that failed, and says whose fault it is', async () => {
    const { sink, units, folder } = await workspace(times);
    const broken = defineModule({
      ...alignment,
      run: () => {
        throw new Error('too few stars');
      },
    });
    const job = jobOf(units[0]!, folder, [broken, summary]);
    const result = await processUnit(job, ports, sink, identity);
    expect(result.cells.map(({ state, reason }) => [state, reason])).toEqual([
      ['failed', 'Module alignment failed: too few stars'],
      ['skipped', 'alignment failed'],
    ]);
    expect(result.failure).toMatchObject({ module: 'alignment', error: { code: 'UNEXPECTED' } });
  });

  it('lets a module go on from what it kept while frames arrive, and begin anew for the final products', async () => {
    const { sink, units, folder } = await workspace(times);
    const kept: UnitJob['kept'] = new Map();
    for (const isFinal of [false, false, true]) {
      await processUnit(jobOf(units[0]!, folder, [alignment], { kept, isFinal }), ports, sink, identity);
    }
    expect(kept.get('alignment')?.get('seen')).toEqual([3, 3]);
  });

  it('asks for the files of a module that did not run', async () => {
    const { sink, units, folder } = await workspace(times);
    const { failure } = await processUnit(jobOf(units[0]!, folder, [summary]), ports, sink, identity);
    expect(failure?.error).toMatchObject({
      code: 'MODULE_INPUT_MISSING',
      message: expect.stringContaining('the alignment of its frames'),
    });
  });
});
