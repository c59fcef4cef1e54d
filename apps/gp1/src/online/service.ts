import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import {
  type Arrivals,
  folderQuarantine,
  folderSink,
  type Quarantine,
  removeParts,
  transferFolder,
  watchArrivals,
} from '@colibri/adapters/filesystem';
import { asObservatoryError, type Clock, isoUtc, type Log, systemClock } from '@colibri/base';
import type { FrameState, InstanceStatus } from '@colibri/contracts';
import type { Gp1Config, Ledger } from '@colibri/pipeline';
import { alreadyRunning, inputVanished } from '../errors.ts';
import { refreshEventPages, staleUnits } from '../units/stale-units.ts';
import type { LoadedPipeline } from '../world/load-config.ts';
import { nobody, type OnlineContext } from './context.ts';
import { openDispatch } from './dispatch.ts';
import type { FrameWorkers } from './frame-workers.ts';
import { handingOver } from './hand-over.ts';
import { digestOf, failureOf, openIntake } from './intake.ts';
import { steadyLedger } from './steady-ledger.ts';

export interface OnlineOptions {
  readonly config: Gp1Config;
  readonly configPath: string;
  readonly pipelines: readonly LoadedPipeline[];
  readonly ledger: Ledger;
  readonly log: Log;
  readonly clock?: Clock;
  /** Take what is there, then end. */
  readonly isOnce: boolean;
  openWorkers(calibrations: Ledger['calibrations']): Promise<FrameWorkers>;
}

export type Counts = Readonly<Record<FrameState | 'duplicates' | 'offered', number>>;

/** The online mode while it runs. */
export interface Online {
  /** With `isOnce`: everything that was there has its fate. */
  readonly drained: Promise<void>;
  counts(): Promise<ReadonlyMap<string, Counts>>;
  /** Ends cleanly; what is unfinished is resumed by the next start. */
  stop(graceMs?: number): Promise<void>;
}

const heartbeatMs = 5000;

/** Watches the input, gives each frame to every pipeline that asks for it, and keeps the ledger true. */
export async function startOnline(options: OnlineOptions): Promise<Online> {
  const { config, pipelines, log, clock = systemClock, isOnce } = options;
  let isStopping = false;
  const unlock = lockState(config.stateDir);
  const ledger = steadyLedger(options.ledger, log, { waitMs: 1000, isStopping: () => isStopping });
  const quarantines = new Map<string, Quarantine>(
    pipelines.map(({ name, workspaceDir }) => [name, folderQuarantine(join(workspaceDir, 'quarantine'))]),
  );
  const common = folderQuarantine(config.quarantineDir);
  const context: OnlineContext = {
    config,
    pipelines,
    ledger,
    log,
    clock,
    host: hostname(),
    startedMs: clock.now(),
    configPath: options.configPath,
    meta: () => ({ nowMs: clock.now(), longitudeEastDeg: config.longitudeEastDeg, alertRules: config.alertRules }),
    quarantine: (pipeline) => quarantines.get(pipeline) ?? common,
  };
  try {
    return await run();
  } catch (error) {
    unlock();
    throw error;
  }

  async function run(): Promise<Online> {
    for (const { workspaceDir } of pipelines) {
      mkdirSync(workspaceDir, { recursive: true });
      const parts = await removeParts(workspaceDir);
      if (parts.length > 0) log.log('INFO', 'GP1', `${parts.length} half-written files of an earlier run removed.`);
    }
    const workers = await options.openWorkers((key) => ledger.calibrations(key));
    const handOver = config.transferDir === null ? null : handingOver(transferFolder(config.transferDir), context);
    const dispatch = openDispatch(context, workers, { isOnce, handOver });
    const intake = openIntake(context, dispatch);
    let taking = 0;
    let troubleTold = '';
    const arrivals: Arrivals = watchArrivals({
      folder: config.input,
      restMs: config.restSec * 1000,
      rescanMs: config.rescanSec * 1000,
      giveUpMs: (isOnce ? Math.min(config.giveUpSec, config.restSec + 1) : config.giveUpSec) * 1000,
      clock,
      async onArrival(arrival) {
        taking++;
        try {
          await dispatch.room();
          await intake.take(arrival);
          troubleTold = '';
        } catch (error) {
          log.log('ERROR', 'GP1', `${arrival.path}: ${asObservatoryError(error, 'Taking in').message}`, { path: arrival.path });
          throw error; // looked at again with the next listing
        } finally {
          taking--;
        }
      },
      onStuck: (path, error) => intake.stuck(path, error),
      onTrouble(error) {
        const { message } = asObservatoryError(error, 'Watching the input');
        if (message !== troubleTold && !isStopping) log.log('ERROR', 'GP1', message);
        troubleTold = message;
      },
    });

    const states = new Map<string, InstanceStatus['state']>(pipelines.map(({ name }) => [name, 'running']));
    const beat = async (): Promise<void> => {
      for (const pipeline of pipelines)
        await ledger.heartbeat(await statusOf(pipeline, states.get(pipeline.name)!)).catch(() => {});
    };
    const statusOf = async (pipeline: LoadedPipeline, state: InstanceStatus['state']): Promise<InstanceStatus> => {
      const { published, failed, skipped, quarantined, duplicates } = await ledger.counts(pipeline.name);
      const oldest = dispatch.queue.oldestMs();
      return {
        name: pipeline.name,
        state,
        configHash: pipeline.config.hash,
        modules: pipeline.config.modules.map(({ module }) => module.name),
        startedAt: isoUtc(context.startedMs),
        heartbeatAt: isoUtc(clock.now()),
        published,
        failed,
        skipped,
        quarantined,
        duplicates,
        queueDepth: dispatch.queue.size,
        oldestWaitingSec: oldest === null ? null : Math.max(0, clock.now() - oldest) / 1000,
        residentMiB: Math.round(process.memoryUsage.rss() / 2 ** 20),
        host: context.host,
      };
    };
    await beat();
    const heart = setInterval(() => void beat(), heartbeatMs);
    const resting = setInterval(() => {
      if (taking === 0 && arrivals.pending() === 0) dispatch.intakeRests();
    }, 250);

    await arrivals.scan();
    const late = (await handOver?.makeUp()) ?? 0;
    if (late > 0) log.log('INFO', 'GP1', `${late} frames of an earlier run are handed over to the data transfer.`);
    await resumeOrphans(context, dispatch);
    for (const { name, workspaceDir, config: own } of pipelines) {
      await refreshEventPages(folderSink(workspaceDir), own, config.services);
      for (const folder of await staleUnits(workspaceDir, own)) dispatch.resumeUnit(name, folder);
    }

    const drained = isOnce ? drain() : new Promise<void>(() => {});
    async function drain(): Promise<void> {
      for (let quiet = 0; quiet < 3 && !isStopping; ) {
        await new Promise((resolve) => setTimeout(resolve, 40));
        const isQuiet = arrivals.pending() === 0 && taking === 0 && dispatch.isIdle();
        if (isQuiet) dispatch.intakeRests();
        quiet = isQuiet && dispatch.isIdle() && dispatch.finishUnits() ? quiet + 1 : 0;
      }
    }

    let stopped: Promise<void> | undefined;
    return {
      drained,
      async counts() {
        const names = [...pipelines.map(({ name }) => name), nobody];
        return new Map(await Promise.all(names.map(async (name) => [name, await ledger.counts(name)] as const)));
      },
      stop(graceMs = 4000) {
        stopped ??= (async () => {
          clearInterval(heart);
          clearInterval(resting);
          const closing = arrivals.close();
          await dispatch.stop(graceMs);
          handOver?.stop();
          await handOver?.settle();
          await closing;
          isStopping = true;
          for (const { name } of pipelines) states.set(name, 'stopped');
          await beat();
          unlock();
        })();
        return stopped;
      },
    };
  }
}

