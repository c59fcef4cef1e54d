import { access, statfs } from 'node:fs/promises';
import { asObservatoryError, isErrorOf, isoUtc, type ObservatoryError } from '@colibri/base';
import type { FrameProducts, ModuleCell, UnitRow } from '@colibri/contracts';
import type { RowChange } from '@colibri/pipeline';
import { noSpace, workerDied } from '../errors.ts';
import { type UnitTask, unitQueue } from '../units/unit-queue.ts';
import { software } from '../world/engine-world.ts';
import type { OnlineContext } from './context.ts';
import { type FrameQueue, frameQueue, type Waiting } from './frame-queue.ts';
import type { FrameWorkers } from './frame-workers.ts';
import type { HandingOver } from './hand-over.ts';
import { failureOf } from './intake.ts';
import { type FrameTask, raisedError, type TaskResult } from './task.ts';

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
  const units = unitQueue({ settleSec: config.unitSettleSec, patienceSec: 20, thoroughSec: 120 }, clock);
  /** frame null: a unit. */
  const running = new Map<string, { frame: QueuedFrame | null; done: Promise<void> }>();
  const delayed = new Map<string, NodeJS.Timeout>();
  /** Frames that miss a master, with the count of calibrations when they failed. */
  const missing = new Map<string, { frame: QueuedFrame; calibrations: number }>();
  const tries = new Map<string, number>();
  const deaths = new Map<string, number>();
  let calibrations = 0;
  let isStopping = false;
  let unitsRunning = 0;
  /** Taking what is there, then ending: everything has been taken, the units may be finished. */
  let isDraining = false;
  /** While the disk is full one frame at a time probes it. */
  let fullSince: number | null = null;
  let probeAfter = 0;
  let spaceLookedAt = Number.NEGATIVE_INFINITY;
  let hasSpace = true;
  const waitingForRoom: (() => void)[] = [];

  function pump(): void {
    if (isStopping) return;
    if (fullSince !== null && (running.size > 0 || clock.monotonic() < probeAfter)) return;
    while (running.size < workers.size && !(fullSince !== null && running.size > 0)) {
      const isPressing = queue.hasAlert() || fullSince !== null;
      // Where there are several workers one is left for frames.
      const mayTakeUnit = (!isOnce || isDraining) && unitsRunning < Math.max(1, isDraining ? workers.size : workers.size - 1);
      const task = mayTakeUnit
        ? units.next(clock.monotonic(), { isPressing: isPressing && workers.size === 1, isDraining })
        : null;
      if (task) {
        unitsRunning++;
        const done = workOnUnits(task)
          .catch((error: unknown) =>
            log.log('CRITICAL', 'GP1', `${task.key}: ${asObservatoryError(error, 'The ledger').message}`, { unit: task.key }),
          )
          .finally(() => {
            unitsRunning--;
            running.delete(task.key);
            units.done(task);
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

  async function workOnUnits(task: UnitTask): Promise<void> {
    const began = clock.monotonic();
    let told: Promise<void> = Promise.resolve();
    // While it works, the page keeps the figures and the files of the last look.
    const before = (await ledger.units(task.pipeline)).find(({ key }) => key === task.key);
    const tell = (row: UnitRow): void => {
      const shown = before ? { ...before, state: row.state, cells: row.cells, updatedAt: row.updatedAt } : row;
      told = told.then(() => ledger.putUnit(shown)).catch(() => {});
    };
    let rows: readonly UnitRow[];
    try {
      rows = await workers.runUnits(task, tell);
    } catch (thrown) {
      if (isStopping) return;
      await told;
      const error = asObservatoryError(thrown, `Unit ${task.key}`);
      log.log('ERROR', task.pipeline, `${task.key}: ${error.message}. ${error.hint}`, { unit: task.key, code: error.code });
      if (before)
        await ledger.putUnit({ ...before, state: 'failed', failure: failureOf(error, null), updatedAt: isoUtc(clock.now()) });
      return;
    }
    await told;
    for (const row of rows) {
      await ledger.putUnit(row);
      const { frames, stackedFrames, candidateCount } = row.metrics;
      const words = [
        stackedFrames === null ? null : `${stackedFrames} of ${frames} frames stacked`,
        row.metrics.stackLimitMag5Sigma === null ? null : `5 sigma limit ${row.metrics.stackLimitMag5Sigma.toFixed(2)} mag`,
        candidateCount === null ? null : `${candidateCount} candidates`,
      ].filter((part) => part !== null);
      const seconds = ((clock.monotonic() - began) / 1000).toFixed(1);
      const latency = row.latencySec === null ? '' : `, ${row.latencySec.toFixed(1)} s after its newest frame`;
      log.log('INFO', task.pipeline, `${row.key} ${row.state} in ${seconds} s${latency}: ${words.join(', ')}`, { unit: row.key });
    }
  }

  /** Asks for work on the unit of a published frame. */
  function touchUnit(frame: QueuedFrame, products: FrameProducts): void {
    const pipeline = context.pipelines.find(({ name }) => name === frame.pipeline);
    const folder = products.reduced?.split('/').slice(0, -2).join('/');
    if (!pipeline || pipeline.config.unitModules.length === 0 || !folder) return;
    units.touch({ pipeline: frame.pipeline, folder, isAlert: frame.isAlert, closedMs: frame.closedMs });
    wakeForUnits();
  }

  let unitTimer: NodeJS.Timeout | undefined;
  function wakeForUnits(): void {
    clearTimeout(unitTimer);
    const at = units.nextSettle();
    if (at === null || isStopping) return;
    unitTimer = setTimeout(
      () => {
        pump();
        wakeForUnits();
      },
      Math.max(50, at - clock.monotonic() + 5),
    );
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
    touchUnit(frame, products);
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
    attempt: number,
    error: ObservatoryError,
    module: string | null,
    change: RowChange,
  ): Promise<void> => end('quarantined', frame, attempt, error, module, change);

  /** Trouble around us that did not pass: waits for a person, or for the next start. */
  const fail = (
    frame: QueuedFrame,
    attempt: number,
    error: ObservatoryError,
    module: string | null,
    change: RowChange,
  ): Promise<void> => end('failed', frame, attempt, error, module, change);

  async function end(
    state: 'failed' | 'quarantined',
    frame: QueuedFrame,
    attempts: number,
    error: ObservatoryError,
    module: string | null,
    change: RowChange,
  ): Promise<void> {
    const frameId = frame.key.split('/').slice(1, -1).join('/');
    log.log('ERROR', frame.pipeline, `${frame.key} ${state}: ${error.message}. ${error.hint}`, {
      key: frame.key,
      frameId,
      module,
      code: error.code,
    });
    const pipeline = context.pipelines.find(({ name }) => name === frame.pipeline);
    const folder = await context
      .quarantine(frame.pipeline)
      .keep({
        error,
        module,
        frameId,
        key: frame.key,
        sourcePath: frame.path,
        sha256: frame.sha256,
        attempts,
        quarantinedAt: isoUtc(clock.now()),
        software: `${software.name} ${software.version}`,
        replay: `pipeline -c ${pipeline?.configurationDir ?? '<configuration>'} -s ${frame.path} -r <new folder>`,
      })
      .catch((cause: unknown) => {
        log.log('ERROR', frame.pipeline, `${frame.key} could not be copied to quarantine: ${(cause as Error).message}`, {
          key: frame.key,
        });
        return null;
      });
    await ledger.update(frame.key, {
      ...change,
      state,
      failure: failureOf(error, folder, module),
      evidence: { host: context.host, attempt: attempts, facts: error.facts },
    });
    if (error.code !== 'MASTER_MISSING') forget(frame.key);
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

  /** Pauses below the configured share (and only where that is less than 20 GiB) or below three large jobs; resumes at twice the share. */
  async function enoughSpace(frame: QueuedFrame): Promise<boolean> {
    if (config.minFreePercent === 0) return true;
    const folder = context.pipelines.find(({ name }) => name === frame.pipeline)?.workspaceDir ?? config.stateDir;
    if (clock.monotonic() - spaceLookedAt > 5000) {
      spaceLookedAt = clock.monotonic();
      const found = await access(folder)
        .then(
          () => statfs(folder),
          () => null,
        )
        .catch(() => null);
      if (found) {
        const [free, percent] = [found.bavail * found.bsize, (100 * found.bavail) / Math.max(1, found.blocks)];
        const limit = hasSpace ? config.minFreePercent : 2 * config.minFreePercent;
        hasSpace = free > 3 * largestJobBytes && (percent > limit || free > 20 * 2 ** 30);
      }
    }
    if (hasSpace) return true;
    const found = await statfs(folder);
    await holdBack(frame, noSpace({ folder, free: `${Math.round((found.bavail * found.bsize) / 2 ** 20)} MiB` }), {});
    return false;
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
      units.touch({ pipeline, folder, isAlert: false, closedMs: null });
      wakeForUnits();
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
      clearTimeout(unitTimer);
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

/** Products of a 4096² frame before packing, three times over [byte]. */
const largestJobBytes = 3 * 10 * 4096 * 4096;
