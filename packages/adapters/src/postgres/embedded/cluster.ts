import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { type Account, canEnter, giveTo } from './account.ts';
import { type Binaries, run } from './binaries.ts';
import { readPostmaster } from './postmaster.ts';

/** The folders of one built-in database. */
export interface Cluster {
  /** What the caller named: password, log, members' pipes. */
  readonly folder: string;
  /** PGDATA. */
  readonly data: string;
  readonly password: string;
}

/**
 * Finds or makes the cluster. Both the password and the data appear whole or not at all (link and rename), so that processes which
 * start together, or die half-way, agree on one.
 */
export async function prepareCluster(
  dataDir: string,
  binaries: () => Binaries,
  account: Account | null,
  elsewhere = '/var/lib/colibri',
): Promise<Cluster> {
  const folder = resolve(dataDir);
  mkdirSync(folder, { recursive: true, mode: 0o711 });
  if (account) chmodSync(folder, statSync(folder).mode | 0o011); // the account passes through; it cannot list or read
  const password = readPassword(folder);
  const home = canEnter(account, folder) ? folder : homeElsewhere(folder, password, elsewhere);
  const data = join(home, 'cluster');
  if (!existsSync(join(data, 'PG_VERSION'))) await initialise(home, data, password, binaries(), account);
  return { folder, data, password };
}

/**
 * Root's private folders are closed to the server's account: then the data lie elsewhere, and the note `where` says at which path. The
 * place is named after the folder and its password, so that a folder that was deleted and made anew begins anew; what the old one left is removed.
 */
function homeElsewhere(folder: string, password: string, elsewhere: string): string {
  const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);
  const note = join(folder, 'where');
  const noted = existsSync(note) ? readFileSync(note, 'utf8').trim() : '';
  if (basename(noted) === digest(password) && existsSync(noted)) return noted; // also after the folder was moved
  const shelf = join(elsewhere, digest(folder));
  const home = join(shelf, digest(password));
  mkdirSync(home, { recursive: true, mode: 0o711 });
  for (const name of readdirSync(shelf)) {
    const other = join(shelf, name);
    if (other !== home && !readPostmaster(join(other, 'cluster'))) rmSync(other, { recursive: true, force: true });
  }
  writeFileSync(note, `${home}\n`);
  return home;
}

function readPassword(folder: string): string {
  const path = join(folder, 'password');
  if (!existsSync(path)) {
    const part = `${path}.${randomBytes(6).toString('hex')}.part`;
    writeFileSync(part, randomBytes(24).toString('base64url'), { mode: 0o600, flush: true });
    try {
      linkSync(part, path);
    } catch (error) {
      if ((error as { code?: string }).code !== 'EEXIST') throw error; // somebody else was first: theirs holds
    } finally {
      rmSync(part, { force: true });
    }
  }
  return readFileSync(path, 'utf8');
}

async function initialise(
  home: string,
  data: string,
  password: string,
  { initdb }: Binaries,
  account: Account | null,
): Promise<void> {
  for (const name of readdirSync(home)) if (isAbandoned(home, name)) rmSync(join(home, name), { recursive: true, force: true });
  const nursery = mkdtempSync(join(home, 'new-'));
  try {
    const passwordFile = join(nursery, 'password');
    writeFileSync(passwordFile, password, { mode: 0o600 });
    for (const path of [nursery, passwordFile]) giveTo(account, path);
    await run(account, initdb, [
      `--pgdata=${join(nursery, 'cluster')}`,
      '--username=colibri',
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
    ]);
    renameSync(join(nursery, 'cluster'), data);
  } catch (error) {
    if (!existsSync(join(data, 'PG_VERSION'))) throw error; // else somebody else was first
  } finally {
    rmSync(nursery, { recursive: true, force: true });
  }
}

/** Left by a process that was killed while it made the cluster; a running initdb takes seconds, not minutes. */
const isAbandoned = (home: string, name: string): boolean =>
  name.startsWith('new-') && Date.now() - statSync(join(home, name)).mtimeMs > 10 * 60_000;
