import { asObservatoryError, defineError, ObservatoryError } from '@colibri/base';

export const databaseUnavailable = defineError<{ database: string; what: string }>({
  code: 'DATABASE_UNAVAILABLE',
  retry: 'later',
  summary: 'The database does not answer.',
  message: (f) => `${f.database} does not answer: ${f.what}`,
  hint: 'Check that the database server runs and that its address is right; waiting work goes on by itself once it answers.',
});

export const databaseFull = defineError<{ database: string; what: string }>({
  code: 'DATABASE_FULL',
  retry: 'later',
  summary: 'The disk of the database has no room.',
  message: (f) => `${f.database} cannot write: ${f.what}`,
  hint: 'Free space on the disk of the database; nothing that was acknowledged is lost, and waiting work goes on by itself.',
});

export const databaseRefused = defineError<{ database: string; what: string; sqlState: string }>({
  code: 'DATABASE_REFUSED',
  retry: 'never',
  summary: 'The database refused a statement: a fault of this software, or missing rights of its account.',
  message: (f) => `${f.database} refused a statement (${f.sqlState}): ${f.what}`,
  hint: 'Check that the account may create and change tables; otherwise report this line.',
});

export const databaseStart = defineError<{ folder: string; what: string }>({
  code: 'DATABASE_START',
  retry: 'later',
  summary: 'The built-in PostgreSQL could not be started.',
  message: (f) => `The built-in PostgreSQL in ${f.folder} did not start: ${f.what}`,
  hint: 'Read postgres.log in that folder. Free disk space and folder rights are the usual causes; GIC_DB=postgres://… uses a server of your own.',
});

export const databaseNoBinaries = defineError<{ platform: string }>({
  code: 'DATABASE_NO_BINARIES',
  retry: 'never',
  summary: 'No built-in PostgreSQL is installed for this kind of machine.',
  message: (f) => `No built-in PostgreSQL is installed for ${f.platform}.`,
  hint: 'Install the optional dependencies (npm install without --omit=optional), or give GIC_DB=postgres://user:password@host/database.',
});

export const databaseSchema = defineError<{ database: string; what: string }>({
  code: 'DATABASE_SCHEMA',
  retry: 'never',
  summary: 'The tables could not be brought to the form this software expects.',
  message: (f) => `The tables of ${f.database} do not fit this software: ${f.what}`,
  hint: 'A newer version may have changed them: run the newest version, or restore a dump made by this one. Nothing was changed.',
});

/** A failure of the driver or the server as a declared error; declared ones pass unchanged. */
export function asDatabaseError(error: unknown, database: string): ObservatoryError {
  if (error instanceof ObservatoryError) return error;
  const said = (error as { code?: unknown } | null)?.code;
  const code = typeof said === 'string' ? said : '';
  const what = error instanceof Error ? error.message || code : String(error);
  if (/^(53100|ENOSPC)$/.test(code)) return databaseFull({ database, what }, error);
  if (isConnectionTrouble(code, what)) return databaseUnavailable({ database, what }, error);
  if (/^[0-9A-Z]{5}$/.test(code)) return databaseRefused({ database, what, sqlState: code }, error);
  return asObservatoryError(error, database);
}

/** Classes 08 (connection), 53 (resources), 57P (shutdown), 28 (sign-in), 3D (no database); serialisation and deadlock; sockets. */
function isConnectionTrouble(code: string, what: string): boolean {
  return (
    /^(08...|53...|57P..|28...|3D000|40001|40P01|ECONN.*|EPIPE|ETIMEDOUT|ENOTFOUND|EHOSTUNREACH|EAI_AGAIN)$/.test(code) ||
    /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|not queryable|is closed/i.test(
      what,
    )
  );
}
