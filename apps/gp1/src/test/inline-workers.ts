import { join } from 'node:path';
import { folderSink } from '@colibri/adapters/filesystem';
import { silentLog, systemClock } from '@colibri/base';
import { scalarCompute } from '@colibri/numerics';
import {
  type EnginePorts,
  type FrameEvents,
  type Master,
  type MasterKey,
  type ProductSink,
  siteLongitudeEastDeg,
} from '@colibri/pipeline';
import { workerDied } from '../errors.ts';
import type { FrameWorkers } from '../online/frame-workers.ts';
import { type FrameTask, runTask, type TaskResult } from '../online/task.ts';
import { runUnitFolder, unitMemories } from '../units/run-unit-folder.ts';
import { dataArea, identity } from '../world/engine-world.ts';
import type { LoadedPipeline } from '../world/load-config.ts';

export interface InlineOptions {
  readonly pipelines: readonly LoadedPipeline[];
  readonly size?: number;
  masters?(key: MasterKey): Promise<Master | null>;
  sink?(pipeline: LoadedPipeline): ProductSink;
  /** Called before each task; a throw is the worker's death. */
  before?(task: FrameTask): Promise<void> | void;
}

/** Workers in this thread, for tests of what is around them. `order` is the order in which tasks came. */
export function inlineWorkers(options: InlineOptions): FrameWorkers & { readonly order: string[] } {
  const { size = 1 } = options;
  const order: string[] = [];
  let busy = 0;
  let isClosed = false;
  const remembered = unitMemories();
  const ports: EnginePorts = {
    compute: scalarCompute(),
    log: silentLog,
    clock: systemClock,
    masters: { master: (key) => (options.masters ? options.masters(key) : Promise.resolve(flat(key))) },
    masterAt: async (_path, key) => flat(key),
    catalogAt: async () => null,
    dataArea,
  };
  const run = async (task: FrameTask, events: FrameEvents): Promise<TaskResult> => {
    order.push(task.key);
    busy++;
    try {
      await options.before?.(task);
      return await runTask(
        task,
        {
          ports,
          identity: identity(({ work }) => `pipeline -s ${work.meta.sourcePath}`),
          meta: () => ({ nowMs: Date.now(), longitudeEastDeg: siteLongitudeEastDeg, alertRules: ['trigger', 'project'] }),
          pipeline(name) {
            const pipeline = options.pipelines.find((candidate) => candidate.name === name)!;
            return { config: pipeline.config, sink: options.sink?.(pipeline) ?? folderSink(pipeline.workspaceDir) };
          },
        },
        events,
      );
    } finally {
      busy--;
      if (isClosed) await new Promise(() => {}); // a thread that was ended says nothing
    }
  };
  return {
    order,
    size,
    idle: () => size - busy,
    run,
    async runUnits(task, onProgress) {
      order.push(task.key);
      busy++;
      try {
        const pipeline = options.pipelines.find((candidate) => candidate.name === task.pipeline)!;
        return await runUnitFolder({
          ...task,
          config: pipeline.config,
          sink: options.sink?.(pipeline) ?? folderSink(pipeline.workspaceDir),
          sourceDir: join(pipeline.workspaceDir, task.folder),
          ports: { ...ports, templates: null, minorPlanets: null },
          identity: identity(() => ''),
          meta: { nowMs: Date.now(), longitudeEastDeg: siteLongitudeEastDeg, alertRules: ['trigger', 'project'] },
          memory: remembered(task.key),
          photoZ: false,
          onProgress,
        });
      } finally {
        busy--;
      }
    },
    async close() {
      isClosed = true;
    },
  };
}

export const died = (task: FrameTask): Error => workerDied({ frame: task.key, what: 'ended with code 7', deaths: 1 });

const flat = (key: MasterKey): Master => ({
  key,
  name: `${key.type}_test`,
  sha256: null,
  nightId: '2025-12-31',
  width: key.width,
  height: key.height,
  data: new Float32Array(key.width * key.height).fill(300),
  variance: null,
  mask: null,
  inputs: [],
  note: null,
});
