import { Kysely, PostgresDialect } from 'kysely';
import type { Database, Engine } from './database.ts';
import { openEmbedded } from './embedded/open-embedded.ts';
import { asDatabaseError } from './errors.ts';
import { Listener } from './listener.ts';
import { openPglite, pglitePool } from './pglite.ts';
import { openPool, type Target } from './pool.ts';
import { migrate } from './schema/migrate.ts';
import type { Tables } from './schema/tables.ts';

export interface DatabaseOptions {
  /** `postgres://user:password@host:port/database`: a server of your own. Wins over `dataDir`. */
  readonly url?: string;
  /** Folder of the built-in PostgreSQL; made when absent, shared by any number of processes. */
  readonly dataDir?: string;
  /** `memory`: PGlite inside this process, gone when it ends; for tests. */
  readonly engine?: Engine;
}

/** Opens the database that the options name and brings its tables up to date. */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const engine = options.engine ?? (options.url ? 'server' : options.dataDir ? 'embedded' : 'memory');
  if (engine === 'memory') return openMemory();
  if (engine === 'embedded') {
    if (!options.dataDir) throw new TypeError('openDatabase: the embedded engine needs dataDir');
    const server = await openEmbedded(options.dataDir);
    return overServer('embedded', server.target, `PostgreSQL in ${options.dataDir}`, () => server.close());
  }
  if (!options.url) throw new TypeError('openDatabase: the engine server needs url');
  return overServer('server', { connectionString: options.url }, withoutSecrets(options.url), async () => {});
}

async function overServer(engine: Engine, target: Target, name: string, after: () => Promise<void>): Promise<Database> {
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: openPool(target) }) });
  const listener = new Listener(target);
  let closed: Promise<void> | null = null;
  const close = async (): Promise<void> => {
    await listener.close();
    await db.destroy();
    await after();
  };
  const database: Database = {
    engine,
    name,
    db,
    listen: (channel, callback) => listener.listen(channel, callback),
    close: () => (closed ??= close()),
  };
  return ready(database);
}

async function openMemory(): Promise<Database> {
  const lite = await openPglite();
  await lite.exec('set timezone = UTC');
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: pglitePool(lite) }) });
  let closed: Promise<void> | null = null;
  return ready({
    engine: 'memory',
    name: 'PGlite in memory',
    db,
    listen: (channel, callback) => lite.listen(channel, callback),
    close: () => (closed ??= db.destroy()),
  });
}

async function ready(database: Database): Promise<Database> {
  try {
    await migrate(database.db, database.name);
    return database;
  } catch (error) {
    await database.close().catch(() => {});
    throw asDatabaseError(error, database.name);
  }
}

function withoutSecrets(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  return parsed ? `PostgreSQL at ${parsed.host}${parsed.pathname}` : 'PostgreSQL';
}
