import { parentPort } from 'node:worker_threads';
import { asObservatoryError } from '@colibri/base';
import { makePreview } from './make-preview.ts';
import type { PreviewJob, PreviewResult } from './preview-thread.ts';

// The thread's loop: one job after the other.
let before = Promise.resolve();
parentPort!.on('message', (job: PreviewJob) => {
  before = before.then(() => answer(job));
});

async function answer({ id, path, size }: PreviewJob): Promise<void> {
  try {
    const bytes = await makePreview(path, size);
    parentPort!.postMessage({ id, bytes } satisfies PreviewResult, [bytes.buffer as ArrayBuffer]);
  } catch (cause) {
    const { code, message, hint, retry } = asObservatoryError(cause, 'The preview');
    parentPort!.postMessage({ id, error: { code, message, hint, retry } } satisfies PreviewResult);
  }
}
