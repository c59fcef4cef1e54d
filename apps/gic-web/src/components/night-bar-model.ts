import type { FrameRow, NightTimes } from '@colibri/contracts';

type SkyKind = 'day' | 'civil' | 'nautical' | 'astronomical' | 'dark';
export interface SkySpan {
  readonly kind: SkyKind;
  readonly fromMs: number;
  readonly toMs: number;
}

/** The light of the sky over the night as spans without holes; a twilight that does not happen leaves its neighbour longer. */
export function skySpans(times: NightTimes): SkySpan[] {
  const steps: readonly [string | null, SkyKind][] = [
    [times.noonBefore, 'day'],
    [times.sunset, 'civil'],
    [times.civilDusk, 'nautical'],
    [times.nauticalDusk, 'astronomical'],
    [times.astronomicalDusk, 'dark'],
    [times.astronomicalDawn, 'astronomical'],
    [times.nauticalDawn, 'nautical'],
    [times.civilDawn, 'civil'],
    [times.sunrise, 'day'],
  ];
  const known = steps.filter((step): step is [string, SkyKind] => step[0] !== null);
  return known.map(([from, kind], i) => ({
    kind,
    fromMs: Date.parse(from),
    toMs: Date.parse(known[i + 1]?.[0] ?? times.noonAfter),
  }));
}

/** What the axis shows: noon to noon, or from half an hour before sunset to half an hour after sunrise. */
export function axisRange(times: NightTimes, axis: 'night' | '24h'): [number, number] {
  const margin = 1_800_000;
  if (axis === 'night' && times.sunset !== null && times.sunrise !== null)
    return [Date.parse(times.sunset) - margin, Date.parse(times.sunrise) + margin];
  return [Date.parse(times.noonBefore), Date.parse(times.noonAfter)];
}

/** Whole-hour marks, thinned so that labels keep `leastPx` apart. */
export function hourTicks(fromMs: number, toMs: number, widthPx: number, leastPx = 56): number[] {
  const hours = [1, 2, 3, 6, 12].find((step) => (step * 3_600_000 * widthPx) / (toMs - fromMs) >= leastPx) ?? 24;
  const step = hours * 3_600_000;
  const ticks: number[] = [];
  for (let ms = Math.ceil(fromMs / step) * step; ms <= toMs; ms += step) ticks.push(ms);
  return ticks;
}

export interface BarMarks {
  /** Pixel columns with at least one frame, one with trouble, one of an alert. */
  readonly frames: readonly number[];
  readonly troubles: readonly number[];
  readonly alerts: readonly number[];
  /** First frame of each alert: name and pixel. */
  readonly flags: readonly { readonly name: string; readonly x: number }[];
}

/** Frames as pixel columns: a night of 10,000 frames draws at most one tick a pixel. */
export function barMarks(rows: readonly FrameRow[], fromMs: number, toMs: number, widthPx: number): BarMarks {
  const frames = new Set<number>();
  const troubles = new Set<number>();
  const alerts = new Set<number>();
  const first = new Map<string, number>();
  for (const row of rows) {
    if (row.observedAt === null) continue;
    const ms = Date.parse(row.observedAt);
    if (row.isAlert) first.set(row.target ?? 'alert', Math.min(first.get(row.target ?? 'alert') ?? ms, ms));
    if (ms < fromMs || ms > toMs) continue;
    const x = Math.round(((ms - fromMs) / (toMs - fromMs)) * widthPx);
    if (row.state === 'failed' || row.state === 'quarantined') troubles.add(x);
    else if (row.isAlert) alerts.add(x);
    else frames.add(x);
  }
  const flags = [...first]
    .map(([name, ms]) => ({ name, x: ((ms - fromMs) / (toMs - fromMs)) * widthPx }))
    .filter(({ x }) => x >= 0 && x <= widthPx);
  return { frames: [...frames], troubles: [...troubles], alerts: [...alerts], flags };
}

/** One path of vertical ticks. */
export const tickPath = (columns: readonly number[], top: number, bottom: number): string =>
  columns.map((x) => `M${x} ${top}V${bottom}`).join('');
