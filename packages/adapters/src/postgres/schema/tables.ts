import type {
  Failure,
  FrameMetrics,
  FrameProducts,
  FrameState,
  InstanceStatus,
  LiveEvent,
  ModuleCell,
  UnitRow,
} from '@colibri/contracts';
import type { ColumnType } from 'kysely';

/** Read as a Date, written as an ISO string. */
type Instant = ColumnType<Date, string, string>;
type InstantOrNull = ColumnType<Date | null, string | null, string | null>;
/** Read as the value, written as its JSON text (the driver would take a JavaScript array for an SQL array). */
type Json<T> = ColumnType<T, JsonText<T>, JsonText<T>>;
type JsonText<T> = null extends T ? string | null : string;

/** One frame in one pipeline: the board's row, and what the ledger needs to know it again. */
export interface FrameTable {
  key: string;
  frame_id: string;
  revision: number;
  pipeline: string;
  sha256: string;
  config_hash: string;
  source_path: string;
  night_id: string;
  observed_at: InstantOrNull;
  received_at: Instant;
  updated_at: Instant;
  camera: string | null;
  filter: string | null;
  type: string | null;
  target: string | null;
  is_alert: boolean;
  exposure_sec: number | null;
  state: FrameState;
  attempts: number;
  cells: Json<readonly ModuleCell[]>;
  failure: Json<Failure | null>;
  warnings: Json<readonly string[]>;
  metrics: Json<FrameMetrics | null>;
  products: Json<FrameProducts>;
  latency_sec: number | null;
}

/** Each change of state, with its evidence; never changed, never deleted. `from_state` null: the offer. */
export interface TransitionTable {
  id: ColumnType<number, never, never>;
  key: string;
  pipeline: string;
  from_state: FrameState | null;
  to_state: FrameState;
  at: Instant;
  attempt: number;
  evidence: Json<unknown>;
}

/** Each start of work, written before the work. */
export interface AttemptTable {
  key: string;
  attempt: number;
  host: string;
  at: Instant;
}

/** Known bytes that came again under another path; one row for each path. */
export interface DuplicateTable {
  key: string;
  pipeline: string;
  source_path: string;
  at: Instant;
}

/** The frames of one target, camera and filter in one night. */
export interface UnitTable {
  key: string;
  pipeline: string;
  night_id: string;
  updated_at: Instant;
  row: Json<UnitRow>;
}

export interface InstanceTable {
  name: string;
  heartbeat_at: Instant;
  status: Json<InstanceStatus>;
}

export interface CalibrationRawTable {
  sha256: string;
  type: 'bias' | 'dark' | 'flat';
  camera: string;
  binning: string;
  read_mode: string;
  soft_gain: string;
  filter: string;
  exposure_sec: number | null;
  width: number;
  height: number;
  frame_id: string;
  path: string;
  night_id: string;
  observed_at: Instant;
}

/** What the live stream replays. `seq` has no gaps and grows in the order of commits. */
export interface EventTable {
  seq: number;
  t: Instant;
  topic: LiveEvent['topic'];
  body: Json<LiveEvent['body']>;
}

/** One row: the newest `seq`. Its lock is what puts events into the order of commits. */
export interface EventHeadTable {
  id: number;
  seq: number;
}

export interface Tables {
  frame: FrameTable;
  transition: TransitionTable;
  attempt: AttemptTable;
  duplicate: DuplicateTable;
  instance: InstanceTable;
  unit: UnitTable;
  calibration_raw: CalibrationRawTable;
  event: EventTable;
  event_head: EventHeadTable;
}
