import { noUnitMetrics, type UnitRow } from '@colibri/contracts';
import type { CalibrationRaw, Ledger, MasterKey, OfferedFrame } from '@colibri/pipeline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

/**
 * What every ledger must do, whatever keeps it. `open` gives a ledger without rows; `reopen`, where given, one on the same
 * storage after the first was closed, as a restarted process would see it.
 */
export function describeLedger(name: string, open: () => Promise<Ledger>, reopen?: () => Promise<Ledger>): void {
  describe(`ledger contract: ${name}`, () => {
    let ledger: Ledger;
    beforeEach(async () => {
      ledger = await open();
    });
    afterEach(async () => {
      await ledger.close();
    });

    it('keeps the newest row of each unit', async () => {
      const row = unitOf('svom');
      await ledger.putUnit(row);
      await ledger.putUnit({ ...row, state: 'final', metrics: { ...row.metrics, frames: 12 } });
      await ledger.putUnit(unitOf('swift'));
      expect(await ledger.units('svom')).toEqual([{ ...row, state: 'final', metrics: { ...row.metrics, frames: 12 } }]);
      expect(await ledger.units('nobody')).toEqual([]);
    });

    describe('offers', () => {
      it('gives new bytes a queued row that says what the offer said', async () => {
        const frame = offered({ isAlert: true });
        expect(await ledger.offer(frame)).toEqual({ kind: 'new', key: 'svom/20260101T042001C0o/r0', revision: 0 });
        expect(await ledger.row('svom/20260101T042001C0o/r0')).toMatchObject({
          key: 'svom/20260101T042001C0o/r0',
          frameId: '20260101T042001C0o',
          revision: 0,
          pipeline: 'svom',
          nightId: '2025-12-31',
          observedAt: '2026-01-01T04:20:01.000Z',
          receivedAt: '2026-01-01T04:20:40.000Z',
          camera: 'C0',
          filter: 'r',
          type: 'object',
          target: '929744',
          isAlert: true,
          exposureSec: 30,
          state: 'queued',
          cells: frame.cells,
          failure: null,
          warnings: [],
          metrics: null,
          products: { reduced: null, catalog: null, summary: null },
          latencySec: null,
        });
      });

      it('keeps a row for a file that says nothing of itself', async () => {
        const nothing = { observedAt: null, camera: null, filter: null, type: null, target: null, exposureSec: null };
        const { key } = await ledger.offer(offered({ pipeline: 'gp1', frameId: 'noise', ...nothing }));
        expect(await ledger.row(key)).toMatchObject({ key: 'gp1/noise/r0', isAlert: false, ...nothing });
      });

      it('resumes unfinished work when the same file is offered again', async () => {
        const first = await ledger.offer(offered());
        await ledger.update(first.key, { state: 'reducing' });
        expect(await ledger.offer(offered())).toEqual({ kind: 'resume', key: first.key, revision: 0 });
        expect(await ledger.counts('svom')).toMatchObject({ offered: 1, duplicates: 0, reducing: 1 });
      });

      it('calls finished bytes a duplicate; the same file looked at twice is counted once', async () => {
        const { key } = await ledger.offer(offered());
        await ledger.update(key, { state: 'published' });
        const again = await ledger.offer(offered());
        expect(again).toEqual({ kind: 'duplicate', key, state: 'published' });
        expect(await ledger.counts('svom')).toMatchObject({ offered: 1, duplicates: 0, published: 1 });
      });

      it('counts the same bytes under another path as a duplicate, once for each path, finished or not', async () => {
        const { key } = await ledger.offer(offered());
        const copy = offered({ frameId: 'copy', sourcePath: '/in/copy.fits.fz' });
        expect(await ledger.offer(copy)).toEqual({ kind: 'duplicate', key, state: 'queued' });
        expect(await ledger.offer(copy)).toEqual({ kind: 'duplicate', key, state: 'queued' });
        await ledger.offer(offered({ sourcePath: '/in/sub/20260101T042001C0o.fits.fz' }));
        expect(await ledger.counts('svom')).toMatchObject({ offered: 3, duplicates: 2, queued: 1 });
        expect(await ledger.row('svom/copy/r0')).toBeNull();
      });

      it('makes other bytes under the same name a revision, and touches nothing of the first', async () => {
        const first = await ledger.offer(offered());
        await ledger.update(first.key, { state: 'published', latencySec: 4 });
        expect(await ledger.offer(offered({ sha256: 'b'.repeat(64) }))).toEqual({
          kind: 'revision',
          key: 'svom/20260101T042001C0o/r1',
          revision: 1,
        });
        expect(await ledger.offer(offered({ sha256: 'c'.repeat(64) }))).toMatchObject({ kind: 'revision', revision: 2 });
        expect(await ledger.row(first.key)).toMatchObject({ state: 'published', latencySec: 4, revision: 0 });
      });

      it('makes the same bytes under another configuration a revision: one row for each pair of bytes and configuration', async () => {
        const { key } = await ledger.offer(offered());
        await ledger.update(key, { state: 'published' });
        const other = offered({ configHash: 'd'.repeat(64) });
        expect(await ledger.offer(other)).toMatchObject({ kind: 'revision', revision: 1 });
        expect(await ledger.offer(other)).toMatchObject({ kind: 'resume', revision: 1 });
        expect(await ledger.offer(offered())).toEqual({ kind: 'duplicate', key, state: 'published' });
        const copy = offered({ configHash: 'd'.repeat(64), sourcePath: '/in/copy.fits.fz' });
        expect(await ledger.offer(copy)).toMatchObject({ kind: 'duplicate', state: 'queued' });
        expect(await ledger.counts('svom')).toMatchObject({ offered: 3, published: 1, queued: 1, duplicates: 1 });
      });

      it('keeps the pipelines apart: each has its own row and its own counts', async () => {
        await ledger.offer(offered());
        expect(await ledger.offer(offered({ pipeline: 'test' }))).toMatchObject({
          kind: 'new',
          key: 'test/20260101T042001C0o/r0',
        });
        expect(await ledger.counts('svom')).toMatchObject({ offered: 1, queued: 1 });
        expect(await ledger.counts('nobody')).toMatchObject({ offered: 0, queued: 0, duplicates: 0 });
      });

      it('gives one row to the same bytes offered many times at once', async () => {
        const outcomes = await Promise.all(Array.from({ length: 8 }, () => ledger.offer(offered())));
        expect(outcomes.filter((o) => o.kind === 'new')).toHaveLength(1);
        expect(await ledger.counts('svom')).toMatchObject({ offered: 1, queued: 1 });
      });

      it('gives different revisions to different bytes offered under one name at once', async () => {
        const shas = ['1', '2', '3', '4'].map((digit) => digit.repeat(64));
        const outcomes = await Promise.all(shas.map((sha256) => ledger.offer(offered({ sha256, sourcePath: `/in/${sha256}` }))));
        expect(new Set(outcomes.map((o) => o.key)).size).toBe(4);
      });
    });

    describe('work', () => {
      it('counts attempts from 1, and remembers them', async () => {
        const { key } = await ledger.offer(offered());
        expect(await ledger.claim(key, 'dome')).toBe(1);
        expect(await ledger.claim(key, 'dome')).toBe(2);
        expect((await ledger.unfinished('svom'))[0]).toMatchObject({ attempts: 2, sourcePath: offered().sourcePath });
      });

      it('changes the fields that are given and no other', async () => {
        const { key } = await ledger.offer(offered());
        const cells = [
          { module: 'reduction', state: 'done', startedAt: '2026-01-01T04:20:41.000Z', seconds: 0.4, reason: null },
        ] as const;
        const failure = { code: 'FRAME_EMPTY', message: 'm', hint: 'h', module: 'reduction', quarantinePath: 'q/1' };
        const metrics = { ...metricsOf(), skyElectronPerPixel: 412.5, sourceCount: 1200, zeroPointMag: 24.125 };
        await ledger.update(key, { state: 'reduced', cells, evidence: { host: 'dome', attempt: 1 } });
        await ledger.update(key, { warnings: ['A satellite crossed the field.'], metrics });
        await ledger.update(key, {
          failure,
          products: { reduced: 'a/b.fits.fz', catalog: null, summary: null },
          latencySec: 1.5,
        });
        expect(await ledger.row(key)).toMatchObject({
          state: 'reduced',
          cells,
          warnings: ['A satellite crossed the field.'],
          metrics,
          failure,
          products: { reduced: 'a/b.fits.fz', catalog: null, summary: null },
          latencySec: 1.5,
          frameId: '20260101T042001C0o',
        });
        await ledger.update(key, { failure: null });
        expect((await ledger.row(key))?.failure).toBeNull();
      });

      it('refuses a row that nobody offered', async () => {
        await expect(ledger.update('svom/nothing/r0', { state: 'reduced' })).rejects.toMatchObject({
          code: 'LEDGER_UNKNOWN_ROW',
        });
        await expect(ledger.claim('svom/nothing/r0', 'dome')).rejects.toMatchObject({ code: 'LEDGER_UNKNOWN_ROW' });
        expect(await ledger.row('svom/nothing/r0')).toBeNull();
      });

      it('lists unfinished rows of one pipeline, oldest first, and nothing that is final', async () => {
        const states = ['queued', 'published', 'measured', 'failed', 'reducing', 'skipped', 'reduced', 'quarantined'] as const;
        for (const [i, state] of states.entries()) {
          const minute = String(50 - i).padStart(2, '0');
          const frame = offered({
            frameId: `f${i}`,
            sha256: `${i}`.repeat(64),
            sourcePath: `/in/f${i}`,
            receivedAt: `2026-01-01T04:${minute}:00.000Z`,
          });
          const { key } = await ledger.offer(frame);
          if (state !== 'queued') await ledger.update(key, { state });
        }
        await ledger.offer(offered({ pipeline: 'test' }));
        const unfinished = await ledger.unfinished('svom');
        expect(unfinished.map(({ row }) => row.frameId)).toEqual(['f6', 'f4', 'f2', 'f0']);
      });

      it('balances: every offer has one fate', async () => {
        const fates = ['published', 'published', 'failed', 'skipped', 'quarantined', 'reduced'] as const;
        for (const [i, state] of fates.entries()) {
          const { key } = await ledger.offer(offered({ frameId: `f${i}`, sha256: `${i}`.repeat(64), sourcePath: `/in/f${i}` }));
          await ledger.update(key, { state });
        }
        await ledger.offer(offered({ frameId: 'again', sha256: '0'.repeat(64), sourcePath: '/in/again' }));
        const c = await ledger.counts('svom');
        expect(c).toMatchObject({ offered: 7, published: 2, failed: 1, skipped: 1, quarantined: 1, duplicates: 1, reduced: 1 });
        const unfinished = c.arriving + c.queued + c.reducing + c.reduced + c.measured;
        expect(c.offered).toBe(c.published + c.skipped + c.failed + c.quarantined + c.duplicates + unfinished);
      });

      it('takes heartbeats', async () => {
        const status: Parameters<Ledger['heartbeat']>[0] = {
          name: 'svom',
          state: 'running',
          configHash: 'c'.repeat(64),
          modules: ['reduction'],
          startedAt: '2026-01-01T00:00:00.000Z',
          heartbeatAt: '2026-01-01T04:00:00.000Z',
          published: 1,
          failed: 0,
          skipped: 0,
          quarantined: 0,
          duplicates: 0,
          queueDepth: 2,
          oldestWaitingSec: 1.5,
          residentMiB: 200,
          host: 'dome',
        };
        await ledger.heartbeat(status);
        await ledger.heartbeat({ ...status, heartbeatAt: '2026-01-01T04:00:05.000Z' });
      });
    });

    describe('calibrations', () => {
      it('finds those that agree in every word, whatever their exposure time, oldest first', async () => {
        const dark = { ...masterKey(), type: 'dark' } as const;
        await ledger.recordCalibration(calibration('d2', { ...dark, exposureSec: 120 }, '2026-01-01T03:00:00.000Z'));
        await ledger.recordCalibration(calibration('d1', { ...dark, exposureSec: 30 }, '2026-01-01T02:00:00.000Z'));
        await ledger.recordCalibration(
          calibration('b1', { ...masterKey(), type: 'bias', exposureSec: null }, '2026-01-01T01:00:00.000Z'),
        );
        for (const other of [
          { camera: 'C1' },
          { binning: '2' },
          { readMode: '0' },
          { softGain: '1' },
          { filter: 'r' },
          { width: 1024 },
          { height: 1024 },
        ]) {
          await ledger.recordCalibration(
            calibration(JSON.stringify(other), { ...dark, ...other, exposureSec: 30 }, '2026-01-01T02:00:00.000Z'),
          );
        }
        const found = await ledger.calibrations(dark);
        expect(found.map((raw) => raw.frameId)).toEqual(['d1', 'd2']);
        expect(found[0]).toEqual(calibration('d1', { ...dark, exposureSec: 30 }, '2026-01-01T02:00:00.000Z'));
        expect(await ledger.calibrations({ ...masterKey(), type: 'bias' })).toMatchObject([{ key: { exposureSec: null } }]);
      });

      it('keeps one of two recordings of the same bytes', async () => {
        const raw = calibration('b1', { ...masterKey(), type: 'bias', exposureSec: null }, '2026-01-01T01:00:00.000Z');
        await ledger.recordCalibration(raw);
        await ledger.recordCalibration(raw);
        expect(await ledger.calibrations(raw.key)).toHaveLength(1);
      });
    });

    it.skipIf(!reopen)('remembers everything after it is closed and opened again', async () => {
      const { key } = await ledger.offer(offered());
      await ledger.claim(key, 'dome');
      await ledger.update(key, { state: 'reducing' });
      const raw = calibration('b1', { ...masterKey(), type: 'bias', exposureSec: null }, '2026-01-01T01:00:00.000Z');
      await ledger.recordCalibration(raw);
      await ledger.close();
      ledger = await reopen!();
      expect(await ledger.offer(offered())).toEqual({ kind: 'resume', key, revision: 0 });
      expect(await ledger.claim(key, 'dome')).toBe(2);
      expect(await ledger.calibrations(raw.key)).toEqual([raw]);
    });
  });
}

