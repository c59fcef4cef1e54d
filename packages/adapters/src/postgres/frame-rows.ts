import type { FrameProducts, FrameRow } from '@colibri/contracts';
import type { OfferedFrame } from '@colibri/pipeline';
import type { Insertable, Selectable } from 'kysely';
import type { FrameTable } from './schema/tables.ts';

const noProducts: FrameProducts = { reduced: null, catalog: null, summary: null };

/** What the screen shows of a row of the table. */
export const toFrameRow = (row: Selectable<FrameTable>): FrameRow => ({
  key: row.key,
  frameId: row.frame_id,
  revision: row.revision,
  pipeline: row.pipeline,
  nightId: row.night_id,
  observedAt: row.observed_at?.toISOString() ?? null,
  receivedAt: row.received_at.toISOString(),
  updatedAt: row.updated_at.toISOString(),
  camera: row.camera,
  filter: row.filter,
  type: row.type,
  target: row.target,
  isAlert: row.is_alert,
  exposureSec: row.exposure_sec,
  state: row.state,
  cells: [...row.cells],
  failure: row.failure,
  warnings: [...row.warnings],
  metrics: row.metrics,
  products: row.products,
  latencySec: row.latency_sec,
});

/** The first row of an offer: queued, nothing done. */
export const newFrame = (frame: OfferedFrame, revision: number, now: string): Insertable<FrameTable> => ({
  key: `${frame.pipeline}/${frame.frameId}/r${revision}`,
  frame_id: frame.frameId,
  revision,
  pipeline: frame.pipeline,
  sha256: frame.sha256,
  config_hash: frame.configHash,
  source_path: frame.sourcePath,
  night_id: frame.nightId,
  observed_at: frame.observedAt,
  received_at: frame.receivedAt,
  updated_at: now,
  camera: frame.camera,
  filter: frame.filter,
  type: frame.type,
  target: frame.target,
  is_alert: frame.isAlert,
  exposure_sec: frame.exposureSec,
  state: 'queued',
  attempts: 0,
  cells: JSON.stringify(frame.cells),
  failure: null,
  warnings: '[]',
  metrics: null,
  products: JSON.stringify(noProducts),
  latency_sec: null,
});
