import { type Clock, isoUtc, nearestName, type ObservatoryError, systemClock } from '@colibri/base';
import { type FrameState, frameState } from '@colibri/contracts';
import { type Ledger, type OfferedFrame, type OfferOutcome, pipelineErrors, type RowChange } from '@colibri/pipeline';
import { type Kysely, type Selectable, sql, type Transaction, type Updateable } from 'kysely';
import { toCalibration, toCalibrationRow } from './calibration-rows.ts';
import type { Database } from './database.ts';
import { asDatabaseError } from './errors.ts';
import { appendEvent } from './event-log.ts';
import { newFrame, toFrameRow } from './frame-rows.ts';
import { type DatabaseOptions, openDatabase } from './open-database.ts';
import type { FrameTable, Tables } from './schema/tables.ts';

export type LedgerOptions = (DatabaseOptions | { /** Stays open when the ledger closes. */ readonly database: Database }) & {
  readonly clock?: Clock;
};

const finalStates: readonly FrameState[] = ['published', 'skipped', 'failed', 'quarantined'];

/** Any number, ours alone: the first half of the advisory locks that offers of one pipeline wait at. */
const OFFER_LOCK = 7_361_002;

/** The ledger in PostgreSQL: what it acknowledges is on disk, and every change is a row, a transition and a live event in one transaction. */
export async function openLedger(options: LedgerOptions): Promise<Ledger> {
  const clock = options.clock ?? systemClock;
  const database = 'database' in options ? options.database : await openDatabase(options);
  const { db } = database;
  const now = (): string => isoUtc(clock.now());
  const declared = <T>(work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => {
      throw asDatabaseError(error, database.name);
    });
  const inTransaction = <T>(work: (trx: Transaction<Tables>) => Promise<T>): Promise<T> =>
    declared(db.transaction().execute(work));

  return {
    offer: (frame) => inTransaction((trx) => offer(trx, frame, now())),

    claim: (key, host) =>
      inTransaction(async (trx) => {
        const row = await trx
          .updateTable('frame')
          .set({ attempts: sql<number>`attempts + 1` })
          .where('key', '=', key)
          .returning('attempts')
          .executeTakeFirst();
        if (!row) throw await unknownRow(trx, key);
        await trx.insertInto('attempt').values({ key, attempt: row.attempts, host, at: now() }).execute();
        return row.attempts;
      }),

    update: (key, change) => inTransaction((trx) => update(trx, key, change, now())),

    row: (key) =>
      declared(
        db
          .selectFrom('frame')
          .selectAll()
          .where('key', '=', key)
          .executeTakeFirst()
          .then((row) => (row ? toFrameRow(row) : null)),
      ),

    unfinished: (pipeline) =>
      declared(
        db
          .selectFrom('frame')
          .selectAll()
          .where('pipeline', '=', pipeline)
          .where('state', 'not in', finalStates)
          .orderBy('received_at')
          .orderBy('key')
          .execute()
          .then((rows) => rows.map((row) => ({ row: toFrameRow(row), sourcePath: row.source_path, attempts: row.attempts }))),
      ),

    heartbeat: (status) =>
      inTransaction(async (trx) => {
        const row = { heartbeat_at: status.heartbeatAt, status: JSON.stringify(status) };
        await trx
          .insertInto('instance')
          .values({ name: status.name, ...row })
          .onConflict((on) => on.column('name').doUpdateSet(row))
          .execute();
        await appendEvent(trx, { t: now(), topic: 'instance', body: status });
      }),

    putUnit: (row) =>
      inTransaction(async (trx) => {
        const values = { night_id: row.nightId, updated_at: row.updatedAt, row: JSON.stringify(row) };
        await trx
          .insertInto('unit')
          .values({ key: row.key, pipeline: row.pipeline, ...values })
          .onConflict((on) => on.column('key').doUpdateSet(values))
          .execute();
        await appendEvent(trx, { t: now(), topic: 'unit', body: row });
      }),

    units: (pipeline) =>
      declared(
        db
          .selectFrom('unit')
          .select('row')
          .where('pipeline', '=', pipeline)
          .orderBy('key')
          .execute()
          .then((rows) => rows.map(({ row }) => row)),
      ),

    counts: (pipeline) => declared(countFates(db, pipeline)),

    recordCalibration: (raw) =>
      declared(
        db
          .insertInto('calibration_raw')
          .values(toCalibrationRow(raw))
          .onConflict((on) => on.doNothing())
          .execute()
          .then(() => {}),
      ),

    calibrations: (key) =>
      declared(
        db
          .selectFrom('calibration_raw')
          .selectAll()
          .where('type', '=', key.type)
          .where('camera', '=', key.camera)
          .where('binning', '=', key.binning)
          .where('read_mode', '=', key.readMode)
          .where('soft_gain', '=', key.softGain)
          .where('filter', '=', key.filter)
          .where('width', '=', key.width)
          .where('height', '=', key.height)
          .orderBy('observed_at')
          .orderBy('frame_id')
          .execute()
          .then((rows) => rows.map(toCalibration)),
      ),

    close: async () => {
      if (!('database' in options)) await database.close();
    },
  };
}

