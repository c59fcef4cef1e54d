import type { FrameMeta, HeaderValues, MasterKey, RawFrame } from './frame.ts';

/** A raw bias, dark or flat whose pixels are read when they are asked for. */
export interface CalibrationFrame {
  readonly meta: FrameMeta;
  readonly header: HeaderValues;
  /** SHA-256 of its file. */
  readonly sha256: string;
  load(): Promise<RawFrame>;
}

/** Raw calibration frames that agree in every word of the key but exposure time, oldest first: what a master is made of. */
export interface CalibrationSetup {
  /** `exposureSec` null: of darks, all exposure times together. */
  readonly key: MasterKey;
  readonly frames: readonly CalibrationFrame[];
}
