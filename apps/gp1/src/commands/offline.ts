import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { folderQuarantine, folderSink, removeParts } from '@colibri/adapters/filesystem';
import { openMemoryLedger } from '@colibri/adapters/memory';
import { asObservatoryError, isoUtc, systemClock } from '@colibri/base';
import { frameSummary } from '@colibri/contracts';
import {
  type AnyModule,
  type CalibrationRaw,
  decodeCatalog,
  decodeCatalogHeader,
  decodeReduced,
  type EngineIdentity,
  type FrameJob,
  type FrameMetaOptions,
  type FrameWork,
  frameIdOf,
  type InputSpec,
  type Ledger,
  masterKeyFor,
  type PipelineConfig,
  type ProductSink,
  pipelineErrors,
  processFrame,
  productPaths,
  rawWork,
  readFrameHead,
  readRawFrame,
  siteLongitudeEastDeg,
} from '@colibri/pipeline';
import type { ClosableLog } from '../console-log.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { isCalibration } from '../online/route.ts';
import { runUnitFolder } from '../units/run-unit-folder.ts';
import { dataArea, identity, openWorld, type World } from '../world/engine-world.ts';
import { software } from '../world/software.ts';
import type { InputKind } from './inputs.ts';

export interface OfflineRun {
  /** For the log and the summaries. */
  readonly name: string;
  readonly config: PipelineConfig;
  readonly files: readonly string[];
  readonly kind: InputKind;
  readonly output: string;
  readonly mastersDir: string | null;
  readonly catalogDir: string | null;
  /** Guess what a foreign header does not say. */
  readonly isLenient: boolean;
  readonly replay: (path: string) => string;
  readonly log: ClosableLog;
  /** Settles when the process shall end: the frame at work is finished first. */
  readonly ended?: Promise<string>;
}

/** Works through a list of files, one frame after another, then ends. A frame that fails never stops the others. */
export async function runOffline(run: OfflineRun): Promise<ExitCode> {
  const { config, log, output } = run;
  for (const sentence of config.sentences) log.log('INFO', run.name, sentence);
  for (const sentence of config.warnings) log.log('WARNING', run.name, sentence);
  await mkdir(output, { recursive: true });
  await removeParts(output);
  const ledger = openMemoryLedger();
  const meta = (): FrameMetaOptions => ({
    nowMs: systemClock.now(),
    longitudeEastDeg: siteLongitudeEastDeg,
    alertRules: ['trigger', 'project'],
    lenient: run.isLenient,
  });
  const world = await openWorld({
    log,
    threads: availableParallelism(),
    mastersDir: run.mastersDir ?? join(output, 'masters'),
    catalogDir: run.catalogDir,
    calibrations: (key) => ledger.calibrations(key),
    meta,
  });
  const sink = folderSink(output);
  const quarantine = folderQuarantine(join(output, 'quarantine'));
  const who = identity(({ work }) => run.replay(work.meta.sourcePath));
  let isEnding = false;
  void run.ended?.then(() => {
    isEnding = true;
  });
  const counts = { done: 0, failed: 0, unitsDone: 0 };
  const touched = new Set<string>();
  try {
    const files = run.kind === 'raw' ? await recordCalibrations(run.files, ledger, meta, run) : run.files;
    for (const path of files) {
      if (isEnding) break;
      const began = performance.now();
      const frameId = frameIdOf(path);
      try {
        const job = await newVersion(await readJob(path, run, meta()), output, log);
        const result = await processFrame(job, world.ports, sink, who);
        if (result.failure) throw Object.assign(result.failure.error, { module: result.failure.module });
        counts.done++;
        const folder = result.products.reduced?.split('/').slice(0, -2).join('/');
        if (folder) touched.add(folder);
        const to = result.products.catalog ?? result.products.reduced ?? '';
        log.log('INFO', run.name, `${frameId} done in ${((performance.now() - began) / 1000).toFixed(2)} s: ${to}`, {
          frameId,
          timingsSec: result.timingsSec,
        });
      } catch (thrown) {
        counts.failed++;
        const error = asObservatoryError(thrown, `Frame ${frameId}`);
        const module = (thrown as { module?: string | null }).module ?? null;
        log.log('ERROR', run.name, `${frameId} failed: ${error.message}. ${error.hint}`, { frameId, module, code: error.code });
        const sha256 = await readFile(path).then(digest, () => null);
        const note = {
          error,
          module,
          frameId,
          key: null,
          sourcePath: path,
          sha256,
          attempts: 1,
          quarantinedAt: isoUtc(systemClock.now()),
        };
        await quarantine
          .keep({ ...note, software: `${software.name} ${software.version}`, replay: run.replay(path) })
          .catch((cause: unknown) =>
            log.log('ERROR', run.name, `${frameId} could not be copied to quarantine: ${(cause as Error).message}`),
          );
      }
    }
    if (config.unitModules.length > 0 && !isEnding) {
      for (const folder of [...touched].sort()) {
        const found = await runUnits({ run, world, folder, sourceDir: join(output, folder), meta: meta(), identity: who, sink });
        counts.unitsDone += found.done;
        counts.failed += found.failed;
      }
    }
  } finally {
    await world.close();
  }
  const units = counts.unitsDone > 0 ? `, ${counts.unitsDone} units` : '';
  log.log('INFO', run.name, `${counts.done} done${units}, ${counts.failed} failed.`);
  return counts.failed > 0 ? exitCodes.someFailed : exitCodes.done;
}

