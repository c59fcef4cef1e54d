import type {
  Failure,
  FrameMetrics,
  FrameProducts,
  FrameRow,
  FrameState,
  InstanceStatus,
  ModuleCell,
  UnitRow,
} from '@colibri/contracts';
import type { Master, MasterKey } from './frame.ts';

/** What the ledger is told when a file is offered to a pipeline. */
export interface OfferedFrame {
  readonly frameId: string;
  readonly pipeline: string;
  readonly sha256: string;
  /** Of the effective configuration of that pipeline. */
  readonly configHash: string;
  readonly sourcePath: string;
  readonly nightId: string;
  readonly observedAt: string | null;
  readonly receivedAt: string;
  readonly camera: string | null;
  readonly filter: string | null;
  readonly type: string | null;
  readonly target: string | null;
  readonly isAlert: boolean;
  readonly exposureSec: number | null;
  /** Names of the modules that will run, in order, and of those that are off. */
  readonly cells: readonly ModuleCell[];
}

/** The fate of an offer: new work; the same bytes seen before; other bytes under the same name (revision > 0). */
export type OfferOutcome =
  | { readonly kind: 'new'; readonly key: string; readonly revision: number }
  | { readonly kind: 'revision'; readonly key: string; readonly revision: number }
  | { readonly kind: 'duplicate'; readonly key: string; readonly state: FrameState }
  /** Known and unfinished from an earlier run: do it now. */
  | { readonly kind: 'resume'; readonly key: string; readonly revision: number };

/** A change of one row. Only the fields given change; each call is one transaction and one live event. */
export interface RowChange {
  readonly state?: FrameState;
  readonly cells?: readonly ModuleCell[];
  readonly failure?: Failure | null;
  readonly warnings?: readonly string[];
  readonly metrics?: FrameMetrics | null;
  readonly products?: FrameProducts;
  readonly latencySec?: number | null;
  /** Evidence kept with the transition (attempt, host, numbers). */
  readonly evidence?: Readonly<Record<string, unknown>>;
}

/** Port: every frame offered to us ends in one recorded fate (reliability.md §3). */
export interface Ledger {
  offer(frame: OfferedFrame): Promise<OfferOutcome>;
  /** attempt += 1, written and durable BEFORE any work starts; returns the attempt's number. */
  claim(key: string, host: string): Promise<number>;
  update(key: string, change: RowChange): Promise<void>;
  row(key: string): Promise<FrameRow | null>;
  /** Rows that an earlier run left unfinished (queued, reducing, reduced, measured), oldest first, with where their file lies. */
  unfinished(pipeline: string): Promise<{ readonly row: FrameRow; readonly sourcePath: string; readonly attempts: number }[]>;
  heartbeat(status: InstanceStatus): Promise<void>;
  /** The newest row of a unit, in place of an older one: one transaction and one live event. */
  putUnit(row: UnitRow): Promise<void>;
  units(pipeline: string): Promise<UnitRow[]>;
  /** offered = published + skipped + failed + quarantined + duplicates + unfinished */
  counts(pipeline: string): Promise<Readonly<Record<FrameState | 'duplicates' | 'offered', number>>>;
  /** A calibration frame, kept so that masters can be built from it. Repeats change nothing. */
  recordCalibration(raw: CalibrationRaw): Promise<void>;
  /** Every recorded calibration frame that agrees with the key in all words but exposure time. */
  calibrations(key: Omit<MasterKey, 'exposureSec'>): Promise<CalibrationRaw[]>;
  close(): Promise<void>;
}

/** A raw bias, dark or flat that may go into masters. */
export interface CalibrationRaw {
  readonly key: MasterKey;
  readonly frameId: string;
  readonly path: string;
  readonly sha256: string;
  readonly nightId: string;
  readonly observedAt: string;
}

/** Port: finds, or builds, the master in force for a frame. null: there is none and none can be made. */
export interface MasterSource {
  master(key: MasterKey, nightId: string): Promise<Master | null>;
}

/** Reference entries as columns. NaN: not known. */
export interface ReferenceStars {
  /** Catalogue name, as written in products: `refcat`, `Gaia DR3` … */
  readonly name: string;
  readonly count: number;
  /** ICRS [deg] at `epochJyear` (Julian year). */
  readonly raDeg: Float64Array;
  readonly decDeg: Float64Array;
  readonly epochJyear: number;
  /** μα·cos δ and μδ [mas/yr]. */
  readonly pmRaMasYr: Float32Array;
  readonly pmDecMasYr: Float32Array;
  /** 1 star, 0 extended, 255 not known. */
  readonly isStar: Uint8Array;
  /** Band → AB magnitude and 1 sigma error [mag]. */
  readonly bands: ReadonlyMap<string, { readonly mag: Float32Array; readonly err: Float32Array }>;
}

/** Port: a catalogue of reference positions and magnitudes. */
export interface ReferenceCatalog {
  readonly name: string;
  /** Entries within the cone, brightest first in the catalogue's first band, at most `limit` of them. Empty where it has no coverage. */
  cone(raDeg: number, decDeg: number, radiusDeg: number, limit: number): Promise<ReferenceStars>;
}

/** A file that is durable and was read back. */
export interface CommittedProduct {
  /** Relative to the workspace. */
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
}

/** Port: where products go. */
export interface ProductSink {
  /** The workspace, for messages and the replay command. */
  readonly root: string;
  /** Makes the bytes appear at `path` whole or not at all, durable, and checked by reading back (reliability.md §2, 3 to 7). */
  commit(path: string, bytes: Uint8Array): Promise<CommittedProduct>;
}
