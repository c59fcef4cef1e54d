import { asObservatoryError, isErrorOf, type ObservatoryError } from '@colibri/base';
import type { ModuleCell } from '@colibri/contracts';
import type { RowChange } from '@colibri/pipeline';
import { workerDied } from '../errors.ts';
import type { OnlineContext } from './context.ts';
import { diskSpace } from './disk-space.ts';
import { endFrame, type FrameEnd } from './end-frame.ts';
import { type FrameQueue, frameQueue, type Waiting } from './frame-queue.ts';
import type { FrameWorkers } from './frame-workers.ts';
import type { HandingOver } from './hand-over.ts';
import { failureOf } from './intake.ts';
import { type FrameTask, raisedError, type TaskResult } from './task.ts';
import { openUnitWork } from './unit-work.ts';

/** A frame on its way to a worker. */
export interface QueuedFrame extends FrameTask, Waiting {
  /** When the file was closed [ms since 1970 UTC]: the start of the latency. */
  readonly closedMs: number;
}

export interface Dispatch {
  enqueue(frame: QueuedFrame): void;
  isActive(key: string): boolean;
  /** Frames of this unit were published by an earlier run, and its products are not final. */
  resumeUnit(pipeline: string, folder: string): void;
  onCalibration(): void;
  /** Tells that no file is being taken in: frames that missed a master are tried again if calibrations came since. */
  intakeRests(): void;
  readonly queue: Pick<FrameQueue<QueuedFrame>, 'size' | 'oldestMs'>;
  /** No more frames will come: makes the final products of all units; whether they are made. */
  finishUnits(): boolean;
  /** Nothing waits, runs, or waits for its next try. */
  isIdle(): boolean;
  /** Waits until there is room for another frame. */
  room(): Promise<void>;
  /** No new work; what runs may finish within `graceMs`, the rest goes back to the queue of the next start. */
  stop(graceMs: number): Promise<void>;
}

export interface DispatchOptions {
  /** Draining once: trouble that does not pass soon is final. */
  readonly isOnce: boolean;
  /** null: nothing is handed over. */
  readonly handOver: HandingOver | null;
}

const fullCodes = ['STORAGE_FULL', 'STORAGE_LOW'];

