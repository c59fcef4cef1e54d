import type { Chip, FrameRow, InstanceStatus } from '@colibri/contracts';

/** Period of the heartbeat [s]; older than 5 periods is unknown (reliability.md §7). */
const HEARTBEAT_SEC = 5;
/** A queue whose oldest frame waits longer than the requirement on a first result. */
const LATE_SEC = 300;
/** A stamp this far in the future comes from a wrong clock and shows nothing. */
const FUTURE_SEC = 5;
/** Alert frames come every few minutes while an alert is observed. */
const ALERT_SEC = 600;

const unknown = (id: Chip['id'], detail: string, periodSec: number): Chip => ({
  id,
  state: 'unknown',
  word: 'unknown',
  detail,
  asOf: null,
  periodSec,
});

/** The five chips of the strip. Unknown is never good: what nobody reports yet says so. */
export function chipsOf(instances: readonly InstanceStatus[], alertFrames: readonly FrameRow[], nowMs: number): Chip[] {
  return [
    unknown('safety', 'No weather or dome data are connected to this server.', 60),
    unknown('telescope', 'The telescope control system is not connected to this server.', 60),
    alertChip(alertFrames),
    gp1Chip(instances, nowMs),
    unknown('link', 'This server stands alone: no link between site and France is set up.', 60),
  ];
}

/** Worst instance wins; an instance that went silent is unknown, one that was stopped on purpose is idle. */
export function gp1Chip(instances: readonly InstanceStatus[], nowMs: number): Chip {
  if (instances.length === 0) return unknown('gp1', 'No pipeline has reported yet.', HEARTBEAT_SEC);
  const running = instances.filter((one) => one.state !== 'stopped');
  const asOf = newest(instances.map((one) => one.heartbeatAt));
  const common = { id: 'gp1', asOf, periodSec: HEARTBEAT_SEC } as const;
  if (running.length === 0) return { ...common, state: 'info', word: 'stopped', detail: 'All pipelines were stopped.' };
  const age = (one: InstanceStatus): number => (nowMs - Date.parse(one.heartbeatAt)) / 1000;
  const silent = running.filter((one) => age(one) > 5 * HEARTBEAT_SEC || age(one) < -FUTURE_SEC);
  if (silent.length > 0) {
    const names = silent.map((one) => one.name).join(', ');
    return { ...common, state: 'unknown', word: 'silent', detail: `No sign of life from ${names}.` };
  }
  const depth = running.reduce((sum, one) => sum + one.queueDepth, 0);
  const oldest = Math.max(0, ...running.map((one) => one.oldestWaitingSec ?? 0));
  const names = running.map((one) => one.name).join(', ');
  const waiting = depth === 0 ? 'nothing waits' : `the oldest waits ${Math.round(oldest)} s`;
  const word = depth === 0 ? 'running' : `${depth} waiting`;
  const isDraining = running.some((one) => one.state === 'draining');
  const state = oldest > LATE_SEC || isDraining ? 'watch' : 'ok';
  return { ...common, state, word: isDraining ? 'draining' : word, detail: `${names}: ${waiting}.` };
}

/** What the frames of the night say of alerts; without any, nothing is known: notices are not received by this version. */
export function alertChip(frames: readonly FrameRow[]): Chip {
  const latest = frames[0];
  if (!latest)
    return unknown('alert', 'No alert frame came this night; notices of alerts are not connected to this server.', ALERT_SEC);
  const target = latest.target ?? 'unnamed';
  const own = frames.filter((frame) => frame.target === latest.target);
  const published = own.filter((frame) => frame.state === 'published').length;
  const lost = own.filter((frame) => frame.state === 'failed' || frame.state === 'quarantined').length;
  return {
    id: 'alert',
    state: published === 0 && lost > 0 ? 'fail' : lost > 0 ? 'watch' : 'info',
    word: target,
    detail: `${own.length} ${own.length === 1 ? 'frame' : 'frames'}, ${published} measured${lost > 0 ? `, ${lost} failed` : ''}.`,
    asOf: newest(own.map((frame) => frame.receivedAt)),
    periodSec: ALERT_SEC,
  };
}

const newest = (instants: readonly string[]): string => instants.reduce((a, b) => (a > b ? a : b));
