import { spawn } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Account } from './account.ts';
import type { Binaries } from './binaries.ts';
import type { Cluster } from './cluster.ts';
import { foundMembership, joinMembership, keeperScript } from './membership.ts';
import { clearStaleNotice, readPostmaster } from './postmaster.ts';

/** The pipe that the members of the server on this port hold open. */
export const membersPipe = ({ folder }: Cluster, port: number): string => join(folder, `members-${port}.pipe`);

/**
 * Starts the server and waits until it is ready. Returns our membership, or why it did not start: another process may have been
 * first, which PostgreSQL itself decides (two servers never run on one folder).
 */
export async function startServer(
  cluster: Cluster,
  { postgres }: Binaries,
  account: Account | null,
  deadline: number,
): Promise<number | { readonly why: string }> {
  removeUnreadPipes(cluster);
  clearStaleNotice(cluster.data);
  const port = await freePort();
  const log = openLog(cluster);
  const { reader, writer } = foundMembership(membersPipe(cluster, port));
  const server = spawn('sh', ['-c', keeperScript, 'colibri-postgres', postgres, '-D', cluster.data, ...settings(port)], {
    ...account,
    cwd: '/',
    detached: true, // Ctrl-C in our terminal is not for it
    stdio: [reader, log, log],
    env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C', TZ: 'UTC' },
  });
  let ended: string | null = null;
  server.on('error', (error) => (ended = error.message));
  server.on('exit', (code, signal) => (ended = `it ended with ${code ?? signal}`));
  server.unref();
  closeSync(reader);
  closeSync(log);
  while (ended === null && Date.now() < deadline) {
    const running = readPostmaster(cluster.data);
    if (running?.isReady && running.port === port) return writer;
    await sleep(15);
  }
  closeSync(writer);
  return { why: `${ended ?? 'it took too long'}; its log ends: ${lastLines(cluster)}` };
}

/** Durable commits, loopback only, modest memory; everything else as PostgreSQL ships it. */
const settings = (port: number): string[] =>
  [
    'listen_addresses=127.0.0.1',
    `port=${port}`,
    'unix_socket_directories=',
    'fsync=on',
    'synchronous_commit=on',
    'full_page_writes=on',
    'shared_buffers=64MB',
    'max_connections=60',
    'io_method=sync',
    'client_connection_check_interval=1s', // a killed client's statement ends, and its locks with it
    'timezone=UTC',
    'log_timezone=UTC',
    'log_min_messages=warning',
  ].flatMap((setting) => ['-c', setting]);

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}

const LOG_LIMIT_BYTES = 5_000_000;

function openLog({ folder }: Cluster): number {
  const path = join(folder, 'postgres.log');
  const isLong = (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > LOG_LIMIT_BYTES;
  return openSync(path, isLong ? 'w' : 'a', 0o600);
}

function lastLines({ folder }: Cluster): string {
  return readFileSync(join(folder, 'postgres.log'), 'utf8').trim().split('\n').slice(-3).join(' | ');
}

/** Pipes of servers that are gone. */
function removeUnreadPipes(cluster: Cluster): void {
  for (const name of readdirSync(cluster.folder)) {
    if (!/^members-\d+\.pipe$/.test(name)) continue;
    const path = join(cluster.folder, name);
    const writer = joinMembership(path);
    if (writer === null) rmSync(path, { force: true });
    else closeSync(writer);
  }
}