/** An offer with everything said; give what differs. */
export function offered(change: Partial<OfferedFrame> = {}): OfferedFrame {
  const cell = { state: 'waiting', startedAt: null, seconds: null, reason: null } as const;
  return {
    frameId: '20260101T042001C0o',
    pipeline: 'svom',
    sha256: 'a'.repeat(64),
    configHash: 'c'.repeat(64),
    sourcePath: '/in/20260101T042001C0o.fits.fz',
    nightId: '2025-12-31',
    observedAt: '2026-01-01T04:20:01.000Z',
    receivedAt: '2026-01-01T04:20:40.000Z',
    camera: 'C0',
    filter: 'r',
    type: 'object',
    target: '929744',
    isAlert: false,
    exposureSec: 30,
    cells: [
      { module: 'reduction', ...cell },
      { module: 'findstars', ...cell },
      { module: 'stacking', ...cell, state: 'off' },
    ],
    ...change,
  };
}

const masterKey = (): Omit<MasterKey, 'type' | 'exposureSec'> => ({
  camera: 'C0',
  binning: '1',
  readMode: '1MHz',
  softGain: '6.2',
  filter: '-',
  width: 2048,
  height: 2048,
});

function calibration(frameId: string, key: MasterKey, observedAt: string): CalibrationRaw {
  return { key, frameId, path: `/in/${frameId}.fits.fz`, sha256: sha(frameId), nightId: '2025-12-31', observedAt };
}

