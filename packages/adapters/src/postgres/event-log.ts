import type { LiveEvent } from '@colibri/contracts';
import { type Kysely, sql, type Transaction } from 'kysely';
import type { Tables } from './schema/tables.ts';

/** The channel that tells of new events; the payload is the newest `seq`. */
export const EVENT_CHANNEL = 'colibri_event';

/**
 * Appends one event in the transaction that makes it true. The head's row lock is held until the commit, so `seq` has no gaps and grows
 * in the order of commits: a reader that has seen n never misses a smaller one. Call it last in a transaction.
 */
export async function appendEvent(
  trx: Transaction<Tables>,
  event: { readonly t: string; readonly topic: LiveEvent['topic']; readonly body: LiveEvent['body'] },
): Promise<void> {
  const { seq } = await trx
    .updateTable('event_head')
    .set({ seq: sql<number>`seq + 1` })
    .where('id', '=', 1)
    .returning('seq')
    .executeTakeFirstOrThrow();
  await trx
    .insertInto('event')
    .values({ seq: Number(seq), t: event.t, topic: event.topic, body: JSON.stringify(event.body) })
    .execute();
  await sql`select pg_notify(${EVENT_CHANNEL}, ${String(seq)})`.execute(trx);
}

/** Forgets events older than this instant; clients that resume from before it fetch the snapshot again. Returns how many went. */
export async function trimEvents(db: Kysely<Tables>, before: string): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('event')
    .where('t', '<', before as never)
    .executeTakeFirst();
  return Number(numDeletedRows);
}