/** Brings waiting frames to workers and their results to the ledger; decides what a failure means (reliability.md §5). */
export function openDispatch(context: OnlineContext, workers: FrameWorkers, { isOnce, handOver }: DispatchOptions): Dispatch {
  const { ledger, log, clock, config } = context;
  const queue = frameQueue<QueuedFrame>();
  const units = openUnitWork(context, workers, () => pump());
  const space = diskSpace(context);
  /** frame null: a unit. */
  const running = new Map<string, { frame: QueuedFrame | null; done: Promise<void> }>();
  const delayed = new Map<string, NodeJS.Timeout>();
  /** Frames that miss a master, with the count of calibrations when they failed. */
  const missing = new Map<string, { frame: QueuedFrame; calibrations: number }>();
  const tries = new Map<string, number>();
  const deaths = new Map<string, number>();
  let calibrations = 0;
  let isStopping = false;
  /** Taking what is there, then ending: everything has been taken, the units may be finished. */
  let isDraining = false;
  /** While the disk is full one frame at a time probes it. */
  let fullSince: number | null = null;
  let probeAfter = 0;
  const waitingForRoom: (() => void)[] = [];

  function pump(): void {
    if (isStopping) return;
    if (fullSince !== null && (running.size > 0 || clock.monotonic() < probeAfter)) return;
    while (running.size < workers.size && !(fullSince !== null && running.size > 0)) {
      const isPressing = queue.hasAlert() || fullSince !== null;
      // Where there are several workers one is left for frames.
      const mayTakeUnit = (!isOnce || isDraining) && units.running < Math.max(1, isDraining ? workers.size : workers.size - 1);
      const task = mayTakeUnit ? units.next({ isPressing: isPressing && workers.size === 1, isDraining }) : null;
      if (task) {
        const done = units.run(task).finally(() => {
          running.delete(task.key);
          pump();
        });
        running.set(task.key, { frame: null, done });
        continue;
      }
      const frame = queue.pop();
      if (!frame) break;
      const done = work(frame)
        .catch((error: unknown) =>
          log.log('CRITICAL', 'GP1', `${frame.key}: ${asObservatoryError(error, 'The ledger').message}`, { key: frame.key }),
        )
        .finally(() => {
          running.delete(frame.key);
          waitingForRoom.shift()?.();
          pump();
        });
      running.set(frame.key, { frame, done });
    }
  }

  async function work(frame: QueuedFrame): Promise<void> {
    if (!(await enoughSpace(frame))) return;
    const attempt = await ledger.claim(frame.key, context.host); // before anything else: a death must have counted
    if (isStopping) return;
    let told: Promise<void> = Promise.resolve();
    let result: TaskResult;
    /** When the catalogue and the figures were in the database. */
    let measuredSec: number | null = null;
    try {
      const tell = (change: RowChange): void => {
        told = told.then(() => ledger.update(frame.key, change)).catch(() => {});
      };
      result = await workers.run(frame, {
        onProgress: (cells, state) => tell({ cells, state }),
        onMeasured: ({ cells, metrics, warnings, products }) => {
          tell({ state: 'measured', cells, metrics, warnings, products });
          void told.then(() => {
            measuredSec = sinceClosed(frame);
          });
        },
      });
    } catch (thrown) {
      if (isStopping) return;
      await told;
      const error = asObservatoryError(thrown, `Frame ${frame.key}`);
      return isErrorOf(workerDied, error) ? died(frame, attempt, error) : setAside(frame, attempt, error, null, {});
    }
    await told;
    const { cells, metrics, warnings, products, failure } = result;
    if (!failure) return publish(frame, attempt, result, measuredSec);
    const error = raisedError(failure.error);
    const change: RowChange = { cells, warnings, products, ...(metrics ? { metrics } : {}) };
    if (error.retry === 'never') return setAside(frame, attempt, error, failure.module, change);
    if (error.code === 'MASTER_MISSING') {
      missing.set(frame.key, { frame, calibrations });
      return fail(frame, attempt, error, failure.module, change);
    }
    if (fullCodes.includes(error.code) && !isOnce) return holdBack(frame, error, change);
    const wait = config.retrySec[tries.get(frame.key) ?? 0];
    if (wait === undefined || (isOnce && (tries.get(frame.key) ?? 0) > 0))
      return fail(frame, attempt, error, failure.module, change);
    tries.set(frame.key, (tries.get(frame.key) ?? 0) + 1);
    log.log('WARNING', frame.pipeline, `${frame.key}: ${error.message}. Next try in ${wait} s.`, {
      key: frame.key,
      code: error.code,
    });
    later(frame, wait);
    await ledger.update(frame.key, {
      ...change,
      cells: again(cells),
      state: 'queued',
      failure: failureOf(error, null, failure.module),
    });
  }

  /** From the file's closing until now [s]. */
  const sinceClosed = (frame: QueuedFrame): number => Math.max(0, Math.round(clock.now() - frame.closedMs) / 1000);

  async function publish(
    frame: QueuedFrame,
    attempt: number,
    { cells, metrics, warnings, products, timingsSec }: TaskResult,
    measuredSec: number | null,
  ): Promise<void> {
    const latencySec = sinceClosed(frame);
    const before = await ledger.row(frame.key);
    const evidence = { host: context.host, attempt, timingsSec, measuredSec };
    await ledger.update(frame.key, {
      state: 'published',
      cells,
      metrics,
      warnings,
      products,
      failure: null,
      latencySec,
      evidence,
    });
    if (before?.failure?.quarantinePath) await context.quarantine(frame.pipeline).release(before.failure.quarantinePath);
    forget(frame.key);
    units.touch(frame, products);
    handOver?.published({ key: frame.key, pipeline: frame.pipeline, nightId: before?.nightId ?? 'unknown' }, products);
    if (fullSince !== null) {
      log.log(
        'INFO',
        'GP1',
        `There is room on the disk again after ${Math.round((clock.monotonic() - fullSince) / 1000)} s: work goes on.`,
      );
      fullSince = null;
    }
    const found =
      metrics &&
      [
        metrics.sourceCount !== null ? `${metrics.sourceCount} sources` : null,
        metrics.fwhmArcsec !== null ? `FWHM ${metrics.fwhmArcsec.toFixed(2)} arcsec` : null,
        metrics.wcsRmsArcsec !== null ? `WCS ${metrics.wcsRmsArcsec.toFixed(3)} arcsec rms` : null,
        metrics.zeroPointMag !== null ? `zero point ${metrics.zeroPointMag.toFixed(3)} mag` : null,
      ].filter((words) => words !== null);
    log.log(
      'INFO',
      frame.pipeline,
      `${frame.key} published in ${latencySec.toFixed(1)} s${found && found.length > 0 ? `: ${found.join(', ')}` : ''}`,
      {
        key: frame.key,
        latencySec,
        measuredSec,
        timingsSec,
      },
    );
  }

  /** The worker of a frame ended. Once may be chance; twice is the frame. */
  async function died(frame: QueuedFrame, attempt: number, error: ObservatoryError): Promise<void> {
    const count = (deaths.get(frame.key) ?? 0) + 1;
    deaths.set(frame.key, count);
    const told = workerDied({ frame: frame.key, what: String(error.facts['what']), deaths: count });
    const row = await ledger.row(frame.key);
    const cells = (row?.cells ?? []).map((cell) =>
      cell.state === 'running' ? { ...cell, state: 'failed' as const, reason: told.message } : cell,
    );
    if (count >= 2)
      return setAside(frame, attempt, told, cells.find((cell) => cell.state === 'failed')?.module ?? null, { cells });
    log.log('ERROR', frame.pipeline, `${told.message}: tried once more.`, { key: frame.key, code: told.code });
    later(frame, 0);
    await ledger.update(frame.key, { state: 'queued', cells: again(cells), failure: failureOf(told, null) });
  }

  /** Data that we cannot process: out of the way, with a reason. */
  const setAside = (
    frame: QueuedFrame,
    attempts: number,
    error: ObservatoryError,
    module: string | null,
    change: RowChange,
  ): Promise<void> => end(frame, { state: 'quarantined', attempts, error, module, change });

  /** Trouble around us that did not pass: waits for a person, or for the next start. */
  const fail = (
    frame: QueuedFrame,
    attempts: number,
    error: ObservatoryError,
    module: string | null,
    change: RowChange,
  ): Promise<void> => end(frame, { state: 'failed', attempts, error, module, change });

  async function end(frame: QueuedFrame, how: FrameEnd): Promise<void> {
    await endFrame(context, frame, how);
    if (how.error.code !== 'MASTER_MISSING') forget(frame.key);
  }

  function forget(key: string): void {
    tries.delete(key);
    deaths.delete(key);
    missing.delete(key);
  }

  function later(frame: QueuedFrame, seconds: number): void {
    delayed.set(
      frame.key,
      setTimeout(() => {
        delayed.delete(frame.key);
        queue.push(frame);
        pump();
      }, seconds * 1000),
    );
  }

  /** A full disk is nobody's fault: the frame waits in the queue, and one at a time tries whether there is room again. */
  async function holdBack(frame: QueuedFrame, error: ObservatoryError, change: RowChange): Promise<void> {
    if (fullSince === null) {
      fullSince = clock.monotonic();
      log.log('CRITICAL', 'GP1', `${error.message}. ${error.hint} Frames wait.`, { code: error.code });
    }
    const wait = config.retrySec[0] ?? 5;
    probeAfter = clock.monotonic() + wait * 1000;
    later(frame, wait);
    const row = await ledger.row(frame.key);
    await ledger.update(frame.key, {
      ...change,
      cells: again(change.cells ?? row?.cells ?? []),
      state: 'queued',
      failure: failureOf(error, null),
    });
  }

  async function enoughSpace(frame: QueuedFrame): Promise<boolean> {
    const missing = await space.missing(frame.pipeline);
    if (missing) await holdBack(frame, missing, {});
    return missing === null;
  }

  const again = (cells: readonly ModuleCell[]): ModuleCell[] =>
    cells.map((cell) =>
      cell.state === 'off' ? cell : { ...cell, state: 'waiting', startedAt: null, seconds: null, reason: null },
    );

  return {
    enqueue(frame) {
      queue.push(frame);
      pump();
    },
    isActive: (key) => queue.has(key) || running.has(key) || delayed.has(key),
    onCalibration() {
      calibrations++;
    },
    intakeRests() {
      for (const [key, { frame, calibrations: before }] of Array.from(missing)) {
        if (before === calibrations) continue;
        missing.delete(key);
        void ledger.update(key, { state: 'queued' }).then(() => {
          queue.push(frame);
          pump();
        });
        delayed.set(
          key,
          setTimeout(() => delayed.delete(key), 50),
        ); // active while the row is brought back
      }
    },
    resumeUnit(pipeline, folder) {
      units.resume(pipeline, folder);
      pump();
    },
    queue,
    isIdle: () => queue.size === 0 && running.size === 0 && delayed.size === 0,
    finishUnits() {
      isDraining = true;
      pump();
      return units.size === 0;
    },
    room: () => (queue.size < config.queueLimit ? Promise.resolve() : new Promise((resolve) => waitingForRoom.push(resolve))),
    async stop(graceMs) {
      isStopping = true;
      units.stop();
      for (const timer of delayed.values()) clearTimeout(timer);
      while (waitingForRoom.length > 0) waitingForRoom.shift()!();
      const all = Promise.all([...running.values()].map(({ done }) => done));
      await Promise.race([all, new Promise((resolve) => setTimeout(resolve, graceMs).unref())]);
      const left = [...running.values()].flatMap(({ frame }) => (frame ? [frame] : []));
      await workers.close();
      for (const frame of left) {
        const row = await ledger.row(frame.key).catch(() => null);
        if (row && !['published', 'quarantined', 'failed', 'skipped'].includes(row.state)) {
          await ledger.update(frame.key, { state: 'queued', cells: again(row.cells) }).catch(() => {});
        }
      }
      if (left.length > 0) log.log('INFO', 'GP1', `${left.length} unfinished: taken up at the next start.`);
    },
  };
}
