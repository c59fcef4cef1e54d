import { AsyncLocalStorage } from 'node:async_hooks';
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import type { Compute } from '../compute.ts';
import { computeKernelsMissing } from '../errors.ts';
import type { Scope } from '../memory/scopes.ts';
import type { WorkerInit } from '../pool/job.ts';
import { Pool, type PoolWorker } from '../pool/pool.ts';
import { instantiateKernels } from '../pool/serve.ts';
import { taskRunner } from '../pool/tasks.ts';
import { wasmCompute } from '../wasm/wasm-compute.ts';
import { loadTasks } from './load-tasks.ts';
import { startWorker } from './start-worker.ts';

export interface OpenComputeOptions {
  /** Threads that work, the calling one included; default: one per core. */
  readonly threads?: number;
  /** Size of the shared memory [MiB], up to 4096; only what is used takes room. Default 2048. */
  readonly megabytes?: number;
  /** Fills freed arrays with NaN, so that a use after free shows: for tests. */
  readonly poison?: boolean;
  /** URLs of modules whose export `tasks` the threads run too (`Compute.runBrought`). */
  readonly tasks?: readonly string[];
}

/** Size of a WebAssembly page [byte]. */
const PAGE = 65536;
/** Bytes at the start of the memory that belong to the pool. */
const RESERVED = 4096;

/** Where the compiled functions lie: beside the build, also for those who run from the sources. */
export const kernelsPath: string = fileURLToPath(new URL('../../dist/kernels.wasm', import.meta.url));

/**
 * Opens the fast implementation of `Compute`: SIMD functions over one shared memory and a pool of threads. One per process is enough.
 * Throws COMPUTE_KERNELS_MISSING before `npm run build` (see `scalarCompute` for the slow stand-in).
 */
export async function openCompute(options: OpenComputeOptions = {}): Promise<Compute> {
  const { threads = availableParallelism(), megabytes = 2048, poison = false, tasks = [] } = options;
  if (!existsSync(kernelsPath)) throw computeKernelsMissing({ path: kernelsPath });
  // V8's baseline compiler is three times slower and cannot be left inside a call: compile optimised code at once (10 ms).
  for (const flag of ['--no-liftoff', '--no-wasm-tier-up', '--no-wasm-lazy-compilation']) setFlagsFromString(flag);
  const pages = Math.min(Math.ceil((megabytes * 1024 * 1024) / PAGE), PAGE);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const module = new WebAssembly.Module(new Uint8Array(readFileSync(kernelsPath)));
  const brought = await loadTasks(tasks);
  const workers = await startWorkers({ memory, module, tasks }, threads - 1);
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const counter = new Int32Array(memory.buffer, 0, 1);
  const pool = new Pool(instantiateKernels(module, memory), counter, workers, turn, taskRunner(brought));
  const scopeStore = new AsyncLocalStorage<Scope>();
  return wasmCompute({ memory, pool, reservedBytes: RESERVED, scopeStore, poison, brought });
}

/** From the sources, without the means to start a thread there, the calling thread works alone. */
async function startWorkers(init: Omit<WorkerInit, 'thread'>, count: number): Promise<PoolWorker[]> {
  const starts = Array.from({ length: Math.max(0, count) }, (_, i) => startWorker({ ...init, thread: i + 1 }));
  const started = await Promise.allSettled(starts);
  const workers = started.flatMap((s) => (s.status === 'fulfilled' ? [s.value] : []));
  const failed = started.find((s) => s.status === 'rejected');
  if (failed !== undefined && !import.meta.url.endsWith('.ts')) throw failed.reason;
  return workers;
}
