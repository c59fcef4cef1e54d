import { closeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { ObservatoryError } from '@colibri/base';
import pg from 'pg';
import { databaseStart } from '../errors.ts';
import { connectionConfig, type Target } from '../pool.ts';
import { serverAccount } from './account.ts';
import { type Binaries, findBinaries } from './binaries.ts';
import { type Cluster, prepareCluster } from './cluster.ts';
import { joinMembership } from './membership.ts';
import { readPostmaster } from './postmaster.ts';
import { membersPipe, startServer } from './start-server.ts';

export interface EmbeddedServer {
  readonly target: Target;
  /** Gives up our membership; the last one out waits until the server has stopped. */
  close(): Promise<void>;
}

const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 20_000;
const HOST = '127.0.0.1';

/**
 * Starts PostgreSQL on a folder, or joins the one that another process started there. The server outlives whoever started it as long
 * as one member is left, and stops by itself when the last has closed or died.
 */
export async function openEmbedded(dataDir: string): Promise<EmbeddedServer> {
  const account = serverAccount();
  let known: Binaries | undefined;
  const binaries = (): Binaries => (known ??= findBinaries(account));
  try {
    const cluster = await prepareCluster(dataDir, binaries, account);
    const deadline = Date.now() + START_LIMIT_MS;
    for (let failures = 0; Date.now() < deadline; await sleep(30)) {
      const running = readPostmaster(cluster.data);
      let writer: number | null = null;
      if (!running) {
        const started = await startServer(cluster, binaries(), account, deadline);
        if (typeof started === 'number') writer = started;
        else if (!readPostmaster(cluster.data) && ++failures === 3) throw new Error(started.why);
      } else if (running.isReady) {
        writer = joinMembership(membersPipe(cluster, running.port));
      }
      if (writer === null) continue; // somebody else is starting or stopping it
      const server = await asMember(cluster, writer);
      if (server) return server;
    }
    throw new Error(
      `a server runs there, but it let nobody in for ${START_LIMIT_MS / 1000} s: it is stopping, recovering, or not ours`,
    );
  } catch (error) {
    if (error instanceof ObservatoryError) throw error;
    throw databaseStart({ folder: dataDir, what: error instanceof Error ? error.message : String(error) }, error);
  }
}

/** Makes sure that this is our server and that it stays; gives the membership back and says null when not. */
async function asMember(cluster: Cluster, writer: number): Promise<EmbeddedServer | null> {
  const port = readPostmaster(cluster.data)?.port ?? 0;
  const target = { host: HOST, port, password: cluster.password };
  const isReaderThere = (): boolean => {
    const probe = joinMembership(membersPipe(cluster, port));
    if (probe !== null) closeSync(probe);
    return probe !== null;
  };
  // The reader may have seen the end of the pipe just before we came: it is gone by the time we have talked to the server.
  if (!(await answers(target)) || !isReaderThere()) {
    closeSync(writer);
    return null;
  }
  return {
    target,
    async close() {
      closeSync(writer);
      const deadline = Date.now() + STOP_LIMIT_MS;
      // Ten looks at a reader that is still there: others need the server. No reader: it is stopping, wait for it.
      for (let seen = 0; seen < 10 && Date.now() < deadline; ) {
        if (readPostmaster(cluster.data)?.port !== port) return;
        if (isReaderThere()) seen++;
        await sleep(30);
      }
    },
  };
}

async function answers(target: Target): Promise<boolean> {
  const client = new pg.Client(connectionConfig(target));
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('select 1');
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === '28P01')
      throw new Error('it does not accept the password kept beside it', { cause: error });
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}
