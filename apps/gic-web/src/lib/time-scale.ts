import { useCallback, useSyncExternalStore } from 'react';
import { type TimeScale, timeScales } from './time.ts';
import { useUrlState } from './url-state.ts';

const storageKey = 'gic.timeScale';
const listeners = new Set<() => void>();
let chosen: TimeScale | null = null;

function stored(): TimeScale {
  if (chosen === null) {
    let text: string | null = null;
    try {
      text = localStorage.getItem(storageKey);
    } catch {
      // no storage: UT
    }
    chosen = timeScales.find((scale) => scale === text) ?? 'ut';
  }
  return chosen;
}

/** The one time switch of the application: a pinned `?ts=` wins over the person's own choice. `t` cycles. */
export function useTimeScale(): [TimeScale, (scale: TimeScale) => void] {
  const [search, setSearch] = useUrlState();
  const own = useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, stored);
  const pinned = search.ts;
  const set = useCallback(
    (scale: TimeScale) => {
      chosen = scale;
      try {
        localStorage.setItem(storageKey, scale);
      } catch {
        // lasts for this page
      }
      if (pinned !== undefined) setSearch({ ts: scale }, 'quiet');
      for (const listener of listeners) listener();
    },
    [pinned, setSearch],
  );
  return [pinned ?? own, set];
}

export const nextScale = (scale: TimeScale): TimeScale => timeScales[(timeScales.indexOf(scale) + 1) % timeScales.length]!;
