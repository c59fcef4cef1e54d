import type { Board, CellState, ChipState, Failure, FrameRow, InstanceStatus, ModuleCell } from '@colibri/contracts';
import { duration, medianOf } from '../../lib/format.ts';
import { isForMasters } from '../../lib/frame-words.ts';

/** What a cell of the matrix shows. */
export interface CellView {
  readonly state: CellState;
  readonly symbol: ChipState | null;
  /** Short text: duration, `skip`, dash. */
  readonly text: string;
  /** Sentence shown on hover and on tap; null: nothing to add. */
  readonly reason: string | null;
  /** Running: share of the median that has passed, 0–1; and whether it is past it. */
  readonly fill: number | null;
  readonly late: boolean;
}

const symbols: Readonly<Record<CellState, ChipState | null>> = {
  off: null,
  waiting: null,
  running: 'info',
  done: 'ok',
  failed: 'fail',
  skipped: null,
};

export function cellView(cell: ModuleCell | undefined, nowMs: number, medianSec: number | null): CellView {
  if (cell === undefined || cell.state === 'off')
    return { state: 'off', symbol: null, text: '–', reason: cell?.reason ?? null, fill: null, late: false };
  const base = { state: cell.state, symbol: symbols[cell.state], fill: null, late: false };
  const module = cell.module;
  switch (cell.state) {
    case 'waiting':
      return { ...base, text: '·', reason: null };
    case 'done':
      return { ...base, text: duration(cell.seconds), reason: cell.reason };
    case 'skipped':
      return { ...base, text: 'skip', reason: `${module} skipped: ${cell.reason ?? 'no reason was given'}` };
    case 'failed':
      return {
        ...base,
        text: cell.seconds === null ? 'failed' : duration(cell.seconds),
        reason: `${module} failed: ${cell.reason ?? 'no reason was given'}`,
      };
    case 'running': {
      const elapsed = cell.startedAt === null ? 0 : Math.max(0, (nowMs - Date.parse(cell.startedAt)) / 1000);
      const usual = medianSec === null ? '' : `, usually ${duration(medianSec)}`;
      return {
        ...base,
        text: duration(elapsed),
        reason: `${module} runs since ${duration(elapsed)}${usual}`,
        fill: medianSec === null || medianSec <= 0 ? null : Math.min(1, elapsed / medianSec),
        late: medianSec !== null && elapsed > 2 * medianSec,
      };
    }
  }
}

/** Median wall time of each module over the finished cells [s]. */
export function moduleMedians(rows: readonly FrameRow[]): ReadonlyMap<string, number> {
  const bySeconds = new Map<string, number[]>();
  for (const row of rows) {
    for (const cell of row.cells) {
      if (cell.state !== 'done' || cell.seconds === null) continue;
      const list = bySeconds.get(cell.module);
      if (list === undefined) bySeconds.set(cell.module, [cell.seconds]);
      else list.push(cell.seconds);
    }
  }
  return new Map([...bySeconds].map(([module, seconds]) => [module, medianOf(seconds)!]));
}

/** Modules that no instance runs and no frame has used: their column is narrow, its cells are dashes. */
export function modulesOff(board: Pick<Board, 'modules' | 'instances' | 'rows'>): ReadonlySet<string> {
  const used = new Set(board.instances.flatMap((instance) => instance.modules));
  for (const row of board.rows) for (const cell of row.cells) if (cell.state !== 'off') used.add(cell.module);
  return new Set(board.modules.filter((module) => !used.has(module)));
}

/** The newest revision of each frame in each pipeline. */
export function newestRevisions(rows: readonly FrameRow[]): FrameRow[] {
  const newest = new Map<string, FrameRow>();
  for (const row of rows) {
    const key = `${row.pipeline}/${row.frameId}`;
    const old = newest.get(key);
    if (old === undefined || row.revision > old.revision) newest.set(key, row);
  }
  return [...newest.values()];
}

