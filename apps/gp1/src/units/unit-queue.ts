/** The units of one folder that want work. */
export interface UnitTask {
  /** `<pipeline>/<folder>`. */
  readonly key: string;
  readonly pipeline: string;
  readonly folder: string;
  /** All anew, from all frames. */
  readonly isFinal: boolean;
  /** Also what takes long: now and then, and at the end. */
  readonly isThorough: boolean;
  /** When the newest frame's file was closed [ms since 1970 UTC]; null: not in this run. */
  readonly closedMs: number | null;
}

export interface UnitQueueOptions {
  /** No new frame for so long: the unit is made anew from all of them [s]. */
  readonly settleSec: number;
  /** A unit that waits for so long goes before frames [s]. */
  readonly patienceSec: number;
  /** Least time between two thorough looks while frames arrive [s]. */
  readonly thoroughSec: number;
}

interface Entry {
  readonly pipeline: string;
  readonly folder: string;
  readonly isAlert: boolean;
  closedMs: number | null;
  /** Frames came since the last live look [monotonic ms of the first of them]; null: none. */
  dirtySince: number | null;
  /** When the newest frame was published [monotonic ms]. */
  touchedAt: number;
  isRunning: boolean;
  /** When the last thorough look ended, or the first frame came [monotonic ms]. */
  thoroughAt: number;
}

/**
 * Which unit is worked on next. A new frame asks for a live look at its unit, at once but never two at a time; when frames cease, the final
 * products are made.
 */
export interface UnitQueue {
  /** A frame of this unit was published. */
  touch(unit: { pipeline: string; folder: string; isAlert: boolean; closedMs: number | null }): void;
  /** The most urgent task, marked as running. `isPressing`: only one that must not wait longer. `isDraining`: no more frames will come. */
  next(now: number, options?: { readonly isPressing?: boolean; readonly isDraining?: boolean }): UnitTask | null;
  done(task: UnitTask): void;
  /** Units not yet final. */
  readonly size: number;
  /** When a unit settles next [monotonic ms]; null: none waits for it. */
  nextSettle(): number | null;
}

export function unitQueue({ settleSec, patienceSec, thoroughSec }: UnitQueueOptions, clock: { monotonic(): number }): UnitQueue {
  const entries = new Map<string, Entry>();
  const settlesAt = (entry: Entry): number => entry.touchedAt + settleSec * 1000;
  return {
    touch({ pipeline, folder, isAlert, closedMs }) {
      const key = `${pipeline}/${folder}`;
      const now = clock.monotonic();
      const entry = entries.get(key);
      if (entry) {
        entry.dirtySince ??= now;
        entry.touchedAt = now;
        entry.closedMs = closedMs;
      } else
        entries.set(key, {
          pipeline,
          folder,
          isAlert,
          closedMs,
          dirtySince: now,
          touchedAt: now,
          isRunning: false,
          thoroughAt: now,
        });
    },
    next(now, { isPressing = false, isDraining = false } = {}) {
      const waiting = [...entries].filter(([, entry]) => !entry.isRunning);
      const rank = ([, entry]: [string, Entry]): number => (entry.isAlert ? 0 : 1e12) + (entry.dirtySince ?? settlesAt(entry));
      waiting.sort((a, b) => rank(a) - rank(b));
      for (const [key, entry] of waiting) {
        const isFinal = isDraining || now >= settlesAt(entry);
        if (!isFinal && entry.dirtySince === null) continue;
        if (isPressing && (entry.dirtySince === null || now - entry.dirtySince < patienceSec * 1000)) continue;
        entry.isRunning = true;
        entry.dirtySince = null;
        const { pipeline, folder, closedMs } = entry;
        const isThorough = isFinal || now - entry.thoroughAt >= thoroughSec * 1000;
        return { key, pipeline, folder, isFinal, isThorough, closedMs };
      }
      return null;
    },
    done({ key, isFinal, isThorough }) {
      const entry = entries.get(key);
      if (!entry) return;
      entry.isRunning = false;
      if (isThorough) entry.thoroughAt = clock.monotonic();
      if (isFinal && entry.dirtySince === null) entries.delete(key);
    },
    get size() {
      return entries.size;
    },
    nextSettle() {
      const times = [...entries.values()].filter((entry) => !entry.isRunning).map(settlesAt);
      return times.length > 0 ? Math.min(...times) : null;
    },
  };
}
