import { describeLedger, offered } from '@colibri/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from './database.ts';
import { openLedger } from './ledger.ts';
import { openDatabase } from './open-database.ts';
import { emptyTables, hasEmbedded, temporaryFolder, throwAwayDatabase } from './test/engines.ts';

let shared: Database;
const fresh = async () => {
  await emptyTables(shared);
  return openLedger({ database: shared });
};
const again = () => openLedger({ database: shared });

describe('in memory', () => {
  beforeAll(async () => {
    shared = await openDatabase({ engine: 'memory' });
  }, 120_000);
  afterAll(() => shared.close());
  describeLedger('PGlite', fresh, again);

  it('makes the same bytes under another configuration a revision: one row for each pair of bytes and configuration', async () => {
    const ledger = await fresh();
    const { key } = await ledger.offer(offered());
    await ledger.update(key, { state: 'published' });
    const other = offered({ configHash: 'd'.repeat(64) });
    expect(await ledger.offer(other)).toMatchObject({ kind: 'revision', revision: 1 });
    expect(await ledger.offer(other)).toMatchObject({ kind: 'resume', revision: 1 });
    expect(await ledger.offer(offered())).toEqual({ kind: 'duplicate', key, state: 'published' });
    expect(await ledger.counts('svom')).toMatchObject({ offered: 2, published: 1, queued: 1, duplicates: 0 });
  });
});

describe.skipIf(!hasEmbedded)('built in (skipped where npm has no PostgreSQL for the machine)', () => {
  const folder = temporaryFolder();
  beforeAll(async () => {
    shared = await openDatabase({ dataDir: folder.path });
  }, 120_000);
  afterAll(async () => {
    await shared.close();
    folder.remove();
  });
  describeLedger('built-in PostgreSQL', fresh, again);
});

const local = await throwAwayDatabase();
describe.skipIf(!local)('on a server of its own (skipped where nothing answers at 127.0.0.1:5432)', () => {
  beforeAll(async () => {
    shared = await openDatabase({ url: local!.url });
  }, 120_000);
  afterAll(async () => {
    await shared.close();
    await local!.remove();
  });
  describeLedger('PostgreSQL server', fresh, again);
});
