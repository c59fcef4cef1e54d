import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { Clock, Log } from '@colibri/base';
import type { UnitRow } from '@colibri/contracts';
import type { FrameEvents, Ledger } from '@colibri/pipeline';
import { workerDied } from '../errors.ts';
import type { UnitTask } from '../units/unit-queue.ts';
import type { FromWorker, ToWorker, WorkerSetup } from './protocol.ts';
import { type FrameTask, plainError, raisedError, type TaskResult } from './task.ts';

/** A unit may take as long as this many frames. */
const UNIT_FRAMES = 10;

/** Those who work on frames. */
export interface FrameWorkers {
  readonly size: number;
  /** How many could take a frame now. */
  idle(): number;
  /** Rejects with WORKER_DIED when the worker ended or hung; it is replaced. */
  run(task: FrameTask, events: FrameEvents): Promise<TaskResult>;
  /** The units of one folder, by the worker that remembers it where that one is idle; a row for each unit. */
  runUnits(task: UnitTask, onProgress: (row: UnitRow) => void): Promise<readonly UnitRow[]>;
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
  readonly message: Extract<ToWorker, { kind: 'work' | 'unit' }>;
  readonly timeoutSec: number;
  /** What the thread says before it is done. */
  hear(message: FromWorker): void;
  resolve(message: FromWorker): void;
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
    member.worker?.postMessage(job.message);
    job.timer = setTimeout(() => {
      const { worker } = member;
      ended(member, `took longer than ${job.timeoutSec} s`);
      void worker?.terminate();
    }, job.timeoutSec * 1000);
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
    job.reject(workerDied({ frame: job.message.task.key, what, deaths: 1 }));
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
    if (message.kind !== 'done' && message.kind !== 'unitDone' && message.kind !== 'broken') return job.hear(message);
    clearTimeout(job.timer);
    member.job = null;
    if (message.kind === 'broken') job.reject(raisedError(message.error));
    else job.resolve(message);
  };

  const anyIdle = (): Member | undefined =>
    members.find(({ job, isReady }) => job === null && isReady) ?? members.find(({ job }) => job === null);
  const give = (
    member: Member | undefined,
    message: Job['message'],
    timeoutSec: number,
    hear: Job['hear'],
  ): Promise<FromWorker> =>
    new Promise((resolve, reject) => {
      if (!member) throw new Error('no worker is idle');
      const job: Job = { message, timeoutSec, hear, resolve, reject };
      member.job = job;
      if (member.isReady) send(member, job);
    });

  await Promise.all(members.map(start)).catch(async (error: unknown) => {
    isClosed = true;
    await Promise.all(members.map(({ worker }) => worker?.terminate()));
    throw error;
  });

  return {
    size,
    idle: () => members.filter(({ job }) => job === null).length,
    async run(task, events) {
      const done = await give(anyIdle(), { kind: 'work', task }, frameTimeoutSec, (message) => {
        if (message.kind === 'progress') events.onProgress?.(message.cells, message.state);
        if (message.kind === 'measured') events.onMeasured?.(message.measured);
      });
      return (done as Extract<FromWorker, { kind: 'done' }>).result;
    },
    async runUnits(task, onProgress) {
      const own = members[hashOf(task.key) % members.length];
      const member = own?.job === null && own.isReady ? own : anyIdle();
      const done = await give(member, { kind: 'unit', task }, UNIT_FRAMES * frameTimeoutSec, (message) => {
        if (message.kind === 'unitProgress') onProgress(message.row);
      });
      return (done as Extract<FromWorker, { kind: 'unitDone' }>).rows;
    },
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

/** A small number from a text, the same every time. */
function hashOf(text: string): number {
  let hash = 7;
  for (let i = 0; i < text.length; i++) hash = (hash * 31 + text.charCodeAt(i)) % 1_000_003;
  return hash;
}

/** From the sources, tsx (a development dependency) is registered in the thread first: Node 20 reads no TypeScript. */
function newThread(setup: WorkerSetup): Worker {
  if (!import.meta.url.endsWith('.ts')) return new Worker(new URL('./frame-worker.js', import.meta.url), { workerData: setup });
  const tsx = join(dirname(createRequire(import.meta.url).resolve('tsx/package.json')), 'dist/esm/api/index.mjs');
  const entry = new URL('./frame-worker.ts', import.meta.url).href;
  const start = `import(${JSON.stringify(pathToFileURL(tsx).href)}).then(({ register }) => { register(); return import(${JSON.stringify(entry)}); })`;
  return new Worker(start, { eval: true, workerData: setup, execArgv: ['--conditions=src'] });
}
