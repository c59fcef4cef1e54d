import { useSyncExternalStore } from 'react';
import { liveClient } from './live-client.ts';
import { serverClock } from './server-clock.ts';

/** One timer per period for the whole page, however many values count up. */
function makeTicker(periodMs: number) {
  const listeners = new Set<() => void>();
  let timer: ReturnType<typeof setInterval> | null = null;
  let value = serverClock.now();
  return {
    subscribe: (listener: () => void) => {
      listeners.add(listener);
      timer ??= setInterval(() => {
        value = serverClock.now();
        for (const each of listeners) each();
      }, periodMs);
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0 && timer !== null) {
          clearInterval(timer);
          timer = null;
        }
      };
    },
    get: () => {
      const now = serverClock.now();
      if (timer === null && Math.abs(now - value) > periodMs) value = now;
      return value;
    },
  };
}

const seconds = makeTicker(1000);
const quarters = makeTicker(250);

/** Server time [ms since 1970], renewed every second (or four times a second for running cells). */
export function useServerNow(pace: 'second' | 'quarter' = 'second'): number {
  const ticker = pace === 'second' ? seconds : quarters;
  return useSyncExternalStore(ticker.subscribe, ticker.get);
}

export const useLink = () => useSyncExternalStore(liveClient.subscribe, liveClient.getView);

/** True while a media query holds. */
export function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (listener) => {
      const list = matchMedia(query);
      list.addEventListener('change', listener);
      return () => list.removeEventListener('change', listener);
    },
    () => matchMedia(query).matches,
  );
}
export const phoneQuery = '(max-width: 720px)';
