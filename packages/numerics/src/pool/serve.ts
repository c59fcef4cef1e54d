import {
  doNextRange,
  type Kernels,
  type LeftMessage,
  type RangeResults,
  type TaskRunner,
  type WorkerInit,
  type WorkMessage,
} from './job.ts';

/** The life of a worker thread: takes ranges of each job it is told of until none is left, then says so. */
export function serve(
  { memory, module, thread }: WorkerInit,
  port: { on(event: 'message', listener: (message: WorkMessage) => void): unknown; postMessage(message: LeftMessage): void },
  runTask: TaskRunner,
): void {
  const kernels = instantiateKernels(module, memory);
  port.on('message', ({ id, counter, job }) => {
    const next = new Int32Array(memory.buffer, counter, 1);
    const results: RangeResults = [];
    try {
      for (;;) {
        const result = doNextRange(job, next, thread, kernels, runTask);
        if (result === null) break;
        results.push(result);
      }
      port.postMessage({ id, results });
    } catch (error) {
      Atomics.store(next, 0, 2 ** 30); // nobody need go on
      port.postMessage({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  });
}

export function instantiateKernels(module: WebAssembly.Module, memory: WebAssembly.Memory): Kernels {
  const abort = (): never => {
    throw new Error('a kernel stopped itself');
  };
  return new WebAssembly.Instance(module, { env: { memory, abort } }).exports as Kernels;
}
