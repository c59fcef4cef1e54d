import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { Clock, Log } from '@colibri/base';
import type { Ledger } from '@colibri/pipeline';
import { workerDied } from '../errors.ts';
import type { FromWorker, ToWorker, WorkerSetup } from './protocol.ts';
import { type FrameTask, plainError, raisedError, type TaskProgress, type TaskResult } from './task.ts';

/** Those who work on frames. */
export interface FrameWorkers {
  readonly size: number;
  /** How many could take a frame now. */
  idle(): number;
  /** Rejects with WORKER_DIED when the worker ended or hung; it is replaced. */
  run(task: FrameTask, onProgress: TaskProgress): Promise<TaskResult>;
  /** Ends all, those at work too. */
  close(): Promise<void>;
}

export interface FrameWorkersOptions {
  readonly size: number;
  readonly setup: WorkerSetup;
  readonly log: Log;
  readonly clock: Clock;
  readonly frameTimeoutSec: number;
  readonly calibrations: Ledger['calibrations'];
}

interface Member {
  worker: Worker;
  /** Settled once the thread is ready for work. */
  ready: Promise<void>;
  job: {
    readonly task: FrameTask;
    onProgress: TaskProgress;
    resolve(result: TaskResult): void;
    reject(error: unknown): void;
    timer: NodeJS.Timeout;
  } | null;
}

/** Threads from this build; from the sources through tsx. One that dies fails its frame alone, and a new one takes its place. */
export async function startFrameWorkers(options: FrameWorkersOptions): Promise<FrameWorkers> {
  const { size, setup, log, frameTimeoutSec } = options;
  const members: Member[] = [];
  let isClosed = false;

  const start = (member: Member): void => {
    const worker = newThread(setup);
    member.worker = worker;
    member.ready = new Promise((resolve, reject) => {
      worker.on('message', (message: FromWorker) => {
        if (message.kind === 'ready') resolve();
        else void hear(member, worker, message);
      });
      worker.once('error', (error) => {
        log.log('ERROR', 'GP1', `A worker stopped: ${error.message}`, { stack: error.stack });
        reject(error);
      });
      worker.once('exit', (code) => {
        reject(new Error(`the worker ended with code ${code} before it was ready`));
        if (member.worker === worker) ended(member, `ended with code ${code}`);
      });
    });
    member.ready.catch(() => {});
  };

  const ended = (member: Member, what: string): void => {
    const { job } = member;
    member.job = null;
    if (!isClosed) start(member);
    if (!job) return;
    clearTimeout(job.timer);
    job.reject(workerDied({ frame: job.task.key, what, deaths: 1 }));
  };

  const hear = async (member: Member, worker: Worker, message: Exclude<FromWorker, { kind: 'ready' }>): Promise<void> => {
    if (message.kind === 'log') return log.log(message.level, message.component, message.message, message.fields);
    if (message.kind === 'ask') {
      const answer: ToWorker = await options.calibrations(message.key).then(
        (found) => ({ kind: 'calibrations', id: message.id, found, error: null }),
        (error) => ({ kind: 'calibrations', id: message.id, found: null, error: plainError(error) }),
      );
      return worker.postMessage(answer);
    }
    const { job } = member;
    if (!job || member.worker !== worker) return;
    if (message.kind === 'progress') return job.onProgress(message.cells, message.state);
    clearTimeout(job.timer);
    member.job = null;
    if (message.kind === 'done') job.resolve(message.result);
    else job.reject(raisedError(message.error));
  };

  for (let i = 0; i < size; i++) {
    const member = { job: null } as unknown as Member;
    members.push(member);
    start(member);
  }
  await Promise.all(members.map(({ ready }) => ready)).catch(async (error: unknown) => {
    isClosed = true;
    await Promise.all(members.map(({ worker }) => worker.terminate()));
    throw error;
  });

  return {
    size,
    idle: () => members.filter(({ job }) => job === null).length,
    run: (task, onProgress) =>
      new Promise((resolve, reject) => {
        const member = members.find(({ job }) => job === null);
        if (!member) throw new Error('no worker is idle');
        const timer = setTimeout(() => {
          const { worker } = member;
          ended(member, `took longer than ${frameTimeoutSec} s`);
          void worker.terminate();
        }, frameTimeoutSec * 1000);
        member.job = { task, onProgress, resolve, reject, timer };
        const { worker } = member;
        member.ready.then(
          () => worker.postMessage({ kind: 'work', task } satisfies ToWorker),
          () => {},
        );
      }),
    async close() {
      isClosed = true;
      await Promise.all(
        members.map(async ({ worker, job }) => {
          if (job) clearTimeout(job.timer);
          await worker.terminate();
        }),
      );
    },
  };
}

/** From the sources, tsx (a development dependency) is registered in the thread first: Node 20 reads no TypeScript. */
function newThread(setup: WorkerSetup): Worker {
  if (!import.meta.url.endsWith('.ts')) return new Worker(new URL('./frame-worker.js', import.meta.url), { workerData: setup });
  const tsx = join(dirname(createRequire(import.meta.url).resolve('tsx/package.json')), 'dist/esm/api/index.mjs');
  const entry = new URL('./frame-worker.ts', import.meta.url).href;
  const start = `import(${JSON.stringify(pathToFileURL(tsx).href)}).then(({ register }) => { register(); return import(${JSON.stringify(entry)}); })`;
  return new Worker(start, { eval: true, workerData: setup, execArgv: ['--conditions=src'] });
}
