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
