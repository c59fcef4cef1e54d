import { z } from 'zod';
import { frameRow } from './frame-row.ts';
import { unitRow } from './unit-row.ts';

/** One pipeline instance, as its process reports it every 5 s. */
export const instanceStatus = z.object({
  name: z.string(),
  state: z.enum(['starting', 'running', 'draining', 'stopped']),
  configHash: z.string(),
  modules: z.array(z.string()),
  startedAt: z.iso.datetime(),
  heartbeatAt: z.iso.datetime(),
  published: z.int(),
  failed: z.int(),
  skipped: z.int(),
  quarantined: z.int(),
  duplicates: z.int(),
  queueDepth: z.int(),
  /** Oldest waiting frame [s]; null when none waits. */
  oldestWaitingSec: z.number().nullable(),
  /** Resident memory [MiB] of the process. */
  residentMiB: z.number().nullable(),
  host: z.string(),
});
export type InstanceStatus = z.infer<typeof instanceStatus>;

/** The frame × module board of one night. `seq`: events after it follow on the live stream. */
export const board = z.object({
  seq: z.int(),
  serverTime: z.iso.datetime(),
  nightId: z.string(),
  nights: z.array(z.string()),
  modules: z.array(z.string()),
  instances: z.array(instanceStatus),
  rows: z.array(frameRow),
  units: z.array(unitRow),
});
export type Board = z.infer<typeof board>;

/** One message of the live stream: SSE `id` is `seq`, `data` is this object. A gap in seq means: fetch the snapshot again. */
export const liveEvent = z.discriminatedUnion('topic', [
  z.object({ seq: z.int(), t: z.iso.datetime(), topic: z.literal('frame'), body: frameRow }),
  z.object({ seq: z.int(), t: z.iso.datetime(), topic: z.literal('unit'), body: unitRow }),
  z.object({ seq: z.int(), t: z.iso.datetime(), topic: z.literal('instance'), body: instanceStatus }),
]);
export type LiveEvent = z.infer<typeof liveEvent>;

/** The night axis: instants of Sun and Moon for shading [ISO UTC]; null where it does not happen that night. */
export const nightTimes = z.object({
  nightId: z.string(),
  label: z.string(),
  noonBefore: z.iso.datetime(),
  noonAfter: z.iso.datetime(),
  sunset: z.iso.datetime().nullable(),
  civilDusk: z.iso.datetime().nullable(),
  nauticalDusk: z.iso.datetime().nullable(),
  astronomicalDusk: z.iso.datetime().nullable(),
  astronomicalDawn: z.iso.datetime().nullable(),
  nauticalDawn: z.iso.datetime().nullable(),
  civilDawn: z.iso.datetime().nullable(),
  sunrise: z.iso.datetime().nullable(),
  moonUp: z.array(z.object({ from: z.iso.datetime(), to: z.iso.datetime() })),
  moonIllumination: z.number(),
});
export type NightTimes = z.infer<typeof nightTimes>;

/** The five chips of the top strip: symbol, word, age; unknown is never good. */
export const chipState = z.enum(['ok', 'watch', 'fail', 'critical', 'info', 'unknown']);
export type ChipState = z.infer<typeof chipState>;
export const chip = z.object({
  id: z.enum(['safety', 'telescope', 'alert', 'gp1', 'link']),
  state: chipState,
  word: z.string(),
  detail: z.string().nullable(),
  /** When the newest datum behind it was received; null when nothing ever was. */
  asOf: z.iso.datetime().nullable(),
  periodSec: z.number(),
});
export type Chip = z.infer<typeof chip>;
export const now = z.object({
  serverTime: z.iso.datetime(),
  site: z.object({ name: z.string(), longitudeEastDeg: z.number(), latitudeDeg: z.number(), altitudeM: z.number() }),
  night: nightTimes,
  chips: z.array(chip),
  /** Clock of the night that is played, when it is a simulation: said on every page. */
  simulation: z.object({ at: z.iso.datetime(), rate: z.number() }).nullable(),
});
export type Now = z.infer<typeof now>;
