import { z } from 'zod';
import { failure, moduleCell } from './frame-row.ts';
import { unitMetrics } from './unit-metrics.ts';

/** `working`: being made; `live`: a first look while frames still arrive; `final`: made anew from all frames; `failed`: see failure. */
export const unitState = z.enum(['working', 'live', 'final', 'failed']);
export type UnitState = z.infer<typeof unitState>;

/** One row of the list of units: the frames of one target, camera and filter in one night, in one pipeline instance. */
export const unitRow = z.object({
  /** `<pipeline>/<folder>`: unique. */
  key: z.string(),
  pipeline: z.string(),
  /** Where its products lie, relative to the workspace. */
  folder: z.string(),
  nightId: z.string(),
  target: z.string(),
  camera: z.string(),
  filter: z.string(),
  isAlert: z.boolean(),
  triggeredAt: z.iso.datetime().nullable(),
  /** Start of the first and of the newest frame. */
  firstObservedAt: z.iso.datetime(),
  lastObservedAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  state: unitState,
  cells: z.array(moduleCell),
  failure: failure.nullable(),
  warnings: z.array(z.string()),
  metrics: unitMetrics,
  /** Files below `folder`. */
  products: z.array(z.string()),
  /** Folder of the page over all filters of the target, relative to the workspace; null: there is none. */
  event: z.string().nullable().default(null),
  /** From the newest frame's file being closed to this state of the products [s]; null when not online. */
  latencySec: z.number().nullable(),
});
export type UnitRow = z.infer<typeof unitRow>;
