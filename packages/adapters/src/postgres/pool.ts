import pg from 'pg';

const INT8 = 20;
/** bigint as a number: our sequence numbers stay far below 2^53. */
const types = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    oid === INT8 && format !== 'binary' ? Number : pg.types.getTypeParser(oid, format),
} as pg.CustomTypesConfig;

/** How to reach a server: an address, or its parts. */
export type Target =
  | { readonly connectionString: string }
  | { readonly host: string; readonly port: number; readonly password: string };

const account = { user: 'colibri', database: 'postgres' };

/** Settings of every connection that we make, pooled or not. */
export function connectionConfig(target: Target): pg.ClientConfig {
  return {
    ...('connectionString' in target ? target : { ...account, ...target }),
    types,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    options: '-c timezone=UTC -c client_min_messages=warning',
    application_name: 'colibri',
  };
}

export function openPool(target: Target, max = 6): pg.Pool {
  const pool = new pg.Pool({ ...connectionConfig(target), max, idleTimeoutMillis: 60_000 });
  // An idle connection that breaks is dropped by the pool; the next query opens another and reports what is wrong.
  pool.on('error', () => {});
  return pool;
}
