import type { ObservatoryError } from '@colibri/base';
import { type Kysely, type Migration, Migrator, sql } from 'kysely';
import { asDatabaseError, databaseSchema } from '../errors.ts';
import { ledger0001 } from './0001-ledger.ts';
import { units0002 } from './0002-units.ts';
import type { Tables } from './tables.ts';

/** In order, forward only: what is released is never edited, the next change is the next entry. */
export const migrations: Readonly<Record<string, Migration>> = { '0001-ledger': ledger0001, '0002-units': units0002 };

/** Any number, ours alone: one process at a time brings the tables up to date. */
const MIGRATION_LOCK = 7_361_001;

/**
 * Brings the tables up to date. All steps share one transaction and one advisory lock: whoever is killed half-way leaves nothing, and
 * processes that start together wait for each other.
 */
export async function migrate(db: Kysely<Tables>, name: string, steps = migrations): Promise<void> {
  await db.connection().execute(async (connection) => {
    await sql`select pg_advisory_lock(${MIGRATION_LOCK})`.execute(connection);
    try {
      const migrator = new Migrator({ db: connection, provider: { getMigrations: async () => ({ ...steps }) } });
      const { error } = await migrator.migrateToLatest();
      if (error) throw migrationError(error, name);
    } finally {
      // Fails only when the connection is gone, and the lock with it.
      await sql`select pg_advisory_unlock(${MIGRATION_LOCK})`.execute(connection).catch(() => {});
    }
  });
}

function migrationError(error: unknown, name: string): ObservatoryError {
  const declared = asDatabaseError(error, name);
  if (declared.retry === 'later') return declared;
  return databaseSchema({ database: name, what: error instanceof Error ? error.message : String(error) }, error);
}
