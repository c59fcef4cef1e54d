import { createServer } from 'node:net';
import type { Migration } from 'kysely';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { boardStore } from './board-store.ts';
import type { Database } from './database.ts';
import { openLedger } from './ledger.ts';
import { openDatabase } from './open-database.ts';
import { migrate, migrations } from './schema/migrate.ts';
import { throwAwayDatabase } from './test/engines.ts';

describe('openDatabase', () => {
  it('says of a server that is away: later, and where it is without its password', async () => {
    const refusing = createServer((socket) => socket.destroy());
    const port = await new Promise<number>((resolve) =>
      refusing.listen(0, '127.0.0.1', () => resolve((refusing.address() as { port: number }).port)),
    );
    const error: unknown = await openDatabase({ url: `postgres://gic:secret@127.0.0.1:${port}/gic` }).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'DATABASE_UNAVAILABLE', retry: 'later' });
    expect(String(error)).toContain(`127.0.0.1:${port}/gic`);
    expect(String(error)).not.toContain('secret');
    await new Promise((resolve) => refusing.close(resolve));
  });

  it('refuses tables that a newer version made, and changes nothing', async () => {
    const database = await openDatabase({ engine: 'memory' });
    const later: Migration = { up: async (db) => void (await sql`create table later (id integer)`.execute(db)) };
    await migrate(database.db, 'newer', { ...migrations, '9999-later': later });
    await expect(migrate(database.db, database.name)).rejects.toMatchObject({ code: 'DATABASE_SCHEMA', retry: 'never' });
    await database.close();
  });
});

const local = await throwAwayDatabase();
describe.skipIf(!local)('over a server (skipped where nothing answers at 127.0.0.1:5432)', () => {
  let database: Database;
  beforeAll(async () => {
    database = await openDatabase({ url: local!.url });
  }, 120_000);
  afterAll(async () => {
    await database.close();
    await local!.remove();
  });

  it('answers again after the server dropped every connection, and tells listeners that they may have missed something', async () => {
    const store = boardStore(database);
    const ledger = await openLedger({ database });
    let heard = 0;
    const stop = await store.listen(() => heard++);
    const other = await openDatabase({ url: local!.url });
    await sql`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()`.execute(other.db);
    await other.close();
    await expect.poll(() => heard, { timeout: 5000 }).toBeGreaterThan(0);
    expect(await ledger.counts('svom')).toMatchObject({ offered: 0 });
    await stop();
  });

  it('lets processes that start together migrate one after the other', async () => {
    const many = await Promise.all(Array.from({ length: 4 }, () => openDatabase({ url: local!.url })));
    expect(await boardStore(many[0]!).nights()).toEqual([]);
    await Promise.all(many.map((one) => one.close()));
  });
});
