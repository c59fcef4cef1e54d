import type { Quarantine } from '@colibri/adapters/filesystem';
import type { Clock, Log } from '@colibri/base';
import type { FrameMetaOptions, Gp1Config, Ledger } from '@colibri/pipeline';
import type { LoadedPipeline } from '../world/load-config.ts';

/** Rows of this name belong to no pipeline: calibrations, unreadable files, frames that nobody asks for. */
export const nobody = 'gp1';

/** What the parts of the online mode share. */
export interface OnlineContext {
  readonly config: Gp1Config;
  readonly pipelines: readonly LoadedPipeline[];
  readonly ledger: Ledger;
  readonly log: Log;
  readonly clock: Clock;
  readonly host: string;
  readonly startedMs: number;
  readonly meta: () => FrameMetaOptions;
  /** `gp1.cfg` as given, for commands in notes. */
  readonly configPath: string;
  /** Of a pipeline, by its name, or of `nobody`. */
  quarantine(pipeline: string): Quarantine;
}
