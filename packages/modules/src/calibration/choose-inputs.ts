import type { CalibrationRaw, MasterKey } from '@colibri/pipeline';

/** Which raw frames make the master for a key, and what is not exact about them. */
export interface MasterPlan {
  readonly key: MasterKey;
  /** Night whose frames were taken (the newest, when several were pooled). */
  readonly nightId: string;
  readonly inputs: readonly CalibrationRaw[];
  readonly note: string | null;
}

/** Fewest frames for a master, and the number from which it counts as complete (pipeline.md §4.2–4.4). */
export const wanted = {
  bias: { fewest: 3, complete: 8 },
  dark: { fewest: 2, complete: 8 },
  flat: { fewest: 3, complete: 6 },
} as const;

/**
 * Chooses by the exact key, never by names: camera, binning, read mode, soft gain, filter and size must agree; for darks the
 * exposure time too, else the nearest one is scaled and the note says so. Night: the latest not after the frame's that has enough
 * frames; else several earlier nights together; else the first later night, with a note. null: there is nothing to build from.
 */
export function chooseInputs(candidates: readonly CalibrationRaw[], key: MasterKey, nightId: string): MasterPlan | null {
  const fitting = candidates.filter((raw) => agrees(raw.key, key));
  if (key.type !== 'dark') return chooseNight(fitting, key, nightId, null);
  const times = [...new Set(fitting.map((raw) => raw.key.exposureSec ?? 0))];
  const target = key.exposureSec ?? 0;
  times.sort((a, b) => Math.abs(a - target) - Math.abs(b - target) || b - a);
  for (const time of times) {
    if (!(time > 0)) continue;
    const isExact = key.exposureSec === null || Math.abs(time - target) < 1e-3;
    const note = isExact ? null : `darks of ${time} s scaled to ${target} s`;
    const plan = chooseNight(
      fitting.filter((raw) => raw.key.exposureSec === time),
      { ...key, exposureSec: time },
      nightId,
      note,
    );
    if (plan) return plan;
  }
  return null;
}

function agrees(a: MasterKey, b: MasterKey): boolean {
  return (
    a.type === b.type &&
    a.camera === b.camera &&
    a.binning === b.binning &&
    a.readMode === b.readMode &&
    a.softGain === b.softGain &&
    a.filter === b.filter &&
    a.width === b.width &&
    a.height === b.height
  );
}

function chooseNight(raws: readonly CalibrationRaw[], key: MasterKey, nightId: string, note: string | null): MasterPlan | null {
  const { fewest } = wanted[key.type];
  const byNight = new Map<string, CalibrationRaw[]>();
  for (const raw of raws) byNight.set(raw.nightId, [...(byNight.get(raw.nightId) ?? []), raw]);
  const earlier = [...byNight.keys()]
    .filter((night) => night <= nightId)
    .sort()
    .reverse();
  const later = [...byNight.keys()].filter((night) => night > nightId).sort();
  const notes = note === null ? [] : [note];
  let inputs: CalibrationRaw[] = [];
  let night: string | undefined;
  for (const candidate of earlier) {
    night ??= candidate;
    inputs = [...inputs, ...byNight.get(candidate)!];
    if (inputs.length >= fewest) break;
  }
  if (inputs.length < fewest) {
    inputs = [];
    for (const candidate of later) {
      night = candidate;
      inputs = [...inputs, ...byNight.get(candidate)!];
      if (inputs.length >= fewest) break;
    }
    if (inputs.length < fewest) return null;
    notes.push(`taken in a later night (${night})`);
  }
  const sorted = inputs.toSorted((a, b) =>
    a.observedAt < b.observedAt ? -1 : a.observedAt > b.observedAt ? 1 : a.sha256 < b.sha256 ? -1 : 1,
  );
  return { key, nightId: night!, inputs: sorted, note: notes.length > 0 ? notes.join('; ') : null };
}