/** Rows that an earlier run left and whose file the listing did not offer again: their file may lie elsewhere, or be gone. */
async function resumeOrphans(context: OnlineContext, dispatch: ReturnType<typeof openDispatch>): Promise<void> {
  for (const pipeline of context.pipelines) {
    for (const { row, sourcePath } of await context.ledger.unfinished(pipeline.name)) {
      if (dispatch.isActive(row.key)) continue;
      const found = await stat(sourcePath).catch(() => null);
      if (!found) {
        const error = inputVanished({ path: sourcePath });
        context.log.log('ERROR', pipeline.name, `${row.key}: ${error.message}. ${error.hint}`, {
          key: row.key,
          code: error.code,
        });
        await context.ledger.update(row.key, { state: 'failed', failure: failureOf(error, null) });
        continue;
      }
      const sinceMs = context.clock.now();
      dispatch.enqueue({
        key: row.key,
        pipeline: pipeline.name,
        path: sourcePath,
        sha256: await digestOf(sourcePath),
        revision: row.revision,
        isAlert: row.isAlert,
        sinceMs,
        closedMs: sinceMs,
      });
    }
  }
}

/** One gp1 for one state folder. Returns what takes the lock away. */
function lockState(folder: string): () => void {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'gp1.pid');
  const take = (): boolean => {
    try {
      writeFileSync(path, `${process.pid}\n`, { flag: 'wx' });
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      return false;
    }
  };
  if (!take()) {
    const pid = Number.parseInt(readFileSync(path, 'utf8'), 10);
    if (isAlive(pid)) throw alreadyRunning({ pid, path });
    rmSync(path, { force: true }); // left by a process that was killed
    if (!take()) throw alreadyRunning({ pid: Number.parseInt(readFileSync(path, 'utf8'), 10), path });
  }
  return () => rmSync(path, { force: true });
}

function isAlive(pid: number): boolean {
  if (!(pid > 0) || pid === process.pid) return pid === process.pid;
  try {
    process.kill(pid, 0);
    return /gp1|node|vitest/.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
