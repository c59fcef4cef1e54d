import { isoUtc, type ObservatoryError } from '@colibri/base';
import type { RowChange } from '@colibri/pipeline';
import { software } from '../world/software.ts';
import type { OnlineContext } from './context.ts';
import { failureOf } from './intake.ts';
import type { FrameTask } from './task.ts';

/** How a frame ended, and by what. */
export interface FrameEnd {
  /** `quarantined`: data that we cannot process; `failed`: trouble around us that did not pass. */
  readonly state: 'failed' | 'quarantined';
  readonly attempts: number;
  readonly error: ObservatoryError;
  readonly module: string | null;
  readonly change: RowChange;
}

/** Ends a frame without products: out of the way in quarantine with its reason and remedy, and its row says so. */
export async function endFrame(
  { ledger, log, clock, host, pipelines, quarantine }: OnlineContext,
  frame: FrameTask,
  { state, attempts, error, module, change }: FrameEnd,
): Promise<void> {
  const frameId = frame.key.split('/').slice(1, -1).join('/');
  log.log('ERROR', frame.pipeline, `${frame.key} ${state}: ${error.message}. ${error.hint}`, {
    key: frame.key,
    frameId,
    module,
    code: error.code,
  });
  const pipeline = pipelines.find(({ name }) => name === frame.pipeline);
  const folder = await quarantine(frame.pipeline)
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
    evidence: { host, attempt: attempts, facts: error.facts },
  });
}
