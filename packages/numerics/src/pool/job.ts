/**
 * One piece of work cut into ranges that any thread may take. A kernel is a function of the .wasm called with
 * `(...args, scratch, from, to)`; a task one of `tasks.ts` called with `(args, from, to)`.
 */
export type Job = KernelJob | TaskJob;

interface Ranges {
  /** Rows, pixels or objects in all, and how many of them make a range. */
  readonly count: number;
  readonly chunk: number;
}

export interface KernelJob extends Ranges {
  readonly kind: 'kernel';
  readonly name: string;
  readonly args: readonly number[];
  /** Byte offset of the first thread's work space; thread t has `scratch + t · scratchBytes`. */
  readonly scratch: number;
  readonly scratchBytes: number;
}

export interface TaskJob extends Ranges {
  readonly kind: 'task';
  readonly name: string;
  readonly args: unknown;
}

/** Results of the ranges a thread did: [number of the range, what it returned]. */
export type RangeResults = [number, unknown][];

export type Kernels = Readonly<Record<string, (...args: number[]) => number | undefined>>;

/**
 * Takes the next range of the job and does it; null when none is left. `next` is a counter shared by all threads.
 *
 * @param thread - 0 is the calling thread
 */
export function doNextRange(
  job: Job,
  next: Int32Array,
  thread: number,
  kernels: Kernels,
  runTask: TaskRunner,
): RangeResults[0] | null {
  const range = Atomics.add(next, 0, 1);
  const from = range * job.chunk;
  if (from >= job.count) return null;
  const to = Math.min(from + job.chunk, job.count);
  if (job.kind === 'task') return [range, runTask(job.name, job.args, from, to)];
  return [range, kernels[job.name]!(...job.args, job.scratch + thread * job.scratchBytes, from, to)];
}

export type TaskRunner = (name: string, args: unknown, from: number, to: number) => unknown;

/** What the pool says to a worker, and the worker to the pool. */
export interface WorkMessage {
  readonly id: number;
  /** Byte offset of the job's range counter. */
  readonly counter: number;
  readonly job: Job;
}

/** A worker has *left* the job: it will take no other range of it. */
export type LeftMessage =
  | { readonly id: number; readonly results: RangeResults }
  | { readonly id: number; readonly error: string };

export interface WorkerInit {
  readonly memory: WebAssembly.Memory;
  readonly module: WebAssembly.Module;
  readonly thread: number;
  /** URLs of modules that bring more tasks: each exports `tasks`. */
  readonly tasks: readonly string[];
}
