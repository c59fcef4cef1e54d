import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { folderSink } from '@colibri/adapters/filesystem';
import { asObservatoryError, type Log, systemClock } from '@colibri/base';
import {
  type CalibrationRaw,
  type FrameMetaOptions,
  type PipelineConfig,
  type ProductSink,
  readPipelineConfig,
  type Sequence,
} from '@colibri/pipeline';
import { runUnitFolder, unitMemories } from '../units/run-unit-folder.ts';
import { identity, openWorld } from '../world/engine-world.ts';
import { configFolder } from '../world/load-config.ts';
import type { FromWorker, ToWorker, WorkerSetup } from './protocol.ts';
import { plainError, raisedError, runTask, type TaskWorld } from './task.ts';

/** The thread in which frames are worked on: one after another, as they are sent. */
async function serve(port: NonNullable<typeof parentPort>, setup: WorkerSetup): Promise<void> {
  const say = (message: FromWorker): void => port.postMessage(message);
  const log: Log = {
    log: (level, component, message, fields = {}) => say({ kind: 'log', level, component, message, fields: cloneable(fields) }),
  };
  const asked = new Map<number, { resolve(found: CalibrationRaw[]): void; reject(error: unknown): void }>();
  let lastId = 0;
  const meta = (): FrameMetaOptions => ({
    nowMs: systemClock.now() + setup.clockOffsetMs,
    longitudeEastDeg: setup.longitudeEastDeg,
    alertRules: setup.alertRules,
  });
  const { ports, templatesOf, minorPlanets, close } = await openWorld({
    log,
    threads: setup.threads,
    mastersDir: setup.mastersDir,
    catalogDir: setup.catalogDir,
    services: setup.services,
    meta,
    calibrations: (key) =>
      new Promise((resolve, reject) => {
        const id = ++lastId;
        asked.set(id, { resolve, reject });
        say({ kind: 'ask', id, key });
      }),
  });
  const { standard } = (await import(setup.sequences)) as { standard: Sequence };
  const pipelines = new Map<string, { config: PipelineConfig; sink: ProductSink }>();
  for (const { name, folder, workspaceDir } of setup.pipelines) {
    const { config } = await readPipelineConfig(standard, configFolder(folder));
    pipelines.set(name, { config, sink: folderSink(workspaceDir) });
  }
  const world: TaskWorld = {
    ports,
    meta,
    identity: identity(({ pipeline, work }) => {
      const folder = setup.pipelines.find(({ name }) => name === pipeline)?.folder.path ?? '';
      return `pipeline -c ${quoted(folder)} -s ${quoted(work.meta.sourcePath)} -r <new folder>`;
    }),
    pipeline: (name) => pipelines.get(name)!,
  };

  const remembered = unitMemories();
  port.on('message', (message: ToWorker) => {
    if (message.kind === 'calibrations') {
      const waiting = asked.get(message.id);
      asked.delete(message.id);
      if (message.found) waiting?.resolve([...message.found]);
      else waiting?.reject(raisedError(message.error!));
    } else if (message.kind === 'stop') {
      void close().finally(() => process.exit(0));
    } else if (message.kind === 'unit') {
      const { config, sink } = pipelines.get(message.task.pipeline)!;
      runUnitFolder({
        ...message.task,
        config,
        sink,
        sourceDir: join(sink.root, message.task.folder),
        ports: { ...ports, templates: templatesOf(sink.root), minorPlanets },
        identity: world.identity,
        meta: meta(),
        memory: remembered(message.task.key),
        photoZ: setup.services.photoZ,
        onProgress: (row) => say({ kind: 'unitProgress', row }),
      }).then(
        (rows) => say({ kind: 'unitDone', rows }),
        (error: unknown) => say({ kind: 'broken', error: plainError(asObservatoryError(error, `Unit ${message.task.key}`)) }),
      );
    } else {
      runTask(message.task, world, {
        onProgress: (cells, state) => say({ kind: 'progress', cells, state }),
        onMeasured: (measured) => say({ kind: 'measured', measured }),
      }).then(
        (result) => say({ kind: 'done', result }),
        (error: unknown) => say({ kind: 'broken', error: plainError(asObservatoryError(error, `Frame ${message.task.key}`)) }),
      );
    }
  });
  say({ kind: 'ready' });
}

/** Fields of a log line that can cross to another thread. */
const cloneable = (fields: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  JSON.parse(JSON.stringify(fields)) as Record<string, unknown>;
const quoted = (path: string): string => (/^[\w./@+-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`);

if (parentPort) await serve(parentPort, workerData as WorkerSetup);
