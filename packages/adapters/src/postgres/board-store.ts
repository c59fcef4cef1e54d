import type { Board, FrameMetrics, FrameRow, InstanceStatus, LiveEvent, UnitRow } from '@colibri/contracts';
import { sql } from 'kysely';
import type { Database } from './database.ts';
import { asDatabaseError } from './errors.ts';
import { EVENT_CHANNEL, trimEvents } from './event-log.ts';
import { toFrameRow } from './frame-rows.ts';

/** One figure of one frame of a night, for a chart. */
export interface SeriesPoint {
  readonly key: string;
  readonly observedAt: string;
  readonly camera: string | null;
  readonly filter: string | null;
  readonly value: number;
}

/** What the server reads: the board, its events, and where the products of a frame are. */
export interface BoardStore {
  /** The board of a night with the `seq` it is true at. null: the newest night that has frames, or `tonight` when none has. */
  board(nightId: string | null, tonight: string): Promise<Omit<Board, 'serverTime'>>;
  /** Nights that have frames, newest first. */
  nights(): Promise<string[]>;
  /** Every revision in every pipeline, newest first within a pipeline. */
  frame(frameId: string): Promise<FrameRow[]>;
  instances(): Promise<InstanceStatus[]>;
  unit(key: string): Promise<UnitRow | null>;
  /** Frames that belong to alerts, of one night, newest first. */
  alertFrames(nightId: string): Promise<FrameRow[]>;
  /** Rows by state, over all nights. */
  countByState(): Promise<{ readonly pipeline: string; readonly state: FrameRow['state']; readonly count: number }[]>;
  /** Oldest and newest `seq` kept; first = last + 1 when none is. */
  range(): Promise<{ readonly first: number; readonly last: number }>;
  /** Events after `seq`, in order, at most `limit`. */
  eventsAfter(seq: number, limit: number): Promise<LiveEvent[]>;
  /** Calls back when there are newer events, from whatever process. Returns how to stop. */
  listen(callback: () => void): Promise<() => Promise<void>>;
  series(nightId: string, field: keyof FrameMetrics): Promise<SeriesPoint[]>;
  /** Forgets events older than this instant. */
  trim(before: string): Promise<number>;
}

export function boardStore(database: Database): BoardStore {
  const { db } = database;
  const declared = <T>(work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => {
      throw asDatabaseError(error, database.name);
    });
  const nights = async (over = db): Promise<string[]> =>
    (await over.selectFrom('frame').select('night_id').distinct().orderBy('night_id', 'desc').execute()).map(
      (row) => row.night_id,
    );
  const instances = async (over = db): Promise<InstanceStatus[]> =>
    (await over.selectFrom('instance').select('status').orderBy('name').execute()).map((row) => row.status);
  const framesOf = (nightId: string, over = db) =>
    over
      .selectFrom('frame')
      .selectAll()
      .where('night_id', '=', nightId)
      .orderBy(sql`coalesce(observed_at, received_at)`, 'desc')
      .orderBy('key');

  const unitsOf = async (nightId: string, over = db): Promise<UnitRow[]> =>
    (
      await over
        .selectFrom('unit')
        .select('row')
        .where('night_id', '=', nightId)
        .orderBy('updated_at', 'desc')
        .orderBy('key')
        .execute()
    ).map(({ row }) => row);

  return {
    unit: (key) =>
      declared(
        db
          .selectFrom('unit')
          .select('row')
          .where('key', '=', key)
          .executeTakeFirst()
          .then((found) => found?.row ?? null),
      ),

    board: (wanted, tonight) =>
      declared(
        db
          .transaction()
          .setIsolationLevel('repeatable read')
          .setAccessMode('read only')
          .execute(async (trx) => {
            const { seq } = await trx.selectFrom('event_head').select('seq').executeTakeFirstOrThrow();
            const all = await nights(trx);
            const nightId = wanted ?? all[0] ?? tonight;
            const rows = (await framesOf(nightId, trx).execute()).map(toFrameRow);
            const running = await instances(trx);
            const units = await unitsOf(nightId, trx);
            return {
              seq: Number(seq),
              nightId,
              nights: all,
              modules: moduleOrder(rows, running),
              instances: running,
              rows,
              units,
            };
          }),
      ),

    nights: () => declared(nights()),
    instances: () => declared(instances()),

    frame: (frameId) =>
      declared(
        db
          .selectFrom('frame')
          .selectAll()
          .where('frame_id', '=', frameId)
          .orderBy('pipeline')
          .orderBy('revision', 'desc')
          .execute()
          .then((rows) => rows.map(toFrameRow)),
      ),

    alertFrames: (nightId) =>
      declared(
        framesOf(nightId)
          .where('is_alert', '=', true)
          .execute()
          .then((rows) => rows.map(toFrameRow)),
      ),

    countByState: () =>
      declared(
        db
          .selectFrom('frame')
          .select(['pipeline', 'state', sql<number>`count(*)::integer`.as('count')])
          .groupBy(['pipeline', 'state'])
          .execute(),
      ),

    range: () =>
      declared(
        db
          .selectFrom('event_head')
          .select(['seq', sql<number>`(select min(seq) from event)`.as('first')])
          .executeTakeFirstOrThrow()
          .then(({ seq, first }) => ({ first: Number(first ?? Number(seq) + 1), last: Number(seq) })),
      ),

    eventsAfter: (seq, limit) =>
      declared(
        db
          .selectFrom('event')
          .selectAll()
          .where('seq', '>', seq)
          .orderBy('seq')
          .limit(limit)
          .execute()
          .then((rows) =>
            rows.map(({ seq: at, t, topic, body }) => ({ seq: Number(at), t: t.toISOString(), topic, body }) as LiveEvent),
          ),
      ),

    listen: (callback) => declared(database.listen(EVENT_CHANNEL, callback)),

    series: (nightId, field) =>
      declared(
        db
          .selectFrom('frame')
          .select(['key', 'observed_at', 'camera', 'filter', sql<number | null>`(metrics ->> ${field})::float8`.as('value')])
          .where('night_id', '=', nightId)
          .where('observed_at', 'is not', null)
          .where(sql`metrics ->> ${field}`, 'is not', null)
          .orderBy('observed_at')
          .orderBy('key')
          .execute()
          .then((rows) =>
            rows.map(({ key, observed_at, camera, filter, value }) => ({
              key,
              observedAt: observed_at!.toISOString(),
              camera,
              filter,
              value: value!,
            })),
          ),
      ),

    trim: (before) => declared(trimEvents(db, before)),
  };
}

/** Columns of the matrix: the modules of the rows in the order in which they run, then those that only an instance names. */
function moduleOrder(rows: readonly FrameRow[], running: readonly InstanceStatus[]): string[] {
  const longest = rows.reduce<readonly string[]>(
    (best, row) => (row.cells.length > best.length ? row.cells.map((cell) => cell.module) : best),
    [],
  );
  const others = [...rows.flatMap((row) => row.cells.map((cell) => cell.module)), ...running.flatMap((one) => one.modules)];
  return [...new Set([...longest, ...others])];
}
