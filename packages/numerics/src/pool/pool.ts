import { computeClosed, computeWorkerFailed } from '../errors.ts';
import {
  doNextRange,
  type Job,
  type Kernels,
  type LeftMessage,
  type RangeResults,
  type TaskRunner,
  type WorkMessage,
} from './job.ts';

/** A thread, as far as the pool is concerned. */
export interface PoolWorker {
  post(message: WorkMessage): void;
  /** Calls back with each answer, and with an error when the thread dies. */
  listen(onLeft: (message: LeftMessage) => void, onDeath: (error: unknown) => void): void;
  /** Keeps the process alive while it works, lets it end while it waits. */
  hold(on: boolean): void;
  end(): Promise<void>;
}

/** How long the calling thread works before it lets the event loop turn [ms]. */
const TURN_MS = 8;

/**
 * Does one job after the other, each with all threads. The calling thread works too, in turns. A job ends when every thread has said
 * that it left it: counting finished ranges instead would let a late thread take a range of the next job with the old function.
 */
export class Pool {
  readonly #kernels: Kernels;
  readonly #counter: Int32Array;
  #workers: PoolWorker[];
  #queue: Promise<unknown> = Promise.resolve();
  #id = 0;
  #closed = false;
  #awaited: { id: number; left: number; results: RangeResults; error: unknown; done: () => void } | null = null;
  readonly #turn: () => Promise<void>;
  readonly #runTask: TaskRunner;

  constructor(kernels: Kernels, counter: Int32Array, workers: PoolWorker[], turn: () => Promise<void>, runTask: TaskRunner) {
    this.#kernels = kernels;
    this.#counter = counter;
    this.#workers = workers;
    this.#turn = turn;
    this.#runTask = runTask;
    for (const worker of workers) {
      worker.listen(
        (message) => this.#left(message),
        (error) => this.#died(worker, error),
      );
    }
  }

  get threads(): number {
    return this.#workers.length + 1;
  }

  /** What the ranges returned, in order. */
  run(job: Job): Promise<unknown[]> {
    if (this.#closed) return Promise.reject(computeClosed({}));
    const result = this.#queue.then(() => this.#do(job));
    this.#queue = result.catch(() => undefined);
    return result;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#queue;
    const workers = this.#workers;
    this.#workers = [];
    await Promise.all(workers.map((worker) => worker.end()));
  }

  async #do(job: Job): Promise<unknown[]> {
    const id = ++this.#id;
    const ranges = Math.ceil(job.count / job.chunk);
    const helpers = this.#workers.slice(0, Math.max(0, ranges - 1));
    Atomics.store(this.#counter, 0, 0);
    const results: RangeResults = [];
    let failure: unknown;
    const others = this.#ask(helpers, { id, counter: this.#counter.byteOffset, job });
    try {
      let began = performance.now();
      for (;;) {
        const result = doNextRange(job, this.#counter, 0, this.#kernels, this.#runTask);
        if (result === null) break;
        results.push(result);
        if (performance.now() - began > TURN_MS) {
          await this.#turn();
          began = performance.now();
        }
      }
    } catch (error) {
      failure = error;
      Atomics.store(this.#counter, 0, ranges); // nobody need go on
    }
    const { results: more, error } = await others;
    if (failure !== undefined) throw failure;
    if (error !== undefined) throw error;
    const ordered: unknown[] = new Array(ranges);
    for (const [range, value] of [...results, ...more]) ordered[range] = value;
    return ordered;
  }

  /** Hands the job to the helpers; resolves when each has left it. */
  #ask(helpers: readonly PoolWorker[], message: WorkMessage): Promise<{ results: RangeResults; error: unknown }> {
    if (helpers.length === 0) return Promise.resolve({ results: [], error: undefined });
    return new Promise((resolve) => {
      const state = {
        id: message.id,
        left: helpers.length,
        results: [] as RangeResults,
        error: undefined as unknown,
        done: () => {},
      };
      state.done = () => {
        this.#awaited = null;
        for (const worker of helpers) worker.hold(false);
        resolve(state);
      };
      this.#awaited = state;
      for (const worker of helpers) {
        worker.hold(true);
        try {
          worker.post(message);
        } catch (error) {
          state.error = error; // arguments that cannot be cloned
          if (--state.left === 0) state.done();
        }
      }
    });
  }

  #left(message: LeftMessage): void {
    const state = this.#awaited;
    if (state === null || message.id !== state.id) return;
    if ('error' in message) state.error ??= computeWorkerFailed({ what: message.error });
    else state.results.push(...message.results);
    if (--state.left === 0) state.done();
  }

  /** A dead thread is not replaced: the job in hand fails, later ones go on with the others. */
  #died(worker: PoolWorker, error: unknown): void {
    if (!this.#workers.includes(worker)) return;
    this.#workers = this.#workers.filter((w) => w !== worker);
    const state = this.#awaited;
    if (state === null) return;
    state.error ??= computeWorkerFailed({ what: error instanceof Error ? error.message : String(error) }, error);
    Atomics.store(this.#counter, 0, 2 ** 30);
    if (--state.left === 0) state.done();
  }
}
