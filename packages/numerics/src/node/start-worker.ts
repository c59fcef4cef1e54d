import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { LeftMessage, WorkerInit } from '../pool/job.ts';
import type { PoolWorker } from '../pool/pool.ts';

/** Starts a thread and waits until it has instantiated the kernels. Rejects when it cannot run here. */
export async function startWorker(init: WorkerInit): Promise<PoolWorker> {
  const worker = import.meta.url.endsWith('.ts')
    ? workerFromSources(init)
    : new Worker(new URL('./worker.js', import.meta.url), { workerData: init });
  await new Promise<void>((resolve, reject) => {
    // Only our own listeners are taken off again: the Worker starts and stops its port by listeners of its own.
    const settle = (outcome: () => void): void => {
      worker.off('message', onReady).off('error', onError).off('exit', onExit);
      outcome();
    };
    const onReady = (): void => settle(resolve);
    const onError = (error: unknown): void => settle(() => reject(error));
    const onExit = (code: number): void => settle(() => reject(new Error(`the thread ended with code ${code}`)));
    worker.on('message', onReady).on('error', onError).on('exit', onExit);
  });
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
  const tsx = join(dirname(createRequire(import.meta.url).resolve('tsx/package.json')), 'dist/esm/api/index.mjs');
  const start = `import(${JSON.stringify(pathToFileURL(tsx).href)}).then(({ register }) => { register(); return import(${JSON.stringify(new URL('./worker.ts', import.meta.url).href)}); })`;
  return new Worker(start, { eval: true, workerData: init, execArgv: ['--conditions=src'] });
}
