import type { FrameRow, Now } from '@colibri/contracts';
import { age, medianOf } from '../../lib/format.ts';
import { freshnessOf } from '../../lib/freshness.ts';

const chipNames = { safety: 'safety', telescope: 'telescope', alert: 'alert', gp1: 'GP1', link: 'link to France' } as const;

/** The state of the observatory in one sentence, from what is fresh; what nobody reports is named, never assumed. */
export function stateSentence(
  now: Pick<Now, 'chips'>,
  rows: readonly FrameRow[],
  serverNowMs: number,
): { readonly headline: string; readonly missing: string | null } {
  const known = new Map(
    now.chips
      .filter(
        (chip) =>
          chip.state !== 'unknown' &&
          freshnessOf(chip.asOf === null ? null : (serverNowMs - Date.parse(chip.asOf)) / 1000, chip.periodSec) !== 'stale',
      )
      .map((chip) => [chip.id, chip] as const),
  );
  const [telescope, alert, safety] = [known.get('telescope'), known.get('alert'), known.get('safety')];
  const parts = [telescope === undefined ? lastFrameWords(rows, serverNowMs) : sentenceCase(telescope.detail ?? telescope.word)];
  if (alert !== undefined && alert.state !== 'ok' && alert.word !== 'none' && !parts[0]!.includes(alert.word))
    parts.push(`alert ${alert.word}`);
  if (safety !== undefined) parts.push(`site ${safety.word}`);
  const missing = now.chips.filter((chip) => !known.has(chip.id)).map((chip) => chipNames[chip.id]);
  return {
    headline: `${parts.join('; ')}.`,
    missing: missing.length === 0 ? null : `No fresh word of ${missing.join(', ')}: not connected, or silent.`,
  };
}

/** Without a telescope to tell, the frames do. */
function lastFrameWords(rows: readonly FrameRow[], serverNowMs: number): string {
  const newest = rows
    .filter((row) => row.type === 'object')
    .reduce<FrameRow | null>((a, b) => (a === null || b.receivedAt > a.receivedAt ? b : a), null);
  if (newest === null)
    return rows.length === 0
      ? 'Waiting for the first frame of the night'
      : `Calibrations are coming in, ${rows.length} frames so far`;
  const what = [newest.target ?? 'a field', newest.filter === null ? null : `in ${newest.filter}`].filter(Boolean).join(' ');
  return `The last frame shows ${what}, ${age((serverNowMs - Date.parse(newest.receivedAt)) / 1000)} ago`;
}

const sentenceCase = (text: string) => text.charAt(0).toUpperCase() + text.slice(1).replace(/\.$/, '');

/** The newest measured frame of each camera. */
export function lastFrames(rows: readonly FrameRow[]): FrameRow[] {
  const newest = new Map<string, FrameRow>();
  for (const row of rows) {
    if (row.metrics === null || row.camera === null || row.products.reduced === null) continue;
    const old = newest.get(row.camera);
    if (old === undefined || row.receivedAt > old.receivedAt) newest.set(row.camera, row);
  }
  return [...newest.values()].sort((a, b) => (a.camera! < b.camera! ? -1 : 1));
}

/** Troubles of the night that a person must look at, one line per code, the newest first. */
export function needsPerson(rows: readonly FrameRow[]): { key: string; text: string; at: string }[] {
  const byCode = new Map<string, FrameRow[]>();
  for (const row of rows) {
    if (row.failure === null || (row.state !== 'failed' && row.state !== 'quarantined')) continue;
    byCode.set(row.failure.code, [...(byCode.get(row.failure.code) ?? []), row]);
  }
  return [...byCode]
    .map(([code, members]) => {
      const last = members.reduce((a, b) => (b.receivedAt > a.receivedAt ? b : a));
      return {
        key: code,
        text: members.length === 1 ? last.failure!.message : `${members.length} frames: ${last.failure!.message}`,
        at: last.receivedAt,
      };
    })
    .sort((a, b) => (a.at < b.at ? 1 : -1));
}

export function speed(rows: readonly FrameRow[]) {
  const latencies = rows.map((row) => row.latencySec).filter((sec): sec is number => sec !== null);
  return {
    published: rows.filter((row) => row.state === 'published').length,
    failed: rows.filter((row) => row.state === 'failed' || row.state === 'quarantined').length,
    underWay: rows.filter((row) => ['arriving', 'queued', 'reducing', 'reduced', 'measured'].includes(row.state)).length,
    medianSec: medianOf(latencies),
    slowestSec: latencies.length === 0 ? null : Math.max(...latencies),
  };
}
