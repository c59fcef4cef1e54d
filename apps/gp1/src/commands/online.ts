import type { Clock } from '@colibri/base';
import type { Sequence } from '@colibri/pipeline';
import { openLog } from '../console-log.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { startFrameWorkers } from '../online/frame-workers.ts';
import { type Counts, startOnline } from '../online/service.ts';
import { loadGp1 } from '../world/load-config.ts';
import { consoleOutput, type Output, openGp1Ledger, printProblems } from './shared.ts';

export interface OnlineCommand {
  readonly config: string;
  readonly once?: boolean;
  readonly db?: string;
  readonly verbose?: boolean;
}

export interface OnlineCommandWorld {
  readonly sequence: Sequence;
  /** URL of the module that exports the sequence as `standard`, for the workers. */
  readonly sequencesUrl: string;
  readonly output?: Output;
  readonly clock?: Clock;
  /** Settles when the process shall end. */
  readonly ended: Promise<string>;
}

/** `gp1 --config FILE`: the online mode. */
export async function onlineCommand(options: OnlineCommand, world: OnlineCommandWorld): Promise<ExitCode> {
  const output = world.output ?? consoleOutput;
  const { config, pipelines, problems } = await loadGp1(options.config, world.sequence);
  if (problems.length > 0) {
    printProblems(problems, output);
    return exitCodes.invalid;
  }
  const log = openLog({ folder: config.logPath, write: output.out, isVerbose: options.verbose ?? false });
  try {
    log.log(
      'INFO',
      'GP1',
      `Configuration ${options.config}: ${pipelines.map(({ name }) => name).join(', ')}; input ${config.input}`,
    );
    for (const { name, config: pipeline, identifiers } of pipelines) {
      const rule = identifiers.map(({ header, value }) => `${header} = ${value}`).join(' and ');
      log.log(
        'INFO',
        name,
        `Takes frames with ${rule}; modules ${pipeline.modules.map(({ module }) => module.name).join(', ')}; configuration ${pipeline.hash.slice(0, 12)}`,
      );
      for (const sentence of pipeline.sentences) log.log('INFO', name, sentence);
      for (const sentence of pipeline.warnings) log.log('WARNING', name, sentence);
    }
    const ledger = await openGp1Ledger(config, options.db, log);
    try {
      const online = await startOnline({
        config,
        configPath: options.config,
        pipelines,
        ledger,
        log,
        isOnce: options.once ?? false,
        ...(world.clock ? { clock: world.clock } : {}),
        openWorkers: (calibrations) =>
          startFrameWorkers({
            size: config.workers,
            log,
            clock: world.clock ?? { now: () => Date.now(), monotonic: () => performance.now() },
            frameTimeoutSec: config.frameTimeoutSec,
            calibrations,
            setup: {
              sequences: world.sequencesUrl,
              pipelines: pipelines.map(({ name, folder, workspaceDir }) => ({ name, folder, workspaceDir })),
              threads: config.threads,
              mastersDir: config.mastersDir,
              catalogDir: config.catalog,
              services: config.services,
              longitudeEastDeg: config.longitudeEastDeg,
              alertRules: config.alertRules,
              clockOffsetMs: world.clock ? world.clock.now() - Date.now() : 0,
            },
          }),
      });
      log.log('INFO', 'GP1', options.once ? 'Taking what is there.' : 'Watching.');
      const reason = await Promise.race([online.drained.then(() => null), world.ended]);
      if (reason) log.log('INFO', 'GP1', `${reason}: ending.`);
      await online.stop();
      for (const [name, counts] of await online.counts()) log.log('INFO', name === 'gp1' ? 'GP1' : name, countsLine(counts));
      log.log('INFO', 'GP1', 'Ended.');
      return exitCodes.done;
    } finally {
      await ledger.close();
    }
  } finally {
    await log.close();
  }
}

/** `12 offered: 9 published, 1 quarantined, 2 duplicates`. */
export function countsLine(counts: Counts): string {
  const words = (['published', 'skipped', 'failed', 'quarantined', 'duplicates'] as const).filter((word) => counts[word] > 0);
  const open = counts.arriving + counts.queued + counts.reducing + counts.reduced + counts.measured;
  const parts = [...words.map((word) => `${counts[word]} ${word}`), ...(open > 0 ? [`${open} unfinished`] : [])];
  return `${counts.offered} offered${parts.length > 0 ? `: ${parts.join(', ')}` : ''}`;
}