/** The workspace around the folder of a unit; the folder itself where it does not lie as one. */
const workspaceOf = (sourceDir: string, folder: string): string =>
  sourceDir.endsWith(`/${folder}`) ? sourceDir.slice(0, -folder.length - 1) : sourceDir;

/** The units of one folder, with a line in the log for each. */
export async function runUnits({
  run,
  world,
  folder,
  sourceDir,
  meta,
  identity: who,
  sink,
}: {
  run: Pick<OfflineRun, 'name' | 'config' | 'log'>;
  world: World;
  folder: string;
  sourceDir: string;
  meta: FrameMetaOptions;
  identity: Pick<EngineIdentity, 'software'>;
  sink: ProductSink;
}): Promise<{ done: number; failed: number }> {
  const began = performance.now();
  const rows = await runUnitFolder({
    pipeline: run.name,
    config: run.config,
    sourceDir,
    folder,
    sink,
    // Templates lie where the frames do, wherever the products go.
    ports: { ...world.ports, templates: world.templatesOf(workspaceOf(sourceDir, folder)), minorPlanets: world.minorPlanets },
    identity: who,
    meta,
    memory: { frames: new Map(), kept: new Map() },
    isFinal: true,
    isThorough: true,
    photoZ: false,
    closedMs: null,
  });
  for (const row of rows) {
    const { failure, metrics } = row;
    const said = failure
      ? `failed: ${failure.message} ${failure.hint}`
      : `done${metrics.stackedFrames === null ? '' : `, ${metrics.stackedFrames} frames stacked`}`;
    run.log.log(
      failure ? 'ERROR' : 'INFO',
      run.name,
      `${row.folder} ${said} (${((performance.now() - began) / 1000).toFixed(1)} s)`,
      {
        unit: row.folder,
      },
    );
  }
  return { done: rows.filter(({ failure }) => !failure).length, failed: rows.filter(({ failure }) => failure).length };
}

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Bias, dark and flat frames of the input are kept for masters; the others remain to be worked on. */
async function recordCalibrations(
  files: readonly string[],
  ledger: Ledger,
  meta: () => FrameMetaOptions,
  { log, name }: OfflineRun,
): Promise<string[]> {
  const rest: string[] = [];
  let recorded = 0;
  for (const path of files) {
    try {
      const bytes = await readFile(path);
      const head = await readFrameHead(bytes, path, digest(bytes), meta());
      if (!isCalibration(head.meta.type)) {
        rest.push(path);
        continue;
      }
      const raw = { ...head, data: new Uint16Array(0) };
      const { frameId, sha256, nightId, observedAt } = head.meta;
      const calibration: CalibrationRaw = {
        key: masterKeyFor(head.meta.type as 'bias', raw, dataArea(raw)),
        frameId,
        path,
        sha256,
        nightId,
        observedAt,
      };
      await ledger.recordCalibration(calibration);
      recorded++;
    } catch {
      rest.push(path); // fails again, with its reason, when it is worked on
    }
  }
  if (recorded > 0) log.log('INFO', name, `${recorded} calibration frames are kept for masters.`);
  return rest;
}