/** Start of the exposure by header; of a file that cannot be read by its name; failing that, its arrival [ms]. */
export function rowMs(row: FrameRow): number {
  if (row.observedAt !== null) return Date.parse(row.observedAt);
  const name = /(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)/.exec(row.frameId);
  return name === null
    ? Date.parse(row.receivedAt)
    : Date.parse(`${name[1]}-${name[2]}-${name[3]}T${name[4]}:${name[5]}:${name[6]}Z`);
}

/** Newest first by arrival; rows of one arrival by name. */
const newestFirst = (rows: readonly FrameRow[]): FrameRow[] =>
  [...rows].sort((a, b) => (a.receivedAt < b.receivedAt ? 1 : a.receivedAt > b.receivedAt ? -1 : a.key < b.key ? 1 : -1));

export type BoardItem =
  | { readonly kind: 'alerts'; readonly targets: readonly string[]; readonly count: number; readonly hidden: number }
  | {
      readonly kind: 'group';
      readonly hourMs: number;
      readonly count: number;
      readonly failed: number;
      readonly medianLatencySec: number | null;
    }
  | { readonly kind: 'row'; readonly row: FrameRow; readonly pinned: boolean };

const hour = 3_600_000;
/** Alert frames shown before somebody asks for all of them. */
export const pinnedAlerts = 6;

/** The board as a list: alert frames pinned in their own band, then the others newest first under the hour of their exposure. */
export function boardItems(rows: readonly FrameRow[], showAllAlerts: boolean): BoardItem[] {
  const sorted = newestFirst(rows);
  const alerts = sorted.filter((row) => row.isAlert);
  const items: BoardItem[] = [];
  if (alerts.length > 0) {
    const shown = showAllAlerts ? alerts : alerts.slice(0, pinnedAlerts);
    const targets = [...new Set(alerts.map((row) => row.target ?? 'unnamed alert'))];
    items.push({ kind: 'alerts', targets, count: alerts.length, hidden: alerts.length - shown.length });
    for (const row of shown) items.push({ kind: 'row', row, pinned: true });
  }
  let group: FrameRow[] = [];
  let groupHour: number | null = null;
  const close = () => {
    if (group.length === 0 || groupHour === null) return;
    items.push({
      kind: 'group',
      hourMs: groupHour,
      count: group.length,
      failed: group.filter(isTrouble).length,
      medianLatencySec: medianOf(group.map((row) => row.latencySec)),
    });
    for (const row of group) items.push({ kind: 'row', row, pinned: false });
    group = [];
  };
  for (const row of sorted) {
    if (row.isAlert) continue;
    // A file that does not tell its time stays with its neighbours.
    const rowHour: number = row.observedAt === null && groupHour !== null ? groupHour : Math.floor(rowMs(row) / hour) * hour;
    if (rowHour !== groupHour) {
      close();
      groupHour = rowHour;
    }
    group.push(row);
  }
  close();
  return items;
}

export const isTrouble = (row: FrameRow): boolean => row.state === 'failed' || row.state === 'quarantined';

const stateSymbols: Readonly<Record<FrameRow['state'], ChipState>> = {
  arriving: 'info',
  queued: 'info',
  reducing: 'info',
  reduced: 'info',
  measured: 'info',
  published: 'ok',
  skipped: 'info',
  failed: 'fail',
  quarantined: 'fail',
};

export const rowSymbol = (row: FrameRow): ChipState =>
  isForMasters(row) ? 'ok' : row.state === 'published' && row.warnings.length > 0 ? 'watch' : stateSymbols[row.state];

