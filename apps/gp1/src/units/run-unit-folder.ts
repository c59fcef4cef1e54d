import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isoUtc } from '@colibri/base';
import { type ModuleCell, noUnitMetrics, type UnitRow } from '@colibri/contracts';
import {
  type EngineIdentity,
  type FrameMetaOptions,
  type ModuleRecord,
  type PipelineConfig,
  type ProductSink,
  processUnit,
  readUnits,
  type Unit,
  type UnitFrame,
  type UnitPorts,
  type UnitResult,
} from '@colibri/pipeline';
import { writeEventPage } from './event-page.ts';

/** What a thread remembers of the units that it worked on, the last few. */
export interface UnitMemory {
  readonly frames: Map<string, UnitFrame>;
  readonly kept: Map<string, Map<string, unknown>>;
}

/** The memory of each folder, the least used forgotten. */
export function unitMemories(most = 4): (folder: string) => UnitMemory {
  const memories = new Map<string, UnitMemory>();
  return (folder) => {
    const memory = memories.get(folder) ?? { frames: new Map(), kept: new Map() };
    memories.delete(folder);
    memories.set(folder, memory);
    for (const oldest of [...memories.keys()].slice(0, Math.max(0, memories.size - most))) memories.delete(oldest);
    return memory;
  };
}

export interface UnitFolderRun {
  readonly pipeline: string;
  readonly config: PipelineConfig;
  /** Folder on disk that holds `reduced/` and `catalogs/`. */
  readonly sourceDir: string;
  /** `<TRGID>/<INSTRUME>/<FILTER>`: where the products go below the workspace of `sink`. */
  readonly folder: string;
  readonly sink: ProductSink;
  readonly ports: UnitPorts;
  readonly identity: Pick<EngineIdentity, 'software'>;
  readonly meta: FrameMetaOptions;
  readonly memory: UnitMemory;
  readonly isFinal: boolean;
  readonly isThorough: boolean;
  /** Redshifts on the page over all filters. */
  readonly photoZ: boolean;
  /** When the newest frame's file was closed [ms since 1970 UTC]; null offline. */
  readonly closedMs: number | null;
  onProgress?(row: UnitRow): void;
}

/**
 * Works on the units of one folder: the newest night's products go into the folder itself, those of earlier nights into
 * `epochs/<night>`, where they are made once and then serve as templates. Returns a row for each unit that was worked on.
 */
export async function runUnitFolder(run: UnitFolderRun): Promise<UnitRow[]> {
  const { config, folder, ports, memory } = run;
  const at = (name: string): string => join(run.sourceDir, name);
  const { units, unreadable } = await readUnits(
    {
      name: folder,
      list: (sub) =>
        readdir(at(sub)).then(
          (names) => names.sort(),
          () => [],
        ),
      read: async (name) => bytesOf(await readFile(at(name))),
    },
    { meta: run.meta, compute: ports.compute, known: memory.frames },
  );
  for (const { path, error } of unreadable) {
    ports.log.log('WARNING', run.pipeline, `${folder}/${path} is left out: ${(error as Error).message}`, { unit: folder });
  }
  const rows: UnitRow[] = [];
  for (const [index, unit] of units.entries()) {
    const isNewest = index === units.length - 1;
    const epoch = isNewest ? '' : `epochs/${unit.nightId}`;
    const place = isNewest ? folder : `${folder}/${epoch}`;
    const last = config.unitModules.at(-1)?.module.name ?? '';
    if (!isNewest && (await isMade(join(run.sink.root, place), last, unit))) continue;
    rows.push(await runUnit(run, unit, epoch));
  }
  const newest = units.at(-1);
  const event = newest && (await writeEventPage(run.sink, newest, { photoZ: run.photoZ }));
  return rows.map((row) => ({ ...row, event: row.folder === folder ? (event ?? null) : null }));
}

/** `epoch`: below the unit's folder, empty for the newest night. */
async function runUnit(run: UnitFolderRun, unit: Unit, epoch: string): Promise<UnitRow> {
  const { ports, config } = run;
  const isNewest = epoch === '';
  const place = isNewest ? run.folder : `${run.folder}/${epoch}`;
  const sinceClosed = (): number | null =>
    run.closedMs === null || !isNewest ? null : Math.max(0, Math.round(ports.clock.now() - run.closedMs) / 1000);
  const isFinal = run.isFinal || !isNewest;
  const read = async (name: string): Promise<Uint8Array | null> =>
    (await readProduct(join(run.sink.root, place, name))) ?? (await readProduct(join(run.sourceDir, epoch, name)));
  const row = (state: UnitRow['state'], result: Partial<UnitResult>, cells: readonly ModuleCell[]): UnitRow => {
    const error = result.failure?.error;
    return {
      key: `${run.pipeline}/${place}`,
      pipeline: run.pipeline,
      folder: place,
      nightId: unit.nightId,
      target: unit.target,
      camera: unit.camera,
      filter: unit.filter,
      isAlert: unit.frames.some(({ meta }) => meta.isAlert),
      triggeredAt: unit.triggeredAt,
      firstObservedAt: unit.frames[0]!.meta.observedAt,
      lastObservedAt: unit.frames.at(-1)!.meta.observedAt,
      updatedAt: isoUtc(ports.clock.now()),
      state,
      cells: [...cells],
      failure: error
        ? { code: error.code, message: error.message, hint: error.hint, module: result.failure!.module, quarantinePath: null }
        : null,
      warnings: [...(result.warnings ?? [])],
      metrics: result.metrics ?? noUnitMetrics,
      products: [...(result.products ?? [])],
      event: null,
      latencySec: sinceClosed(),
    };
  };
  const result = await processUnit(
    {
      pipeline: run.pipeline,
      config,
      unit,
      folder: place,
      read,
      kept: run.memory.kept,
      isFinal,
      isThorough: run.isThorough,
      latencySec: sinceClosed(),
    },
    ports,
    run.sink,
    run.identity,
    { onProgress: (cells) => run.onProgress?.(row('working', {}, cells)) },
  );
  return row(result.failure ? 'failed' : isFinal ? 'final' : 'live', result, result.cells);
}

/** The same bytes, not a copy. */
const bytesOf = ({ buffer, byteOffset, byteLength }: Buffer): Uint8Array => new Uint8Array(buffer, byteOffset, byteLength);

/** Whether the last module has already worked on just these frames. */
async function isMade(folder: string, lastModule: string, unit: Unit): Promise<boolean> {
  const bytes = await readProduct(join(folder, 'provenance', `${lastModule}.json`));
  if (!bytes) return false;
  const { inputs } = JSON.parse(new TextDecoder().decode(bytes)) as ModuleRecord;
  const frames = inputs.filter(({ role }) => role === 'frame').map(({ sha256 }) => sha256);
  return frames.length === unit.frames.length && unit.frames.every(({ sha256 }) => frames.includes(sha256));
}

const readProduct = (path: string): Promise<Uint8Array | null> =>
  readFile(path).then(bytesOf, (error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