/** Products that another configuration made are never written over: the frame becomes its next revision. */
async function newVersion(job: FrameJob, output: string, log: ClosableLog): Promise<FrameJob> {
  if (job.work.raw === null) return job; // a step over products of this workspace
  for (let revision = 0; ; revision++) {
    const { summary } = productPaths(job.work.meta, job.work.header, job.config.folderHeaders, revision);
    const text = await readFile(join(output, summary), 'utf8').catch(() => null);
    const made = text === null ? null : frameSummary.safeParse(JSON.parse(text));
    const isOurs = made === null || (made.success && made.data.provenance.configHash === job.config.hash);
    if (!isOurs) continue;
    if (revision > 0)
      log.log(
        'INFO',
        job.pipeline,
        `${job.work.meta.frameId} was made with another configuration: this is its revision ${revision}.`,
      );
    return { ...job, revision };
  }
}

async function readJob(path: string, run: OfflineRun, meta: FrameMetaOptions): Promise<FrameJob> {
  const began = performance.now();
  const bytes = await readFile(path);
  const sha256 = digest(bytes);
  const inputs = [{ role: 'raw', name: frameIdOf(path), sha256 }];
  let work: FrameWork;
  let warnings: readonly string[];
  if (run.kind === 'raw') {
    const read = await readRawFrame(bytes, path, sha256, meta);
    work = rawWork(read.raw);
    warnings = read.warnings;
  } else {
    const read = await decodeReduced(bytes, path, sha256, meta);
    inputs[0]!.role = 'reduced';
    const { frame } = read;
    const needsSources = run.config.modules.some(({ module }) => needs(module, 'sources'));
    const catalog = needsSources ? catalogBeside(path) : null;
    if (needsSources && !catalog) {
      throw pipelineErrors.inputMissing({
        frame: frame.meta.frameId,
        module: run.name,
        what: 'a list of sources (catalogs/<frame>.cat.fits)',
      });
    }
    const table = catalog ? await readFile(catalog) : null;
    const sources = table ? await decodeCatalog(table, catalog!) : null;
    const said = table ? await decodeCatalogHeader(table, catalog!) : [];
    const header = new Map([...frame.header, ...[...said].filter(([keyword]) => !frame.header.has(keyword))]);
    work = { meta: frame.meta, header, raw: null, frame, sources, notes: null };
    warnings = read.warnings;
  }
  return {
    pipeline: run.name,
    revision: 0,
    config: run.config,
    work,
    inputs,
    warnings,
    readSec: Math.round(performance.now() - began) / 1000,
  };
}

export const needs = (module: AnyModule, kind: InputSpec['kind']): boolean =>
  Object.values(module.inputs as Record<string, InputSpec>).some((spec) => spec.kind === kind);

/** The catalogue of a reduced frame: in `catalogs/` beside `reduced/`, or beside the frame itself. */
function catalogBeside(path: string): string | null {
  const name = `${frameIdOf(path)}.cat.fits`;
  const places = [resolve(dirname(path), '..', 'catalogs', name), join(dirname(path), name)];
  return places.find((place) => basename(place) === name && existsSync(place)) ?? null;
}