/** The row in one sentence: what happened, and why. */
export function rowSentence(row: FrameRow): string {
  const where = row.failure?.module == null ? '' : ` in ${row.failure.module}`;
  switch (row.state) {
    case 'published':
      return row.warnings.length > 0
        ? `Published with ${row.warnings.length === 1 ? 'a doubt' : `${row.warnings.length} doubts`}: ${row.warnings[0]}`
        : `Published${row.latencySec === null ? '' : ` ${duration(row.latencySec)} after the file was closed`}.`;
    case 'failed':
      return `Failed${where}: ${row.failure?.message ?? 'no reason was given.'}`;
    case 'quarantined':
      return `In quarantine${where}: ${row.failure?.message ?? 'no reason was given.'}`;
    case 'skipped':
      if (isForMasters(row)) return `Kept for masters: a ${row.type ?? 'calibration'} frame goes through no pipeline.`;
      return `Skipped: ${row.failure?.message ?? row.cells.find((cell) => cell.state === 'skipped')?.reason ?? 'no reason was given.'}`;
    case 'arriving':
      return 'The file is still being written.';
    case 'queued':
      return 'Waits for its turn.';
    default: {
      const running = row.cells.find((cell) => cell.state === 'running');
      return running === undefined ? `Is ${row.state}.` : `In ${running.module}.`;
    }
  }
}

export interface FailureGroup {
  readonly signature: string;
  readonly module: string;
  readonly failure: Failure;
  /** Message with its particulars taken out. */
  readonly pattern: string;
  readonly count: number;
  readonly firstAt: string;
  readonly lastAt: string;
  readonly samples: readonly FrameRow[];
}

/** A message without its names and numbers, so that the same trouble groups together. */
export function normaliseMessage(message: string): string {
  return message
    .replace(/\S*\.(fits|fz|fit|gz|txt|cfg|json)\S*/gi, '…')
    .replace(/\d{8}T\d{6}\w*/g, '…')
    .replace(/\/\S+/g, '…')
    .replace(/[-+]?\d[\d.,]*(e[-+]?\d+)?/gi, '#')
    .replace(/\s+/g, ' ')
    .trim();
}

/** Failures by signature (module, code, normalised message), the most frequent first. */
export function failureGroups(rows: readonly FrameRow[]): FailureGroup[] {
  const groups = new Map<string, FrameRow[]>();
  for (const row of rows) {
    if (!isTrouble(row) || row.failure === null) continue;
    const signature = `${row.failure.module ?? 'intake'}|${row.failure.code}|${normaliseMessage(row.failure.message)}`;
    const list = groups.get(signature);
    if (list === undefined) groups.set(signature, [row]);
    else list.push(row);
  }
  return [...groups]
    .map(([signature, members]) => {
      const sorted = newestFirst(members);
      const failure = sorted[0]!.failure!;
      return {
        signature,
        module: failure.module ?? 'intake',
        failure,
        pattern: normaliseMessage(failure.message),
        count: members.length,
        firstAt: sorted[sorted.length - 1]!.receivedAt,
        lastAt: sorted[0]!.receivedAt,
        samples: sorted,
      };
    })
    .sort((a, b) => b.count - a.count || (a.lastAt < b.lastAt ? 1 : -1));
}

/** Frames that came to an end in one pipeline within the last minutes, per minute. */
export function throughputPerMin(rows: readonly FrameRow[], pipeline: string, nowMs: number, minutes = 10): number {
  const since = nowMs - minutes * 60_000;
  const ended = rows.filter(
    (row) =>
      row.pipeline === pipeline &&
      ['published', 'failed', 'quarantined', 'skipped'].includes(row.state) &&
      Date.parse(row.updatedAt) >= since,
  );
  return ended.length / minutes;
}

/** Heartbeats come every 5 s: older than 5 periods is unknown, whatever the instance said last. */
export const heartbeatPeriodSec = 5;

export function instanceState(instance: InstanceStatus, ageSec: number): { state: ChipState; word: string } {
  if (ageSec > 5 * heartbeatPeriodSec) return { state: 'unknown', word: `silent, was ${instance.state}` };
  switch (instance.state) {
    case 'running':
      return instance.oldestWaitingSec !== null && instance.oldestWaitingSec > 300
        ? { state: 'watch', word: 'running, behind' }
        : { state: 'ok', word: 'running' };
    case 'starting':
    case 'draining':
      return { state: 'info', word: instance.state };
    case 'stopped':
      return { state: 'info', word: 'stopped' };
  }
}

