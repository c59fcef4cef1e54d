import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { Clock, Log } from '@colibri/base';
import type { FrameEvents, Ledger } from '@colibri/pipeline';
import { workerDied } from '../errors.ts';
import type { FromWorker, ToWorker, WorkerSetup } from './protocol.ts';
import { type FrameTask, plainError, raisedError, type TaskResult } from './task.ts';

/** Those who work on frames. */
export interface FrameWorkers {
  readonly size: number;
  /** How many could take a frame now. */
  idle(): number;
  /** Rejects with WORKER_DIED when the worker ended or hung; it is replaced. */
  run(task: FrameTask, events: FrameEvents): Promise<TaskResult>;
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

interface Job {
  readonly task: FrameTask;
  readonly events: FrameEvents;
  resolve(result: TaskResult): void;
  reject(error: unknown): void;
  /** Set once the thread has it. */
  timer?: NodeJS.Timeout;
}

interface Member {
  worker: Worker | null;
  isReady: boolean;
  job: Job | null;
}

/** Threads from this build; from the sources through tsx. One that dies fails its frame alone, and a new one takes its place. */
export async function startFrameWorkers(options: FrameWorkersOptions): Promise<FrameWorkers> {
  const { size, setup, log, frameTimeoutSec } = options;
  let isClosed = false;
  const members = Array.from({ length: size }, (): Member => ({ worker: null, isReady: false, job: null }));

  /** Resolves when the thread is ready for work, rejects when it ends before. */
  const start = (member: Member): Promise<void> =>
    new Promise((resolve, reject) => {
      const worker = newThread(setup);
      member.worker = worker;
      member.isReady = false;
      worker.on('message', (message: FromWorker) => {
        if (message.kind !== 'ready') return void hear(member, worker, message);
        member.isReady = true;
        if (member.job) send(member, member.job);
        resolve();
      });
      worker.once('error', (error) => log.log('ERROR', 'GP1', `A worker stopped: ${error.message}`, { stack: error.stack }));
      worker.once('exit', (code) => {
        reject(new Error(`a worker ended with code ${code} before it was ready`));
        if (member.worker === worker) ended(member, `ended with code ${code}`);
      });
    });

  /** Only work counts against the limit: a machine under load may take long to start a thread. */
  const send = (member: Member, job: Job): void => {
    member.worker?.postMessage({ kind: 'work', task: job.task } satisfies ToWorker);
    job.timer = setTimeout(() => {
      const { worker } = member;
      ended(member, `took longer than ${frameTimeoutSec} s`);
      void worker?.terminate();
    }, frameTimeoutSec * 1000);
  };

  const ended = (member: Member, what: string): void => {
    const { job, isReady } = member;
    member.worker = null;
    member.isReady = false;
    if (isClosed) return;
    // One that cannot even start is tried again slowly; its frame is not to blame and waits.
    setTimeout(() => !isClosed && void start(member).catch(() => {}), isReady ? 0 : 1000);
    if (!job?.timer) return;
    clearTimeout(job.timer);
    member.job = null;
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
    if (message.kind === 'progress') return job.events.onProgress?.(message.cells, message.state);
    if (message.kind === 'measured') return job.events.onMeasured?.(message.measured);
    clearTimeout(job.timer);
    member.job = null;
    if (message.kind === 'done') job.resolve(message.result);
    else job.reject(raisedError(message.error));
  };

  await Promise.all(members.map(start)).catch(async (error: unknown) => {
    isClosed = true;
    await Promise.all(members.map(({ worker }) => worker?.terminate()));
    throw error;
  });

  return {
    size,
    idle: () => members.filter(({ job }) => job === null).length,
    run: (task, events) =>
      new Promise((resolve, reject) => {
        const member = members.find(({ job, isReady }) => job === null && isReady) ?? members.find(({ job }) => job === null);
        if (!member) throw new Error('no worker is idle');
        const job: Job = { task, events, resolve, reject };
        member.job = job;
        if (member.isReady) send(member, job);
      }),
    async close() {
      isClosed = true;
      await Promise.all(
        members.map(async ({ worker, job }) => {
          clearTimeout(job?.timer);
          await worker?.terminate();
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
