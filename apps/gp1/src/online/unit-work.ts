import { asObservatoryError, isoUtc } from '@colibri/base';
import type { FrameProducts, UnitRow } from '@colibri/contracts';
import { type UnitTask, unitQueue } from '../units/unit-queue.ts';
import type { OnlineContext } from './context.ts';
import type { FrameWorkers } from './frame-workers.ts';
import { failureOf } from './intake.ts';

/** A published frame, as far as its unit wants to know. */
interface Touching {
  readonly pipeline: string;
  readonly isAlert: boolean;
  readonly closedMs: number;
}

/** Brings units that want work to workers, and their rows to the ledger. */
export interface UnitWork {
  /** Asks for work on the unit of a published frame. */
  touch(frame: Touching, products: FrameProducts): void;
  /** Frames of this unit were published by an earlier run, and its products are not final. */
  resume(pipeline: string, folder: string): void;
  /** The most urgent task that may run now; null: none. */
  next(options: { readonly isPressing: boolean; readonly isDraining: boolean }): UnitTask | null;
  /** To its end; never rejects. */
  run(task: UnitTask): Promise<void>;
  /** Units at work now, and units not yet final. */
  readonly running: number;
  readonly size: number;
  stop(): void;
}

/** `onDue`: told when a unit settled and may be made final. */
export function openUnitWork(context: OnlineContext, workers: FrameWorkers, onDue: () => void): UnitWork {
  const { ledger, log, clock, config } = context;
  const units = unitQueue({ settleSec: config.unitSettleSec, patienceSec: 20, thoroughSec: 120 }, clock);
  let isStopping = false;
  let running = 0;
  let timer: NodeJS.Timeout | undefined;

  async function work(task: UnitTask): Promise<void> {
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

  function wake(): void {
    clearTimeout(timer);
    const at = units.nextSettle();
    if (at === null || isStopping) return;
    timer = setTimeout(
      () => {
        onDue();
        wake();
      },
      Math.max(50, at - clock.monotonic() + 5),
    );
  }

  return {
    touch({ pipeline: name, isAlert, closedMs }, products) {
      const pipeline = context.pipelines.find((candidate) => candidate.name === name);
      const folder = products.reduced?.split('/').slice(0, -2).join('/');
      if (!pipeline || pipeline.config.unitModules.length === 0 || !folder) return;
      units.touch({ pipeline: name, folder, isAlert, closedMs });
      wake();
    },
    resume(pipeline, folder) {
      units.touch({ pipeline, folder, isAlert: false, closedMs: null });
      wake();
    },
    next: (options) => units.next(clock.monotonic(), options),
    async run(task) {
      running++;
      try {
        await work(task);
      } catch (error) {
        log.log('CRITICAL', 'GP1', `${task.key}: ${asObservatoryError(error, 'The ledger').message}`, { unit: task.key });
      } finally {
        running--;
        units.done(task);
      }
    },
    get running() {
      return running;
    },
    get size() {
      return units.size;
    },
    stop() {
      isStopping = true;
      clearTimeout(timer);
    },
  };
}
