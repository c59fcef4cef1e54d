import { type InstanceStatus, liveEvent, noMetrics } from '@colibri/contracts';
import type { Ledger } from '@colibri/pipeline';
import { offered } from '@colibri/testkit';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type BoardStore, boardStore } from './board-store.ts';
import type { Database } from './database.ts';
import { openLedger } from './ledger.ts';
import { openDatabase } from './open-database.ts';
import { emptyTables } from './test/engines.ts';

let database: Database;
let ledger: Ledger;
let store: BoardStore;

beforeAll(async () => {
  database = await openDatabase({ engine: 'memory' });
  ledger = await openLedger({ database });
  store = boardStore(database);
}, 60_000);
afterAll(() => database.close());
beforeEach(() => emptyTables(database));

const offer = (n: number, change: Parameters<typeof offered>[0] = {}) =>
  ledger.offer(offered({ frameId: `f${n}`, sha256: `sha ${n}`, sourcePath: `/in/f${n}`, ...change }));

const status: InstanceStatus = {
  name: 'svom',
  state: 'running',
  configHash: 'c',
  modules: ['reduction', 'astrometry'],
  startedAt: '2026-01-01T00:00:00.000Z',
  heartbeatAt: '2026-01-01T04:00:00.000Z',
  published: 0,
  failed: 0,
  skipped: 0,
  quarantined: 0,
  duplicates: 0,
  queueDepth: 0,
  oldestWaitingSec: null,
  residentMiB: 200,
  host: 'dome',
};

describe('board', () => {
  it('is the newest night when none is named, newest frame first, with the number of the last event', async () => {
    await offer(1, { observedAt: '2026-01-01T04:00:00.000Z' });
    await offer(2, { observedAt: '2026-01-01T05:00:00.000Z' });
    await offer(3, { nightId: '2025-12-30' });
    await ledger.heartbeat(status);
    const board = await store.board(null, '2026-02-01');
    expect(board).toMatchObject({ seq: 4, nightId: '2025-12-31', nights: ['2025-12-31', '2025-12-30'], instances: [status] });
    expect(board.rows.map((row) => row.frameId)).toEqual(['f2', 'f1']);
    expect(board.modules).toEqual(['reduction', 'findstars', 'stacking', 'astrometry']);
    expect((await store.board('2025-12-30', '')).rows).toHaveLength(1);
  });

  it('is tonight, without rows, before there is any frame', async () => {
    expect(await store.board(null, '2026-02-01')).toMatchObject({ seq: 0, nightId: '2026-02-01', nights: [], rows: [] });
  });

  it('gives every revision of a frame in every pipeline', async () => {
    await offer(1);
    await offer(1, { sha256: 'other bytes' });
    await offer(1, { pipeline: 'test' });
    expect((await store.frame('f1')).map((row) => row.key)).toEqual(['svom/f1/r1', 'svom/f1/r0', 'test/f1/r0']);
    expect(await store.frame('nothing')).toEqual([]);
  });

  it('draws a figure of a night over time, and leaves out frames that do not have it', async () => {
    const [a, b] = [await offer(1, { observedAt: '2026-01-01T05:00:00.000Z' }), await offer(2)];
    await offer(3);
    await ledger.update(a.key, { metrics: { ...noMetrics, fwhmArcsec: 1.25 } });
    await ledger.update(b.key, { metrics: { ...noMetrics, fwhmArcsec: 1.5, sourceCount: 0 } });
    expect(await store.series('2025-12-31', 'fwhmArcsec')).toMatchObject([
      { key: b.key, observedAt: '2026-01-01T04:20:01.000Z', camera: 'C0', filter: 'r', value: 1.5 },
      { key: a.key, value: 1.25 },
    ]);
    expect(await store.series('2025-12-31', 'sourceCount')).toMatchObject([{ value: 0 }]);
  });
});