export interface NightTotals {
  readonly frames: number;
  readonly failed: number;
  readonly published: number;
  readonly underWay: number;
  readonly medianLatencySec: number | null;
  readonly slowest: FrameRow | null;
}

export function nightTotals(rows: readonly FrameRow[]): NightTotals {
  let slowest: FrameRow | null = null;
  for (const row of rows)
    if (row.latencySec !== null && (slowest?.latencySec == null || row.latencySec > slowest.latencySec)) slowest = row;
  const published = rows.filter((row) => row.state === 'published').length;
  const failed = rows.filter(isTrouble).length;
  const underWay = rows.filter((row) => ['arriving', 'queued', 'reducing', 'reduced', 'measured'].includes(row.state)).length;
  return {
    frames: rows.length,
    failed,
    published,
    underWay,
    medianLatencySec: medianOf(rows.map((row) => row.latencySec)),
    slowest,
  };
}

/** `312 frames, 0 failed, median 14.2 s, slowest 61 s`. */
export function totalsSentence(totals: NightTotals): string {
  const slow = totals.slowest === null ? '' : `, slowest ${duration(totals.slowest.latencySec)} (${totals.slowest.frameId})`;
  const median = totals.medianLatencySec === null ? '' : `, median ${duration(totals.medianLatencySec)}`;
  return `${totals.frames} frames, ${totals.failed} failed${median}${slow}.`;
}

const metricKeys = [
  'fwhmArcsec',
  'sourceCount',
  'wcsRmsArcsec',
  'zeroPointMag',
  'limitMag5Sigma',
  'skyElectronPerPixel',
] as const;
export type MetricKey = (typeof metricKeys)[number];
export interface Usual {
  readonly median: number;
  readonly scatter: number;
}

/** What is usual tonight per camera, filter and exposure: median and 1.4826 · MAD of each figure; needs 8 frames to judge. */
export function usualMetrics(rows: readonly FrameRow[]): ReadonlyMap<string, Usual> {
  const samples = new Map<string, number[]>();
  for (const row of rows) {
    if (row.metrics === null) continue;
    for (const key of metricKeys) {
      const value = row.metrics[key];
      if (value === null) continue;
      const id = usualId(row, key);
      const list = samples.get(id);
      if (list === undefined) samples.set(id, [value]);
      else list.push(value);
    }
  }
  const usual = new Map<string, Usual>();
  for (const [id, values] of samples) {
    if (values.length < 8) continue;
    const median = medianOf(values)!;
    const mad = medianOf(values.map((value) => Math.abs(value - median)))!;
    usual.set(id, { median, scatter: 1.4826 * mad });
  }
  return usual;
}

const usualId = (row: FrameRow, key: MetricKey) => `${row.camera}|${row.filter}|${row.exposureSec}|${key}`;

/** A figure far from what is usual, as a sentence; null when it is within 6 scatters or nothing is known. Only bad directions count. */
export function outlier(row: FrameRow, key: MetricKey, usual: ReadonlyMap<string, Usual>): string | null {
  const value = row.metrics?.[key] ?? null;
  const known = usual.get(usualId(row, key));
  if (value === null || known === undefined || known.scatter === 0) return null;
  const badIsLow = key === 'sourceCount' || key === 'zeroPointMag' || key === 'limitMag5Sigma';
  const off = (badIsLow ? known.median - value : value - known.median) / known.scatter;
  // 6: at 1.4826 MAD a quiet night of 300 frames then shows none by chance.
  return off > 6
    ? `tonight's median for this camera, filter and exposure is ${known.median.toPrecision(4)}; this is ${off.toFixed(0)} scatters away`
    : null;
}