async function offer(trx: Transaction<Tables>, frame: OfferedFrame, now: string): Promise<OfferOutcome> {
  await sql`select pg_advisory_xact_lock(${OFFER_LOCK}, hashtext(${frame.pipeline}))`.execute(trx);
  const known = await trx
    .selectFrom('frame')
    .select(['key', 'state', 'revision', 'source_path'])
    .where('pipeline', '=', frame.pipeline)
    .where('sha256', '=', frame.sha256)
    .where('config_hash', '=', frame.configHash)
    .executeTakeFirst();
  if (known) {
    const { key, state, revision } = known;
    const isSameFile = known.source_path === frame.sourcePath;
    if (isSameFile && !finalStates.includes(state)) return { kind: 'resume', key, revision };
    if (!isSameFile) {
      await trx
        .insertInto('duplicate')
        .values({ key, pipeline: frame.pipeline, source_path: frame.sourcePath, at: now })
        .onConflict((on) => on.doNothing())
        .execute();
    }
    return { kind: 'duplicate', key, state };
  }
  const { revision } = await trx
    .selectFrom('frame')
    .select(sql<number>`coalesce(max(revision) + 1, 0)`.as('revision'))
    .where('pipeline', '=', frame.pipeline)
    .where('frame_id', '=', frame.frameId)
    .executeTakeFirstOrThrow();
  const row = await trx
    .insertInto('frame')
    .values(newFrame(frame, revision, now))
    .returningAll()
    .executeTakeFirstOrThrow();
  await recordTransition(trx, row, null, { sha256: frame.sha256, sourcePath: frame.sourcePath }, now);
  await appendEvent(trx, { t: now, topic: 'frame', body: toFrameRow(row) });
  return { kind: revision === 0 ? 'new' : 'revision', key: row.key, revision };
}

async function update(trx: Transaction<Tables>, key: string, change: RowChange, now: string): Promise<void> {
  const before = await trx.selectFrom('frame').select('state').where('key', '=', key).forUpdate().executeTakeFirst();
  if (!before) throw await unknownRow(trx, key);
  const row = await trx
    .updateTable('frame')
    .set({ ...changedColumns(change), updated_at: now })
    .where('key', '=', key)
    .returningAll()
    .executeTakeFirstOrThrow();
  if (row.state !== before.state || change.evidence) {
    await recordTransition(
      trx,
      row,
      before.state,
      { ...change.evidence, ...(row.failure ? { code: row.failure.code } : {}) },
      now,
    );
  }
  await appendEvent(trx, { t: now, topic: 'frame', body: toFrameRow(row) });
}

function changedColumns(change: RowChange): Updateable<FrameTable> {
  return {
    ...(change.state === undefined ? {} : { state: change.state }),
    ...(change.cells === undefined ? {} : { cells: JSON.stringify(change.cells) }),
    ...(change.failure === undefined ? {} : { failure: change.failure && JSON.stringify(change.failure) }),
    ...(change.warnings === undefined ? {} : { warnings: JSON.stringify(change.warnings) }),
    ...(change.metrics === undefined ? {} : { metrics: change.metrics && JSON.stringify(change.metrics) }),
    ...(change.products === undefined ? {} : { products: JSON.stringify(change.products) }),
    ...(change.latencySec === undefined ? {} : { latency_sec: change.latencySec }),
  };
}

async function recordTransition(
  trx: Transaction<Tables>,
  row: Selectable<FrameTable>,
  from: FrameState | null,
  evidence: Readonly<Record<string, unknown>>,
  at: string,
): Promise<void> {
  await trx
    .insertInto('transition')
    .values({
      key: row.key,
      pipeline: row.pipeline,
      from_state: from,
      to_state: row.state,
      at,
      attempt: row.attempts,
      evidence: JSON.stringify(evidence),
    })
    .execute();
}

/** Rows by state; `offered` is counted on its own, from the offers recorded, so that a lost row shows as an imbalance. */
async function countFates(
  db: Kysely<Tables>,
  pipeline: string,
): Promise<Readonly<Record<FrameState | 'duplicates' | 'offered', number>>> {
  return db
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (trx) => {
      const count = sql<number>`count(*)::integer`.as('n');
      const states = await trx
        .selectFrom('frame')
        .select(['state', count])
        .where('pipeline', '=', pipeline)
        .groupBy('state')
        .execute();
      const duplicates = await trx
        .selectFrom('duplicate')
        .select(count)
        .where('pipeline', '=', pipeline)
        .executeTakeFirstOrThrow();
      const offers = await trx
        .selectFrom('transition')
        .select(count)
        .where('from_state', 'is', null)
        .where('pipeline', '=', pipeline)
        .executeTakeFirstOrThrow();
      const byState = new Map(states.map(({ state, n }) => [state, n]));
      const counts = Object.fromEntries(frameState.options.map((state) => [state, byState.get(state) ?? 0]));
      return { ...(counts as Record<FrameState, number>), duplicates: duplicates.n, offered: offers.n + duplicates.n };
    });
}

async function unknownRow(trx: Transaction<Tables>, key: string): Promise<ObservatoryError> {
  const recent = await trx.selectFrom('frame').select('key').orderBy('updated_at', 'desc').limit(500).execute();
  const near = nearestName(
    key,
    recent.map((row) => row.key),
  );
  return pipelineErrors.unknownRow({ key, near: near ?? null });
}
