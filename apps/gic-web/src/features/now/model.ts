import type { FrameRow, Now } from '@colibri/contracts';
import { medianOf } from '../../lib/format.ts';
import { freshnessOf } from '../../lib/freshness.ts';

/** The state of the observatory in one sentence, from the chips that are fresh; what is stale is said to be unknown. */
export function stateSentence(now: Pick<Now, 'chips'>, serverNowMs: number): string {
  const chip = (id: Now['chips'][number]['id']) => {
    const found = now.chips.find((each) => each.id === id);
    if (found === undefined) return null;
    const ageSec = found.asOf === null ? null : (serverNowMs - Date.parse(found.asOf)) / 1000;
    return freshnessOf(ageSec, found.periodSec) === 'stale' ? null : found;
  };
  const telescope = chip('telescope');
  const alert = chip('alert');
  const safety = chip('safety');
  const parts = [telescope === null ? 'What the telescope does is unknown' : sentenceCase(telescope.detail ?? telescope.word)];
  if (alert !== null && alert.state !== 'ok' && alert.state !== 'unknown' && alert.word !== 'none')
    parts.push(`alert ${alert.word}`);
  parts.push(safety === null ? 'safety unknown' : `site ${safety.word}`);
  return `${parts.join('; ')}.`;
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
