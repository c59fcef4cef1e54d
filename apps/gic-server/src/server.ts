import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { boardStore, type Database, openDatabase } from '@colibri/adapters/postgres';
import { asObservatoryError, type Clock, type Log, silentLog, systemClock } from '@colibri/base';
import { sanPedroMartir } from '@colibri/sky';
import { makeApp } from './app.ts';
import { previewThread } from './features/frames/preview-thread.ts';
import { previewCache } from './features/frames/previews.ts';
import { productFinder } from './features/frames/products.ts';
import { warmPreviews } from './features/frames/warm-previews.ts';
import { LiveHub } from './features/live/live-hub.ts';
import { webPage } from './features/page/web-page.ts';
import { makeMetrics } from './metrics.ts';
import { makeNightClock } from './night.ts';
import { workspacesOf } from './workspaces.ts';

export interface ServerOptions {
  /** 0: any free port. Default 8470. */
  readonly port?: number;
  /** Address to listen at. Default 127.0.0.1; guests may read on loopback only, whatever it is. */
  readonly host?: string;
  /** Names beside localhost under which the server may be asked. */
  readonly hostNames?: readonly string[];
  /** An open database (it stays open when the server closes), an address, or the folder of the built-in one. */
  readonly database: Database | { readonly url: string } | { readonly dataDir: string };
  /** Pipeline → folder of its products. */
  readonly workspaces?: ReadonlyMap<string, string>;
  /** gp1.cfg, for the workspaces that it names. */
  readonly gp1Config?: string;
  /** JSON `{at, rate, updatedAt}` of whoever plays a night. */
  readonly simulationFile?: string;
  /** The built page. Default: that of this checkout. */
  readonly webRoot?: string;
  /** Where previews are kept. */
  readonly cacheDir?: string;
  readonly requestsPer10s?: number;
  readonly clock?: Clock;
  readonly log?: Log;
}

export interface RunningServer {
  readonly address: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Events older than this are forgotten [ms]; who resumes from before fetches the snapshot. */
const EVENTS_KEPT_MS = 24 * 3600_000;
const TIDY_MS = 600_000;

/** Opens the database, joins the features and listens. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { port = 8470, host = '127.0.0.1', clock = systemClock, log = silentLog } = options;
  const workspaces = new Map([...(options.gp1Config ? workspacesOf(options.gp1Config) : []), ...(options.workspaces ?? [])]);
  const ownDatabase = 'db' in options.database ? null : await openDatabase(options.database);
  const database = ownDatabase ?? (options.database as Database);
  const store = boardStore(database);
  const hub = new LiveHub(store, log);
  const maker = previewThread();
  const cleanUp: (() => Promise<void> | void)[] = [() => ownDatabase?.close(), () => maker.stop(), () => hub.stop()];
  const close = async (): Promise<void> => {
    while (cleanUp.length > 0) await cleanUp.pop()!();
  };
  try {
    await hub.start();
    const previews = previewCache(options.cacheDir ?? defaultCache(options), maker);
    const products = productFinder(store, workspaces);
    hub.watch(warmPreviews(products, previews));
    const tidy = async (): Promise<void> => {
      await store.trim(new Date(clock.now() - EVENTS_KEPT_MS).toISOString());
      await previews.prune();
    };
    const tidying = setInterval(
      () => tidy().catch((error: unknown) => log.log('WARNING', 'Server', asObservatoryError(error, 'Tidying').message)),
      TIDY_MS,
    );
    cleanUp.push(() => clearInterval(tidying));
    const app = await makeApp(
      {
        store,
        hub,
        night: makeNightClock(clock, options.simulationFile ?? null),
        products,
        workspaces,
        previews,
        page: webPage(options.webRoot ?? fileURLToPath(new URL('../../gic-web/dist', import.meta.url))),
        metrics: makeMetrics(store, hub),
        site: { ...sanPedroMartir },
        clock,
        log,
        version: ownVersion(),
      },
      { hostNames: options.hostNames ?? [], requestsPer10s: options.requestsPer10s ?? 2000 },
    );
    cleanUp.push(() => app.close());
    cleanUp.push(() => hub.stop()); // before the server closes: open streams would hold it
    const address = await app.listen({ port, host });
    log.log('INFO', 'Server', `The page is at ${address}/ and reads ${database.name}.`);
    return { address, port: Number(new URL(address).port), close };
  } catch (error) {
    await close();
    throw error;
  }
}

function defaultCache({ database }: ServerOptions): string {
  if ('dataDir' in database) return join(dirname(database.dataDir), 'previews');
  return join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'colibri', 'previews');
}

const ownVersion = (): string =>
  (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }).version;
