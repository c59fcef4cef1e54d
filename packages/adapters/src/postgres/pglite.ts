import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import type { PGlite } from '@electric-sql/pglite';
import type { PostgresPool, PostgresPoolClient, PostgresQueryResult } from 'kysely';

/**
 * The face of a connection pool over PGlite, which has one connection: each borrower waits until the one before gives it back, so that
 * transactions do not mix.
 */
export function pglitePool(lite: PGlite): PostgresPool {
  let last = Promise.resolve();
  const client = (release: () => void): PostgresPoolClient => ({
    query: (async (text: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<unknown>> => {
      const { rows, affectedRows } = await lite.query(text, [...parameters]);
      const command = (/^\s*(\w+)/.exec(text)?.[1]?.toUpperCase() ?? 'SELECT') as 'SELECT';
      return { command, rowCount: affectedRows ?? rows.length, rows };
    }) as unknown as PostgresPoolClient['query'], // of its two forms the one without a cursor
    release,
  });
  return {
    connect() {
      let release = (): void => {};
      const mine = new Promise<void>((resolve) => {
        release = resolve;
      });
      const before = last;
      last = before.then(() => mine);
      return before.then(() => client(release));
    },
    async end() {
      await last;
      await lite.close();
    },
  };
}

/**
 * A PGlite in memory. Making its first, empty cluster takes 6 s of processor time, unpacking a kept one 0.7 s: the first start keeps it in
 * the user's cache folder. A kept one that cannot be read or written is done without.
 */
export async function openPglite(): Promise<PGlite> {
  const { PGlite } = await import('@electric-sql/pglite');
  const kept = await templatePath();
  const template = await readFile(kept).catch(() => null);
  if (template) {
    try {
      return await PGlite.create({ loadDataDir: new Blob([template]) });
    } catch {
      await unlink(kept).catch(() => {});
    }
  }
  const lite = await PGlite.create();
  await keep(kept, lite).catch(() => {});
  return lite;
}

async function templatePath(): Promise<string> {
  const manifest = join(dirname(createRequire(import.meta.url).resolve('@electric-sql/pglite')), '../package.json');
  const { version } = JSON.parse(await readFile(manifest, 'utf8')) as { version: string };
  return join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'colibri', `pglite-${version}.tar.gz`);
}

async function keep(path: string, lite: PGlite): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const part = `${path}.${randomBytes(6).toString('hex')}.part`;
  const dump = await lite.dumpDataDir('gzip');
  await writeFile(part, new Uint8Array(await dump.arrayBuffer()), { flag: 'wx' });
  await rename(part, path);
}
