import { type Facts, ObservatoryError, type Retry } from '@colibri/base';
import type { FrameMetrics, FrameProducts, ModuleCell } from '@colibri/contracts';
import {
  type EngineIdentity,
  type EnginePorts,
  type FrameEvents,
  type FrameMetaOptions,
  type PipelineConfig,
  type ProductSink,
  processFrame,
  rawWork,
  readRawFrame,
} from '@colibri/pipeline';
import { inputVanished } from '../errors.ts';
import { readInput } from './read-input.ts';

/** One frame for one pipeline: plain data, so that it can be sent to a worker. */
export interface FrameTask {
  /** Of the ledger's row. */
  readonly key: string;
  readonly pipeline: string;
  readonly path: string;
  readonly sha256: string;
  readonly revision: number;
  readonly isAlert: boolean;
}

/** A declared error as plain data. */
export interface PlainError {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly retry: Retry;
  readonly facts: Facts;
}

export const plainError = ({ code, message, hint, retry, facts }: ObservatoryError): PlainError => ({
  code,
  message,
  hint,
  retry,
  facts,
});
export const raisedError = (plain: PlainError): ObservatoryError => new ObservatoryError(plain);

/** What a worker says of a finished task. */
export interface TaskResult {
  readonly cells: readonly ModuleCell[];
  readonly metrics: FrameMetrics | null;
  readonly warnings: readonly string[];
  readonly products: FrameProducts;
  readonly timingsSec: Readonly<Record<string, number>>;
  readonly failure: { readonly error: PlainError; readonly module: string | null } | null;
}

export interface TaskWorld {
  readonly ports: EnginePorts;
  readonly identity: EngineIdentity;
  readonly meta: () => FrameMetaOptions;
  pipeline(name: string): { readonly config: PipelineConfig; readonly sink: ProductSink };
}

/** Reads, processes and commits one frame. Faults of the frame are in the result; a throw is a fault of ours. */
export async function runTask(task: FrameTask, world: TaskWorld, events: FrameEvents): Promise<TaskResult> {
  const { ports } = world;
  const { config, sink } = world.pipeline(task.pipeline);
  const began = ports.clock.monotonic();
  try {
    const input = await readInput(task.path, ports.compute).catch((cause: NodeJS.ErrnoException) => {
      throw cause.code === 'ENOENT' ? inputVanished({ path: task.path }, cause) : cause;
    });
    const { raw, warnings } = await readRawFrame(input.bytes, task.path, task.sha256, world.meta(), ports.compute).finally(
      input.free,
    );
    const readSec = Math.round(ports.clock.monotonic() - began) / 1000;
    const inputs = [{ role: 'raw', name: raw.meta.frameId, sha256: task.sha256 }];
    const job = { pipeline: task.pipeline, revision: task.revision, config, work: rawWork(raw), inputs, warnings, readSec };
    const result = await processFrame(job, ports, sink, world.identity, events);
    const failure = result.failure && { error: plainError(result.failure.error), module: result.failure.module };
    return { ...result, failure };
  } catch (error) {
    if (!(error instanceof ObservatoryError)) throw error;
    const products = { reduced: null, catalog: null, summary: null };
    return {
      cells: config.cells,
      metrics: null,
      warnings: [],
      products,
      timingsSec: {},
      failure: { error: plainError(error), module: null },
    };
  }
}