describe('event log', () => {
  it('has one event for each change, numbered from 1 without gaps, each with the whole row', async () => {
    const { key } = await offer(1);
    await ledger.update(key, { state: 'reducing' });
    await ledger.heartbeat(status);
    await ledger.offer(offered({ frameId: 'f1', sha256: 'sha 1', sourcePath: '/copy' })); // a duplicate changes no row
    const events = await store.eventsAfter(0, 10);
    expect(events.map(({ seq, topic }) => `${seq} ${topic}`)).toEqual(['1 frame', '2 frame', '3 instance']);
    expect(events.map((event) => liveEvent.parse(event))).toEqual(events);
    expect(events[1]!.body).toEqual(await ledger.row(key));
    expect(await store.eventsAfter(1, 1)).toEqual([events[1]]);
  });

  it('keeps its numbers gapless when a transaction fails after it took one', async () => {
    const { key } = await offer(1);
    await expect(ledger.update(key, { state: 'no such state' as never })).rejects.toMatchObject({ code: 'DATABASE_REFUSED' });
    await ledger.update(key, { state: 'reducing' });
    expect((await store.eventsAfter(0, 10)).map((event) => event.seq)).toEqual([1, 2]);
  });

  it('tells a listener of each event', async () => {
    let heard = 0;
    const stop = await store.listen(() => heard++);
    const { key } = await offer(1);
    await ledger.update(key, { state: 'published' });
    expect(heard).toBe(2);
    await stop();
    await ledger.update(key, { latencySec: 1 });
    expect(heard).toBe(2);
  });

  it('forgets what is old, and keeps counting', async () => {
    await offer(1);
    await sql`update event set t = '2020-01-01T00:00:00Z'`.execute(database.db);
    await offer(2);
    expect(await store.range()).toEqual({ first: 1, last: 2 });
    expect(await store.trim('2021-01-01T00:00:00.000Z')).toBe(1);
    expect(await store.range()).toEqual({ first: 2, last: 2 });
    expect(await store.trim('2100-01-01T00:00:00.000Z')).toBe(1);
    expect(await store.range()).toEqual({ first: 3, last: 2 });
    await offer(3);
    expect(await store.range()).toEqual({ first: 3, last: 3 });
  });
});

describe('what the ledger leaves behind', () => {
  it('is one transition for each change of state, with attempt and evidence', async () => {
    const { key } = await offer(1);
    await ledger.claim(key, 'dome');
    await ledger.update(key, { state: 'reducing', evidence: { host: 'dome' } });
    await ledger.update(key, { warnings: ['thin clouds'] });
    const failure = { code: 'FRAME_EMPTY', message: 'm', hint: 'h', module: 'reduction', quarantinePath: null };
    await ledger.update(key, { state: 'failed', failure });
    const trail = await database.db.selectFrom('transition').selectAll().where('key', '=', key).orderBy('id').execute();
    expect(trail.map(({ from_state, to_state, attempt }) => `${from_state} ${to_state} ${attempt}`)).toEqual([
      'null queued 0',
      'queued reducing 1',
      'reducing failed 1',
    ]);
    expect(trail[1]!.evidence).toEqual({ host: 'dome' });
    expect(trail[2]!.evidence).toEqual({ code: 'FRAME_EMPTY' });
    expect(await database.db.selectFrom('attempt').select(['attempt', 'host']).execute()).toEqual([{ attempt: 1, host: 'dome' }]);
  });

  it.each(['transition', 'attempt', 'duplicate'])('cannot be changed or deleted in %s', async (table) => {
    await offer(1);
    await expect(sql.raw(`delete from ${table}`).execute(database.db)).rejects.toThrow(/never changed or deleted/);
    await expect(sql.raw(`update ${table} set at = now()`).execute(database.db)).rejects.toThrow(/never changed or deleted/);
  });

  it('shows a row that went missing as an imbalance of the counts', async () => {
    await offer(1);
    await offer(2);
    await database.db.transaction().execute(async (trx) => {
      await sql`set local session_replication_role = replica`.execute(trx); // as a damaged disk would: past the foreign keys
      await sql`delete from frame where frame_id = 'f2'`.execute(trx);
    });
    expect(await ledger.counts('svom')).toMatchObject({ offered: 2, queued: 1 });
  });
});
