import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { ObservatoryError, unexpected } from '@colibri/base';

/** Makes the bytes of a preview, off the thread that answers. */
export interface PreviewMaker {
  make(path: string, size: number): Promise<Uint8Array>;
  stop(): Promise<void>;
}

/** What the thread is asked and answers. */
export interface PreviewJob {
  readonly id: number;
  readonly path: string;
  readonly size: number;
}
export type PreviewResult =
  | { readonly id: number; readonly bytes: Uint8Array }
  | { readonly id: number; readonly error: { code: string; message: string; hint: string; retry: 'later' | 'never' } };

/** One thread, started with the first preview and again if it should die; jobs are done in turn. */
export function previewThread(): PreviewMaker {
  const waiting = new Map<number, { resolve(bytes: Uint8Array): void; reject(error: unknown): void }>();
  let worker: Worker | null = null;
  let lastId = 0;

  const start = (): Worker => {
    const thread = newWorker();
    thread.unref();
    thread.on('message', (result: PreviewResult) => {
      const job = waiting.get(result.id);
      waiting.delete(result.id);
      if (waiting.size === 0) thread.unref();
      if ('bytes' in result) job?.resolve(result.bytes);
      else job?.reject(new ObservatoryError({ ...result.error, facts: {} }));
    });
    const died = (error: unknown): void => {
      if (worker === thread) worker = null;
      for (const job of waiting.values()) job.reject(unexpected({ where: 'The preview thread', what: String(error) }, error));
      waiting.clear();
    };
    thread.on('error', died);
    thread.on('exit', (code) => died(`it ended with code ${code}`));
    return thread;
  };

  return {
    make: (path, size) =>
      new Promise((resolve, reject) => {
        const id = ++lastId;
        waiting.set(id, { resolve, reject });
        worker ??= start();
        worker.ref();
        worker.postMessage({ id, path, size } satisfies PreviewJob);
      }),
    async stop() {
      await worker?.terminate();
    },
  };
}

/** From the build plainly; from the sources through tsx, because a worker of Node 20 cannot load TypeScript by itself. */
function newWorker(): Worker {
  if (!import.meta.url.endsWith('.ts')) return new Worker(new URL('./preview-worker.js', import.meta.url));
  const tsx = pathToFileURL(join(dirname(createRequire(import.meta.url).resolve('tsx/package.json')), 'dist/esm/api/index.mjs'));
  const entry = new URL('./preview-worker.ts', import.meta.url).href;
  const start = `import(${JSON.stringify(tsx.href)}).then(({ register }) => { register(); return import(${JSON.stringify(entry)}); })`;
  return new Worker(start, { eval: true, execArgv: ['--conditions=src'] });
}
