import { parentPort, workerData } from 'node:worker_threads';
import type { WorkerInit } from '../pool/job.ts';
import { serve } from '../pool/serve.ts';

serve(workerData as WorkerInit, parentPort!);
parentPort!.postMessage('ready');
