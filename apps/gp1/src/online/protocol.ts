import type { LogFields, LogLevel } from '@colibri/base';
import type { FrameState, ModuleCell, UnitRow } from '@colibri/contracts';
import type { AlertRule, CalibrationRaw, FrameMeasured, MasterKey, ServicesConfig } from '@colibri/pipeline';
import type { UnitTask } from '../units/unit-queue.ts';
import type { ConfigTexts } from '../world/load-config.ts';
import type { FrameTask, PlainError, TaskResult } from './task.ts';

/** What a worker is started with. */
export interface WorkerSetup {
  /** URL of the module that exports `standard`, the sequence. */
  readonly sequences: string;
  readonly pipelines: readonly { readonly name: string; readonly folder: ConfigTexts; readonly workspaceDir: string }[];
  readonly threads: number;
  readonly mastersDir: string;
  readonly catalogDir: string | null;
  readonly services: ServicesConfig;
  readonly longitudeEastDeg: number;
  readonly alertRules: readonly AlertRule[];
  /** Now of the night that is played minus now of this machine [ms]; 0 in life. */
  readonly clockOffsetMs: number;
}

export type ToWorker =
  | { readonly kind: 'work'; readonly task: FrameTask }
  | { readonly kind: 'unit'; readonly task: UnitTask }
  | {
      readonly kind: 'calibrations';
      readonly id: number;
      readonly found: readonly CalibrationRaw[] | null;
      readonly error: PlainError | null;
    }
  | { readonly kind: 'stop' };

export type FromWorker =
  | { readonly kind: 'ready' }
  | { readonly kind: 'progress'; readonly cells: readonly ModuleCell[]; readonly state: FrameState }
  | { readonly kind: 'measured'; readonly measured: FrameMeasured }
  | { readonly kind: 'done'; readonly result: TaskResult }
  | { readonly kind: 'unitProgress'; readonly row: UnitRow }
  | { readonly kind: 'unitDone'; readonly rows: readonly UnitRow[] }
  | { readonly kind: 'broken'; readonly error: PlainError }
  | {
      readonly kind: 'log';
      readonly level: LogLevel;
      readonly component: string;
      readonly message: string;
      readonly fields: LogFields;
    }
  | { readonly kind: 'ask'; readonly id: number; readonly key: Omit<MasterKey, 'exposureSec'> };
