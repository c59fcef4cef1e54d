import { describeLedger } from '@colibri/testkit';
import { afterAll, beforeAll, describe } from 'vitest';
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
