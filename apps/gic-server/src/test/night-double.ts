import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Database, openDatabase, openLedger } from '@colibri/adapters/postgres';
import { type LogFields, type LogLevel, memoryLog } from '@colibri/base';
import type { FrameRow, InstanceStatus } from '@colibri/contracts';
import { type RunningServer, type ServerOptions, startServer } from '../server.ts';

type Ledger = Awaited<ReturnType<typeof openLedger>>;
type Offer = Parameters<Ledger['offer']>[0];

/** A server on a ledger in memory and a workspace on disk, for tests. */
export interface NightDouble {
  readonly server: RunningServer;
  readonly database: Database;
  readonly ledger: Ledger;
  readonly folder: string;
  readonly log: { readonly lines: { level: LogLevel; component: string; message: string; fields?: LogFields }[] };
  /** Offers a frame of the pipeline `svom` and returns its key. */
  frame(frameId: string, change?: Partial<Offer>): Promise<string>;
  /** Offers a frame and publishes it with these files, written into the workspace. */
  published(frameId: string, files: { reduced?: Uint8Array; catalog?: Uint8Array; summary?: string }): Promise<FrameRow>;
  get(path: string, headers?: Record<string, string>): Promise<Response>;
  close(): Promise<void>;
}

export async function nightDouble(options: Partial<ServerOptions> = {}): Promise<NightDouble> {
  const folder = mkdtempSync(join(tmpdir(), 'gic-server-'));
  const workspace = join(folder, 'workspace');
  mkdirSync(workspace);
  const log = memoryLog();
  const database = await openDatabase({ engine: 'memory' });
  const ledger = await openLedger({ database });
  const server = await startServer({
    port: 0,
    database,
    workspaces: new Map([['svom', workspace]]),
    webRoot: join(folder, 'web'),
    cacheDir: join(folder, 'previews'),
    log,
    ...options,
  });
  const offer = async (frameId: string, change: Partial<Offer> = {}): Promise<string> => {
    const about = { camera: 'C1', filter: 'r', type: 'object', target: '929744', isAlert: false, exposureSec: 30 };
    const when = { nightId: '2025-12-31', observedAt: '2026-01-01T04:20:01.000Z', receivedAt: '2026-01-01T04:20:40.000Z' };
    const identity = { frameId, pipeline: 'svom', sha256: `sha of ${frameId}`, configHash: 'c', sourcePath: `/in/${frameId}` };
    const cells = [{ module: 'reduction', state: 'waiting', startedAt: null, seconds: null, reason: null }] as const;
    return (await ledger.offer({ ...identity, ...about, ...when, cells, ...change })).key;
  };
  return {
    server,
    database,
    ledger,
    folder,
    log,
    frame: offer,
    async published(frameId, files) {
      const key = await offer(frameId);
      const products: FrameRow['products'] = { reduced: null, catalog: null, summary: null };
      const names = { reduced: `${frameId}.fits.fz`, catalog: `${frameId}.cat.fits`, summary: `${frameId}.json` };
      for (const kind of ['reduced', 'catalog', 'summary'] as const) {
        const content = files[kind];
        if (content === undefined) continue;
        products[kind] = `929744/C1/r/${kind}/${names[kind]}`;
        const path = join(workspace, products[kind]);
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, content);
      }
      await ledger.update(key, { state: 'published', products });
      return (await ledger.row(key))!;
    },
    get: (path, headers = {}) => fetch(`${server.address}${path}`, { headers }),
    async close() {
      await server.close();
      await database.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A heartbeat of the pipeline `svom`. */
export const heartbeat = (change: Partial<InstanceStatus> = {}): InstanceStatus => ({
  name: 'svom',
  state: 'running',
  configHash: 'c',
  modules: ['reduction'],
  startedAt: '2026-01-01T00:00:00.000Z',
  heartbeatAt: new Date().toISOString(),
  published: 0,
  failed: 0,
  skipped: 0,
  quarantined: 0,
  duplicates: 0,
  queueDepth: 0,
  oldestWaitingSec: null,
  residentMiB: 200,
  host: 'dome',
  ...change,
});
