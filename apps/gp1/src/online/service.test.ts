import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { folderSink } from '@colibri/adapters/filesystem';
import { type MemoryLedger, openMemoryLedger } from '@colibri/adapters/memory';
import { memoryLog, ObservatoryError } from '@colibri/base';
import type { FrameRow } from '@colibri/contracts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { died, type InlineOptions, inlineWorkers } from '../test/inline-workers.ts';
import { rawFits, toySequence } from '../test/toys.ts';
import { loadGp1 } from '../world/load-config.ts';
import { type Online, startOnline } from './service.ts';

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const gp1Cfg = `[General]
input = in
log_path = log
rest_seconds = 0.05
rescan_seconds = 0.2
give_up_seconds = 0.4
retry_seconds = 0.05, 0.1
min_free_percent = 0

[svom]
processing_strategy = standard
identifier_header = EXPTYPE,OBSERVER
identifier_value = Object,SVOM
configuration_path_dir = cfg
workspace_dir = ws/svom

[all]
processing_strategy = standard
identifier_header = EXPTYPE
identifier_value = object
configuration_path_dir = cfg
workspace_dir = ws/all
`;

describe('the online mode', () => {
  let root: string;
  let ledger: MemoryLedger;
  let log: ReturnType<typeof memoryLog>;
  let running: Online[];
  const at = (...parts: string[]): string => join(root, ...parts);
  const put = (name: string, bytes: Uint8Array): void => {
    mkdirSync(dirname(at('in', name)), { recursive: true });
    writeFileSync(at('in', `.${name.replaceAll('/', '_')}`), bytes);
    renameSync(at('in', `.${name.replaceAll('/', '_')}`), at('in', name));
  };
  const frame = (n: number, change: Parameters<typeof rawFits>[0] = {}, options: Parameters<typeof rawFits>[1] = {}): string => {
    const time = `2026-01-01T04:${String(Math.floor(n / 60) + 10).padStart(2, '0')}:${String(n % 60).padStart(2, '0')}`;
    const letter = { bias: 'b', dark: 'd', flat: 'f' }[String(change['EXPTYPE'])] ?? 'o';
    const name = `${time.replace(/[-:]/g, '')}C0${letter}.fits`;
    put(name, rawFits({ 'DATE-OBS': time, ...change }, { seed: n, ...options }));
    return name.replace('.fits', '');
  };
  const start = async (options: Partial<InlineOptions> & { isOnce?: boolean } = {}): Promise<Online & { order: string[] }> => {
    const { config, pipelines, problems } = await loadGp1(at('gp1.cfg'), toySequence);
    expect(problems.map(({ message }) => message)).toEqual([]);
    const workers = inlineWorkers({ pipelines, ...options });
    const online = await startOnline({
      config,
      configPath: 'gp1.cfg',
      pipelines,
      ledger,
      log,
      isOnce: options.isOnce ?? false,
      openWorkers: async () => workers,
    });
    running.push(online);
    return { ...online, order: workers.order };
  };
  const once = async (options: Partial<InlineOptions> = {}): Promise<string[]> => {
    const online = await start({ ...options, isOnce: true });
    await online.drained;
    await online.stop();
    return online.order;
  };
  const row = (key: string): FrameRow => {
    const found = ledger.rows().find((candidate) => candidate.key === key);
    if (!found)
      throw new Error(
        `no row ${key} among ${ledger
          .rows()
          .map((r) => `${r.key} ${r.state}`)
          .join(', ')}`,
      );
    return found;
  };
  const state = (key: string): string | undefined => ledger.rows().find((candidate) => candidate.key === key)?.state;
  const until = async (condition: () => boolean, ms = 5000): Promise<void> => {
    for (const limit = performance.now() + ms; !condition(); await pause(10)) {
      if (performance.now() > limit)
        throw new Error(
          `not within ${ms} ms: ${ledger
            .rows()
            .map((r) => `${r.key} ${r.state}`)
            .join(', ')}`,
        );
    }
  };
  const balances = async (): Promise<void> => {
    for (const pipeline of ['svom', 'all', 'gp1']) {
      const c = await ledger.counts(pipeline);
      expect(c.offered).toBe(c.published + c.skipped + c.failed + c.quarantined + c.duplicates);
    }
  };
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'gp1-online-'));
    for (const folder of ['in', 'cfg']) mkdirSync(at(folder));
    writeFileSync(at('gp1.cfg'), gp1Cfg);
    writeFileSync(at('cfg/pipeline.cfg'), '[Workspace]\nheaders = TRGID,INSTRUME,FILTER\n');
    ledger = openMemoryLedger();
    log = memoryLog();
    running = [];
  });
  afterEach(async () => {
    for (const online of running) await online.stop(0);
    rmSync(root, { recursive: true, force: true });
  });

  describe('routing', () => {
    it('gives a frame to every pipeline whose headers all match, without case', async () => {
      const [both, one] = [frame(1), frame(2, { OBSERVER: 'swift' })];
      await once();
      expect(
        ledger
          .rows()
          .map((r) => `${r.key} ${r.state}`)
          .sort(),
      ).toEqual([`all/${both}/r0 published`, `all/${one}/r0 published`, `svom/${both}/r0 published`]);
      const { products } = row(`svom/${both}/r0`);
      expect(products.reduced).toBe(`929744/C0/r/reduced/${both}.fits.fz`);
      for (const product of Object.values(products)) expect(existsSync(at('ws/svom', product!))).toBe(true);
      expect(row(`svom/${both}/r0`)).toMatchObject({
        isAlert: true,
        nightId: '2025-12-31',
        cells: expect.arrayContaining([expect.objectContaining({ module: 'findstars', state: 'done' })]),
      });
      expect(row(`svom/${both}/r0`).latencySec).toBeGreaterThanOrEqual(0);
    });

    it('gives a frame that nobody asks for a row that says why', async () => {
      const focus = frame(1, { EXPTYPE: 'focus' });
      await once();
      expect(row(`gp1/${focus}/r0`)).toMatchObject({
        state: 'skipped',
        cells: [{ reason: expect.stringContaining('EXPTYPE is "focus", not "Object"') }],
      });
      await balances();
    });

    it('keeps calibration frames for masters whatever the identifiers', async () => {
      const bias = frame(1, { EXPTYPE: 'bias', EXPTIME: 0, OBSERVER: 'nobody' });
      const flat = frame(2, { EXPTYPE: 'flat', FILTER: 'i' });
      await once();
      expect(row(`gp1/${bias}/r0`)).toMatchObject({
        state: 'skipped',
        cells: [{ state: 'done', reason: 'bias frame, kept for masters' }],
      });
      const common = { camera: 'C0', binning: '1', readMode: '1MHz', softGain: '6.2', width: 12, height: 12 }; // trimmed by COLIBRI's rule
      expect(await ledger.calibrations({ type: 'bias', filter: '-', ...common })).toHaveLength(1);
      expect(await ledger.calibrations({ type: 'flat', filter: 'i', ...common })).toMatchObject([{ frameId: flat }]);
    });
  });

  describe('bad input', () => {
    it.each([
      ['no FITS file', 'noise.fits', () => new TextEncoder().encode('x'.repeat(9000)), 'FITS_NOT_FITS', 'gp1'],
      ['a truncated file', 'cut.fits', () => rawFits().subarray(0, 3000), 'FITS_TRUNCATED', 'gp1'],
      ['an empty file', 'zero.fits', () => new Uint8Array(0), 'FITS_EMPTY', 'gp1'],
      ['an exposure of 0 s', 'a.fits', () => rawFits({ EXPTIME: 0 }), 'HEADER_EXPOSURE', 'gp1'],
      ['a date in the future', 'a.fits', () => rawFits({ 'DATE-OBS': '2199-01-01T00:00:00' }), 'HEADER_FUTURE_DATE', 'gp1'],
      ['no date', 'a.fits', () => rawFits({ 'DATE-OBS': null }), 'HEADER_MISSING', 'gp1'],
      ['the wrong camera', '20260101T042001C1o.fits', () => rawFits(), 'FRAME_WRONG_CAMERA', 'gp1'],
      ['a module that throws', 'a.fits', () => rawFits({ TRICK: 'throw' }), 'UNEXPECTED', 'svom'],
    ])('sets %s aside with a reason, a remedy and its bytes, and goes on', async (_what, name, make, code, pipeline) => {
      const [before, after] = [frame(1), frame(3)];
      const bytes = make();
      put(name, bytes);
      await once();
      const bad = row(`${pipeline}/${name.replace('.fits', '')}/r0`);
      expect(bad).toMatchObject({ state: 'quarantined', failure: { code } });
      expect(bad.failure?.message.length).toBeGreaterThan(10);
      expect(bad.failure?.hint.length).toBeGreaterThan(10);
      const folder = bad.failure!.quarantinePath!;
      expect(new Uint8Array(readFileSync(join(folder, name)))).toEqual(bytes);
      expect(JSON.parse(readFileSync(join(folder, 'note.json'), 'utf8'))).toMatchObject({ code, key: bad.key });
      expect(existsSync(at('in', name))).toBe(true); // the input is never taken away
      for (const id of [before, after]) expect(row(`svom/${id}/r0`).state).toBe('published');
      await balances();
    });

    it('tells a blank frame from an exposure', async () => {
      const blank = rawFits();
      blank.fill(0, blank.length - 2880); // the only data record: 384 bytes of pixels
      put('blank.fits', blank);
      await once();
      expect(row('svom/blank/r0').failure?.code).toBe('FRAME_BLANK');
    });

    it('gives a copy under another name a row of its own, and processes nothing twice', async () => {
      const first = frame(1);
      put('copy.fits', readFileSync(at('in', `${first}.fits`)));
      const order = await once();
      expect(order).toHaveLength(2);
      expect(row('gp1/copy/r0')).toMatchObject({
        state: 'skipped',
        failure: { code: 'FRAME_DUPLICATE', message: expect.stringContaining(first) },
      });
      expect(await ledger.counts('svom')).toMatchObject({ offered: 2, published: 1, duplicates: 1 });
      await balances();
    });

    it('processes other bytes under one name as a revision beside the first', async () => {
      const first = frame(1);
      await once();
      const product = at('ws/svom', row(`svom/${first}/r0`).products.reduced!);
      const before = readFileSync(product);
      put(
        `${first}.fits`,
        readFileSync(at('in', `${first}.fits`)).map((byte, i, all) => (i === all.length - 2880 ? byte ^ 1 : byte)),
      );
      await once();
      expect(row(`svom/${first}/r1`)).toMatchObject({
        state: 'published',
        products: { reduced: `929744/C0/r/reduced/${first}_r1.fits.fz` },
      });
      expect(row(`svom/${first}/r0`).warnings.at(-1)).toContain('Other bytes arrived under this name');
      expect(readFileSync(product)).toEqual(before);
    });

    it('asks a person where one name stands for two nights', async () => {
      put('n1.fits', rawFits());
      await once();
      put('n1.fits', rawFits({ 'DATE-OBS': '2026-01-05T04:20:01' }));
      await once();
      expect(row('svom/n1/r1')).toMatchObject({ state: 'quarantined', failure: { code: 'FRAME_CONFLICT' } });
    });

    it('takes a truncated file up when it is completed', async () => {
      const bytes = rawFits();
      await start();
      writeFileSync(at('in/late.fits'), bytes.subarray(0, 3000));
      await until(() => ledger.rows().some((r) => r.key === 'gp1/late/r0' && r.state === 'quarantined'));
      writeFileSync(at('in/late.fits'), bytes);
      await until(() => ledger.rows().some((r) => r.key === 'svom/late/r0' && r.state === 'published'));
      expect(row('gp1/late/r0').warnings).toEqual(['A complete version arrived later and was taken up.']);
    });
  });

  describe('order', () => {
    it('lets alert frames pass those that wait', async () => {
      let open = (): void => {};
      const gate = new Promise<void>((resolve) => {
        open = resolve;
      });
      const online = await start({ before: () => gate });
      const first = frame(0, { TRGID: null });
      await until(() => online.order.length === 1);
      const others = [1, 2, 3].map((n) => frame(n, { TRGID: null }));
      const alert = frame(9, { TRGID: '929745' });
      await until(() => ledger.rows().filter((r) => r.key.startsWith('all/')).length === 5);
      open();
      await until(() => ledger.rows().every((r) => r.state === 'published'));
      const ids = online.order.map((key) => key.split('/')[1]).filter((id, i, all) => all.indexOf(id) === i);
      expect(ids).toEqual([first, alert, ...others]);
    });
  });

  it('hands every published frame over to the data transfer, also one that an earlier run could not', async () => {
    writeFileSync(at('gp1.cfg'), gp1Cfg.replace('[svom]', 'transfer_dir = out\n\n[svom]'));
    const first = frame(0);
    const manifest = (pipeline: string, name: string): string => at('out', '2025-12-31', pipeline, `${name}.manifest.json`);
    const online = await start({ isOnce: true });
    await online.drained;
    await online.stop();
    expect(JSON.parse(readFileSync(manifest('svom', first), 'utf8')).files.map(({ name }: { name: string }) => name)).toEqual([
      `${first}.fits.fz`,
      `${first}.cat.fits`,
      `${first}.json`,
    ]);
    rmSync(manifest('all', first));
    const again = await start({ isOnce: true });
    await again.drained;
    await again.stop();
    expect(existsSync(manifest('all', first))).toBe(true);
  });

  describe('trouble', () => {
    const storage = (code: string): ObservatoryError =>
      new ObservatoryError({
        code,
        message: 'No space left on the device',
        hint: 'Free space on that disk',
        retry: 'later',
        facts: {},
      });

    it('holds frames while the disk is full and goes on by itself', async () => {
      let isFull = true;
      const ids = [frame(1), frame(2)];
      await start({
        sink: (pipeline) => {
          const sink = folderSink(pipeline.workspaceDir);
          return {
            ...sink,
            commit: (path, bytes) => (isFull ? Promise.reject(storage('STORAGE_FULL')) : sink.commit(path, bytes)),
          };
        },
      });
      await until(() => ledger.rows().some((r) => r.failure?.code === 'STORAGE_FULL'));
      expect(ledger.rows().every((r) => ['queued', 'reducing', 'reduced', 'measured'].includes(r.state))).toBe(true);
      expect(log.lines.filter((line) => line.level === 'CRITICAL')).toHaveLength(1);
      isFull = false;
      await until(() => ids.every((id) => state(`svom/${id}/r0`) === 'published'));
      expect(row(`svom/${ids[0]}/r0`).failure).toBeNull();
    });

    it('tries again what may pass, as often as configured, then leaves it to a person', async () => {
      let tries = 0;
      const id = frame(1, { OBSERVER: 'x' });
      await start({
        sink: () => ({
          root: '/',
          commit: async () => {
            tries++;
            throw storage('STORAGE_IO');
          },
        }),
      });
      await until(() => state(`all/${id}/r0`) === 'failed');
      expect(tries).toBe(3);
      expect(row(`all/${id}/r0`).failure?.quarantinePath).toContain('STORAGE_IO');
    });

    it('fails at once without a master, and succeeds when calibrations arrive', async () => {
      let isThere = false;
      const id = frame(1);
      await start({
        masters: async (key) =>
          isThere
            ? {
                key,
                name: 'b',
                sha256: null,
                nightId: '',
                width: 16,
                height: 12,
                data: new Float32Array(192),
                variance: null,
                mask: null,
                inputs: [],
                note: null,
              }
            : null,
      });
      await until(() => state(`svom/${id}/r0`) === 'failed');
      const { failure } = row(`svom/${id}/r0`);
      expect(failure).toMatchObject({
        code: 'MASTER_MISSING',
        module: 'reduction',
        message: expect.stringContaining('no master bias for camera C0'),
      });
      expect(readdirSync(failure!.quarantinePath!)).toContain('note.json');
      isThere = true;
      frame(2, { EXPTYPE: 'bias', EXPTIME: 0 });
      await until(() => state(`svom/${id}/r0`) === 'published');
      expect(row(`svom/${id}/r0`).failure).toBeNull();
      await until(() => !existsSync(failure!.quarantinePath!));
    });

    it('sets a frame aside whose worker died twice, and no other', async () => {
      const [poison, good] = [frame(1, { OBSERVER: 'x' }), frame(2, { OBSERVER: 'x' })];
      const order = await once({
        before: (task) => {
          if (task.key.includes(poison)) throw died(task);
        },
      });
      expect(order.filter((key) => key.includes(poison))).toHaveLength(2);
      expect(row(`all/${poison}/r0`)).toMatchObject({
        state: 'quarantined',
        failure: { code: 'WORKER_DIED', message: expect.stringContaining('2 times') },
      });
      expect(row(`all/${good}/r0`).state).toBe('published');
    });

    it('loses nothing while the database is away', async () => {
      const id = frame(1, { OBSERVER: 'x' });
      const { update } = ledger;
      let failing = 3;
      ledger.update = async (key, change) => {
        if (failing-- > 0) throw storage('DATABASE_AWAY');
        return update(key, change);
      };
      await start();
      await until(() => ledger.rows().some((r) => r.key === `all/${id}/r0` && r.state === 'published'), 8000);
      expect(log.lines.some((line) => line.message === 'The database answers again.')).toBe(true);
    });
  });

  describe('stop and restart', () => {
    it('ends within its grace, and the next start finishes what was under way', async () => {
      const ids = [frame(1, { OBSERVER: 'x' }), frame(2, { OBSERVER: 'x' })];
      const online = await start({ before: () => new Promise(() => {}) });
      await until(() => online.order.length === 1);
      const began = performance.now();
      await online.stop(100);
      expect(performance.now() - began).toBeLessThan(2000);
      expect(ids.map((id) => row(`all/${id}/r0`).state)).toEqual(['queued', 'queued']);
      await once();
      expect(ids.map((id) => row(`all/${id}/r0`).state)).toEqual(['published', 'published']);
      expect(await ledger.counts('all')).toMatchObject({ offered: 2, published: 2, duplicates: 0 });
    });

    it('does nothing twice after a restart', async () => {
      for (let n = 1; n <= 5; n++) frame(n);
      expect(await once()).toHaveLength(10);
      expect(await once()).toEqual([]);
      await balances();
    });

    it('finishes a row whose file was moved out of the input, and fails one whose file is gone', async () => {
      const [moved, gone] = [frame(1, { OBSERVER: 'x' }), frame(2, { OBSERVER: 'x' })];
      const online = await start({ before: () => new Promise(() => {}) });
      await until(() => ledger.rows().length === 2);
      await online.stop(0);
      unlinkSync(at('in', `${gone}.fits`));
      await once();
      expect(row(`all/${moved}/r0`).state).toBe('published');
      expect(row(`all/${gone}/r0`)).toMatchObject({ state: 'failed', failure: { code: 'INPUT_VANISHED' } });
    });

    it('tries once more at the next start what failed by trouble', async () => {
      const id = frame(1, { OBSERVER: 'x' });
      await once({ masters: async () => null });
      expect(row(`all/${id}/r0`).state).toBe('failed');
      await once();
      expect(row(`all/${id}/r0`).state).toBe('published');
    });

    it('refuses a second gp1 with the same state folder, and takes over from one that was killed', async () => {
      await start();
      await expect(start()).rejects.toMatchObject({ code: 'GP1_ALREADY_RUNNING' });
      await running[0]!.stop();
      writeFileSync(at('log/state/gp1.pid'), '999999\n');
      await once();
      expect(existsSync(at('log/state/gp1.pid'))).toBe(false);
    });

    it('reports each instance: state, counts, queue', async () => {
      frame(1);
      await once();
      expect(ledger.instances.get('svom')).toMatchObject({
        name: 'svom',
        state: 'stopped',
        published: 1,
        modules: ['reduction', 'findstars'],
        queueDepth: 0,
        oldestWaitingSec: null,
      });
    });
  });

  it('takes a burst of 120 frames, each once, and balances', async () => {
    for (let n = 0; n < 120; n++) frame(n, n % 12 === 0 ? {} : { TRGID: null });
    await once();
    expect(await ledger.counts('svom')).toMatchObject({ offered: 120, published: 120 });
    expect(await ledger.counts('all')).toMatchObject({ offered: 120, published: 120 });
  });
});
