import type { CalibrationRaw } from '@colibri/pipeline';
import type { Insertable, Selectable } from 'kysely';
import type { CalibrationRawTable } from './schema/tables.ts';

export const toCalibrationRow = ({ key, ...raw }: CalibrationRaw): Insertable<CalibrationRawTable> => ({
  sha256: raw.sha256,
  type: key.type,
  camera: key.camera,
  binning: key.binning,
  read_mode: key.readMode,
  soft_gain: key.softGain,
  filter: key.filter,
  exposure_sec: key.exposureSec,
  width: key.width,
  height: key.height,
  frame_id: raw.frameId,
  path: raw.path,
  night_id: raw.nightId,
  observed_at: raw.observedAt,
});

export const toCalibration = (row: Selectable<CalibrationRawTable>): CalibrationRaw => ({
  key: {
    type: row.type,
    camera: row.camera,
    binning: row.binning,
    readMode: row.read_mode,
    softGain: row.soft_gain,
    filter: row.filter,
    exposureSec: row.exposure_sec,
    width: row.width,
    height: row.height,
  },
  frameId: row.frame_id,
  path: row.path,
  sha256: row.sha256,
  nightId: row.night_id,
  observedAt: row.observed_at.toISOString(),
});
