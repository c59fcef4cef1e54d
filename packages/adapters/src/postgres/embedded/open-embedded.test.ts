import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openLedger } from '../ledger.ts';
import { openDatabase } from '../open-database.ts';
import { hasEmbedded, temporaryFolder } from '../test/engines.ts';
import { buildChild, type Child, runChild } from '../test/run-child.ts';
import { serverAccount } from './account.ts';
import { findBinaries } from './binaries.ts';
import { prepareCluster } from './cluster.ts';
import { readPostmaster } from './postmaster.ts';

describe.skipIf(!hasEmbedded)('built-in PostgreSQL (skipped where npm has none for the machine)', { timeout: 120_000 }, () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let program: string;
  let children: Child[];
  const child = (...parameters: string[]): Child => {
    const started = runChild(program, ...parameters);
    children.push(started);
    return started;
  };
  const cluster = (): string => join(folder.path, 'cluster');
  const stopped = async (): Promise<void> => {
    for (let i = 0; readPostmaster(cluster()) && i < 400; i++) await sleep(25);
    expect(readPostmaster(cluster())).toBeNull();
  };

  beforeAll(async () => {
    folder = temporaryFolder();
    program = await buildChild();
  }, 120_000);
  beforeEach(() => {
    children = [];
  });
  afterEach(async () => {
    for (const one of children) await one.kill('SIGKILL');
    await stopped();
  }, 120_000);
  afterAll(() => {
    folder.remove();
    rmSync(program, { force: true });
  });

  it('serves two processes that start together and write at once: every acknowledged row is there', async () => {
    const [a, b] = [child('write', folder.path, 'a'), child('write', folder.path, 'b')];
    await Promise.all([a.said('acknowledged', 15), b.said('acknowledged', 15)]);
    const database = await openDatabase({ dataDir: folder.path });
    await Promise.all([a.kill('SIGKILL'), b.kill('SIGKILL')]);
    const acknowledged = [...a.lines, ...b.lines]
      .filter((line) => line.startsWith('acknowledged'))
      .map((line) => line.split(' ')[1]!);
    const rows = await database.db.selectFrom('frame').select('key').where('state', '=', 'published').execute();
    const kept = new Set(rows.map((row) => row.key));
    expect(acknowledged.filter((key) => !kept.has(key))).toEqual([]);
    const { seq, events } = await database.db
      .selectFrom('event_head')
      .select(['seq', sql<number>`(select count(*) from event)`.as('events')])
      .executeTakeFirstOrThrow();
    expect(events).toBe(seq); // numbered without gaps, whoever wrote and whoever died
    await database.close();
  });

  it('goes on for the others when the process that started it is killed, and stops when the last is gone', async () => {
    const starter = child('hold', folder.path);
    await starter.said('open');
    const database = await openDatabase({ dataDir: folder.path });
    const { pid } = readPostmaster(cluster())!;
    await starter.kill('SIGKILL');
    await sleep(300);
    expect(readPostmaster(cluster())?.pid).toBe(pid);
    const ledger = await openLedger({ database });
    expect(await ledger.counts('nobody')).toMatchObject({ offered: 0 });
    await database.close();
    await stopped();
  });

  it('stops by itself when every process that used it was killed, and opens again with all that was acknowledged', async () => {
    const writer = child('write', folder.path, 'w');
    await writer.said('acknowledged', 10);
    await writer.kill('SIGKILL');
    await stopped();
    const count = writer.lines.filter((line) => line.startsWith('acknowledged')).length;
    const database = await openDatabase({ dataDir: folder.path });
    const counts = await (await openLedger({ database })).counts('w');
    expect(counts.published).toBeGreaterThanOrEqual(count);
    expect(counts.offered - counts.published).toBeLessThanOrEqual(1); // the one it was killed at
    await database.close();
  });

  it('opens again after the server itself was killed', async () => {
    const writer = child('write', folder.path, 'v');
    await writer.said('acknowledged', 10);
    process.kill(readPostmaster(cluster())!.pid, 'SIGKILL');
    await writer.kill('SIGKILL');
    const count = writer.lines.filter((line) => line.startsWith('acknowledged')).length;
    const database = await openDatabase({ dataDir: folder.path });
    expect((await (await openLedger({ database })).counts('v')).published).toBeGreaterThanOrEqual(count);
    await database.close();
  });

  it('takes back a migration that was killed half-way, and runs it again', async () => {
    const migrating = child('migrate', folder.path);
    await migrating.said('half-way');
    await migrating.kill('SIGKILL');
    const database = await openDatabase({ dataDir: folder.path }); // waits until the server has noticed, then migrates
    const half = await sql<{ found: string | null }>`select to_regclass('half_made')::text as found`.execute(database.db);
    expect(half.rows).toEqual([{ found: null }]);
    await database.close();
  });

  it('leaves a password and a data folder that other accounts cannot read', async () => {
    const database = await openDatabase({ dataDir: folder.path });
    for (const name of ['password', 'postgres.log', 'cluster']) {
      expect(`${name} ${(lstatSync(join(folder.path, name)).mode & 0o077).toString(8)}`).toBe(`${name} 0`);
    }
    const settings = await sql<{ fsync: string; synchronous_commit: string; listen_addresses: string }>`
      select current_setting('fsync') as fsync, current_setting('synchronous_commit') as synchronous_commit,
        current_setting('listen_addresses') as listen_addresses`.execute(database.db);
    expect(settings.rows).toEqual([{ fsync: 'on', synchronous_commit: 'on', listen_addresses: '127.0.0.1' }]);
    await database.close();
  });

  it('makes the links between the libraries that an install without scripts leaves out', () => {
    const account = serverAccount();
    const installed = dirname(dirname(dirname(findBinaries(account).postgres)));
    const bare = join(folder.path, 'package');
    mkdirSync(join(bare, 'native/lib'), { recursive: true });
    for (const name of ['bin', 'share', 'pg-symlinks.json'])
      symlinkSync(join(installed, 'native', name), join(bare, 'native', name));
    rmSync(join(bare, 'native/bin'));
    cpSync(join(installed, 'native/bin'), join(bare, 'native/bin'), { recursive: true });
    for (const name of readdirSync(join(installed, 'native/lib'))) {
      const path = join(installed, 'native/lib', name);
      if (/^lib.*\.so/.test(name) && !lstatSync(path).isSymbolicLink()) cpSync(path, join(bare, 'native/lib', name));
    }
    symlinkSync(join(installed, 'package.json'), join(bare, 'package.json'));
    expect(existsSync(join(bare, 'native/lib/libicuuc.so.60'))).toBe(false);
    const found = findBinaries(null, bare);
    expect(found.postgres).toBe(join(bare, 'native/bin/postgres'));
    expect(existsSync(join(bare, 'native/lib/libicuuc.so.60'))).toBe(true);
    expect(findBinaries(null, bare)).toEqual(found); // and again changes nothing
  });

  const isRoot = process.getuid?.() === 0;
  it.skipIf(!isRoot)(
    'keeps its files elsewhere when root gives it a private folder, and forgets them with that folder',
    async () => {
      chmodSync(folder.path, 0o711);
      const open = join(folder.path, 'open');
      mkdirSync(open, { mode: 0o711 });
      const secret = join(folder.path, 'private', 'database');
      mkdirSync(secret, { recursive: true });
      chmodSync(dirname(secret), 0o700);
      const account = serverAccount();
      const prepare = () => prepareCluster(secret, () => findBinaries(account), account, open);
      const first = await prepare();
      expect(first.data.startsWith(open)).toBe(true);
      expect(existsSync(join(first.data, 'PG_VERSION'))).toBe(true);
      expect(await prepare()).toEqual(first);
      renameSync(secret, `${secret}-moved`);
      expect((await prepareCluster(`${secret}-moved`, () => findBinaries(account), account, open)).data).toBe(first.data);
      renameSync(`${secret}-moved`, secret);
      rmSync(secret, { recursive: true });
      const second = await prepare();
      expect(second.data).not.toBe(first.data);
      expect(existsSync(first.data)).toBe(false);
    },
  );

  it.skipIf(!isRoot)('copies its programs to where its account can run them, once', () => {
    const account = serverAccount();
    const installed = dirname(dirname(dirname(findBinaries(account).postgres)));
    chmodSync(folder.path, 0o711);
    const secret = join(folder.path, 'private-modules');
    mkdirSync(secret, { mode: 0o700 });
    symlinkSync(installed, join(secret, 'package'));
    const shelf = join(folder.path, 'shelf');
    const found = findBinaries(account, join(secret, 'package'), shelf);
    expect(found.postgres.startsWith(shelf)).toBe(true);
    expect(spawnSync(found.postgres, ['--version'], { ...account }).stdout.toString()).toContain('PostgreSQL');
    const made = lstatSync(found.postgres).ctimeMs;
    expect(findBinaries(account, join(secret, 'package'), shelf)).toEqual(found);
    expect(lstatSync(found.postgres).ctimeMs).toBe(made);
  });
});
