import { parentPort, workerData } from 'node:worker_threads';
import type { WorkerInit } from '../pool/job.ts';
import { serve } from '../pool/serve.ts';
import { taskRunner } from '../pool/tasks.ts';
import { loadTasks } from './load-tasks.ts';

const init = workerData as WorkerInit;
serve(init, parentPort!, taskRunner(await loadTasks(init.tasks)));
parentPort!.postMessage('ready');