/** 64 characters of hexadecimal that differ for different names. */
const sha = (name: string): string =>
  [...name]
    .map((c) => c.charCodeAt(0).toString(16).padStart(2, '0'))
    .join('')
    .padEnd(64, '0')
    .slice(0, 64);

type Metrics = NonNullable<NonNullable<Awaited<ReturnType<Ledger['row']>>>['metrics']>;
const metricsOf = (): Metrics => ({
  skyElectronPerPixel: null,
  skyRmsElectron: null,
  fwhmArcsec: null,
  fwhmPix: null,
  elongation: null,
  sourceCount: null,
  matchedCount: null,
  wcsRmsArcsec: null,
  zeroPointMag: null,
  zeroPointErrMag: null,
  zeroPointScatterMag: null,
  zeroPointStars: null,
  limitMag5Sigma: null,
  saturatedFraction: null,
  cosmicPixels: null,
});

const unitOf = (pipeline: string): UnitRow => ({
  key: `${pipeline}/929744/C0/r`,
  pipeline,
  folder: '929744/C0/r',
  nightId: '2025-12-31',
  target: '929744',
  camera: 'C0',
  filter: 'r',
  isAlert: true,
  triggeredAt: '2026-01-01T04:18:49.000Z',
  firstObservedAt: '2026-01-01T04:20:01.000Z',
  lastObservedAt: '2026-01-01T04:26:59.000Z',
  updatedAt: '2026-01-01T04:27:40.000Z',
  state: 'live',
  cells: [],
  failure: null,
  warnings: ['A doubt.'],
  metrics: noUnitMetrics,
  products: ['stack.fits.fz'],
  event: null,
  latencySec: 4.2,
});
