import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { openCatalogFolder } from '@colibri/adapters/catalogs';
import { stackArchive } from '@colibri/adapters/templates';
import { type Clock, type Log, ObservatoryError, systemClock } from '@colibri/base';
import { useZlib } from '@colibri/fits/node';
import { decodeStack, frameGeometry, masterSource } from '@colibri/modules';
import { type Compute, scalarCompute } from '@colibri/numerics';
import { openCompute } from '@colibri/numerics/node';
import type {
  EngineIdentity,
  EnginePorts,
  FrameMetaOptions,
  Ledger,
  Master,
  MinorPlanetSource,
  RawFrame,
  ReferenceCatalog,
  ServicesConfig,
  TemplateSource,
} from '@colibri/pipeline';
import { masterAt, masterFolder } from './master-folder.ts';
import { openServices } from './services.ts';
import { software } from './software.ts';

export interface WorldOptions {
  readonly log: Log;
  readonly clock?: Clock;
  readonly threads: number;
  readonly mastersDir: string;
  /** Folder of the reference catalogues that is used where a module's file names none; null: none. */
  readonly catalogDir: string | null;
  readonly calibrations: Ledger['calibrations'];
  readonly meta: () => FrameMetaOptions;
  /** Services of others; absent: nobody is asked. */
  readonly services?: ServicesConfig;
}

/** From the sources under tsx, or from the build. */
const poolTasks = new URL(import.meta.url.endsWith('.ts') ? './pool-tasks.ts' : './pool-tasks.js', import.meta.url).href;

/** The ports of the engine on this machine. */
export interface World {
  readonly ports: EnginePorts;
  /** Templates for subtraction: the archive of stacks in a workspace, then the surveys that are configured. */
  templatesOf(workspace: string): TemplateSource | null;
  readonly minorPlanets: MinorPlanetSource | null;
  close(): Promise<void>;
}

/** Opens what the engine needs: arithmetic, masters, catalogues. */
export async function openWorld(options: WorldOptions): Promise<World> {
  const { log, clock = systemClock } = options;
  useZlib();
  const compute = await openArithmetic(options.threads, log);
  const store = masterFolder({ folder: options.mastersDir, calibrations: options.calibrations, meta: options.meta });
  const named = new Map<string, Promise<Master>>();
  const catalogs = new Map<string, Promise<ReferenceCatalog | null>>();
  const ports: EnginePorts = {
    compute,
    log,
    clock,
    masters: masterSource({ store, compute, log }),
    masterAt: (path, key) => remembered(named, `${path} ${JSON.stringify(key)}`, () => masterAt(path, key)),
    catalogAt: async (path) => {
      const folder = path ?? options.catalogDir;
      if (!folder || !existsSync(folder)) return null;
      const catalog = await remembered(catalogs, folder, () => openCatalogFolder(folder));
      if (!catalog) catalogs.delete(folder); // an import may come
      return catalog;
    },
    dataArea,
  };
  const services = openServices(options.services ?? null, clock);
  const archives = new Map<string, TemplateSource>();
  const templatesOf = (folder: string): TemplateSource => {
    const known =
      archives.get(folder) ??
      services.templatesWith(stackArchive({ folder, decode: (bytes, path) => decodeStack(bytes, path, compute) }));
    archives.set(folder, known);
    return known;
  };
  return {
    ports,
    templatesOf,
    minorPlanets: services.minorPlanets,
    close: () => compute.close(),
  };
}

/** The area that masters cover: what is left of a raw frame after trimming. */
export function dataArea(raw: RawFrame): { width: number; height: number } {
  const { data } = frameGeometry(raw);
  return { width: data.x1 - data.x0, height: data.y1 - data.y0 };
}

/** Memory and threads for arithmetic; the plain functions where the compiled ones are not built. */
export async function openArithmetic(threads: number, log: Log): Promise<Compute> {
  try {
    return await openCompute({ threads, tasks: [poolTasks] });
  } catch (error) {
    if (!(error instanceof ObservatoryError) || error.code !== 'COMPUTE_KERNELS_MISSING') throw error;
    log.log('WARNING', 'GP1', `${error.message} The plain functions are used: several times slower.`);
    return scalarCompute();
  }
}

/** A few entries; a failed one is forgotten, so that a mended file is read again. */
function remembered<T>(cache: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const known = cache.get(key);
  if (known) return known;
  const made = make();
  cache.set(key, made);
  made.catch(() => cache.delete(key));
  for (const oldest of [...cache.keys()].slice(0, Math.max(0, cache.size - 8))) cache.delete(oldest);
  return made;
}

/** Who works, for provenance. */
export const identity = (replay: EngineIdentity['replay']): EngineIdentity => ({ software, host: hostname(), replay });
