import type { Compute } from '../compute.ts';
import { Arena } from '../memory/arena.ts';
import { type Scope, type ScopeStore, Scopes } from '../memory/scopes.ts';
import type { KernelJob } from '../pool/job.ts';
import type { Pool } from '../pool/pool.ts';
import { type BroughtTasks, TASK_CHUNK, type TaskName, type TaskResult } from '../pool/tasks.ts';
import { wasmBackground } from './background.ts';
import { wasmCalibrate } from './calibrate.ts';
import { wasmCombine } from './combine.ts';
import { wasmConvolve } from './convolve.ts';
import { wasmCosmic } from './cosmic.ts';
import { Lease } from './lease.ts';
import { wasmPixels } from './pixels.ts';
import { wasmResample } from './resample.ts';
import { wasmRice } from './rice.ts';
import { wasmStack } from './stack.ts';
import { wasmStreaks } from './streaks.ts';
import { wasmSubtract } from './subtract.ts';

export interface WasmComputeParts {
  readonly memory: WebAssembly.Memory;
  readonly pool: Pool;
  /** Bytes at the start of the memory that are not to be handed out. */
  readonly reservedBytes: number;
  readonly scopeStore: ScopeStore<Scope>;
  readonly poison: boolean;
  readonly brought: BroughtTasks;
}

/** What the functions of this folder work with. */
export interface Runtime {
  readonly memory: WebAssembly.Memory;
  /** Lends arrays to `body`, and takes them back when it is done. */
  lend<T>(body: (lease: Lease) => Promise<T>): Promise<T>;
  /** Calls a kernel for all ranges; scratch bytes are per thread. */
  kernel(lease: Lease, job: KernelCall): Promise<unknown[]>;
  readonly pool: Pool;
}

export type KernelCall = Pick<KernelJob, 'name' | 'args' | 'count' | 'chunk'> & { readonly scratchBytes: number };

/** Rows that one thread does at a time: three planes of a 4096-pixel wide band fit the second-level cache, and time slices stay short. */
export const BAND = 64;

/** `Compute` over the compiled kernels. */
export function wasmCompute({ memory, pool, reservedBytes, scopeStore, poison, brought }: WasmComputeParts): Compute {
  const { buffer } = memory;
  const arena = new Arena(reservedBytes, buffer.byteLength);
  const release = (block: number): void => {
    if (poison) new Uint8Array(buffer, block, arena.sizeOf(block)).fill(255);
    arena.release(block);
  };
  const scopes = new Scopes(scopeStore, release);
  const allocate = (bytes: number): number => {
    const block = arena.allocate(bytes);
    scopes.add(block);
    return block;
  };
  const runtime: Runtime = {
    memory,
    pool,
    lend: async (body) => {
      const lease = new Lease(buffer, arena);
      let done = false;
      try {
        const result = await body(lease);
        done = true;
        return result;
      } finally {
        lease.finish(done);
      }
    },
    kernel: (lease, { scratchBytes, ...call }) => {
      const perThread = Math.ceil((scratchBytes + 256) / 64) * 64;
      const scratch = lease.scratch(perThread * pool.threads);
      return pool.run({ kind: 'kernel', ...call, scratch, scratchBytes: perThread });
    },
  };
  return {
    kind: 'wasm',
    threads: pool.threads,
    float32: (length) => new Float32Array(buffer, allocate(4 * length), length),
    float64: (length) => new Float64Array(buffer, allocate(8 * length), length),
    int32: (length) => new Int32Array(buffer, allocate(4 * length), length),
    uint16: (length) => new Uint16Array(buffer, allocate(2 * length), length),
    uint8: (length) => new Uint8Array(buffer, allocate(length), length),
    scope: (body) =>
      scopes.run((keepBlock) =>
        body((array) => {
          keepBlock(array.byteOffset);
          return array;
        }),
      ),
    free: (array) => {
      if (array.buffer === buffer && arena.sizeOf(array.byteOffset) !== undefined) scopes.forget(array.byteOffset);
      else if (array.buffer !== buffer) return;
      release(array.byteOffset);
    },
    usedBytes: () => arena.usedBytes,
    ...wasmBackground(runtime),
    ...wasmCalibrate(runtime),
    ...wasmCombine(runtime),
    ...wasmConvolve(runtime),
    ...wasmCosmic(runtime),
    ...wasmPixels(runtime),
    ...wasmResample(runtime),
    ...wasmRice(runtime),
    ...wasmStack(runtime),
    ...wasmStreaks(runtime),
    ...wasmSubtract(runtime),
    runTask: async <N extends TaskName>(name: N, args: unknown, count: number, { chunk = TASK_CHUNK } = {}) =>
      (await pool.run({ kind: 'task', name, args, count, chunk })) as TaskResult<N>[],
    runBrought: async <R>(name: string, args: unknown, count: number, { chunk = TASK_CHUNK } = {}) =>
      (await pool.run({ kind: 'task', name, args, count, chunk })) as R[],
    hasBrought: (name) => Object.hasOwn(brought, name),
    close: () => pool.close(),
  };
}
