import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import type { LeftMessage, WorkerInit } from '../pool/job.ts';
import type { PoolWorker } from '../pool/pool.ts';

/** Starts a thread and waits until it has instantiated the kernels. Rejects when it cannot run here. */
export async function startWorker(init: WorkerInit): Promise<PoolWorker> {
  const worker = import.meta.url.endsWith('.ts')
    ? workerFromSources(init)
    : new Worker(new URL('./worker.js', import.meta.url), { workerData: init });
  await new Promise<void>((resolve, reject) => {
    worker.once('message', () => resolve());
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`the thread ended with code ${code}`)));
  });
  worker.removeAllListeners();
  worker.unref();
  return {
    post: (message) => worker.postMessage(message),
    listen: (onLeft, onDeath) => {
      worker.on('message', (message: LeftMessage) => onLeft(message));
      worker.on('error', onDeath);
      worker.on('exit', (code) => onDeath(new Error(`the thread ended with code ${code}`)));
    },
    hold: (on) => (on ? worker.ref() : worker.unref()),
    end: async () => {
      await worker.terminate();
    },
  };
}

/**
 * Tests and scripts run from the sources, and a worker of Node 20 cannot load TypeScript by itself: tsx, a development dependency of
 * the repository, is registered in it first. Throws where tsx is not installed.
 */
function workerFromSources(init: WorkerInit): Worker {
  const tsx = createRequire(import.meta.url).resolve('tsx/esm/api');
  const start = `import(${JSON.stringify(tsx)}).then(({ register }) => { register(); return import(${JSON.stringify(new URL('./worker.ts', import.meta.url).href)}); })`;
  return new Worker(start, { eval: true, workerData: init, execArgv: ['--conditions=src'] });
}
