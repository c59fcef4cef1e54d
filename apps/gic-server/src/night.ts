import type { Clock } from '@colibri/base';
import type { NightTimes, Now } from '@colibri/contracts';
import { nightId, nightTimes, sanPedroMartir } from '@colibri/sky';
import { readSimulation } from './simulation.ts';

/** Which night it is, by the clock of the simulation while one is played, and the times of any night. */
export interface NightClock {
  current(): Promise<{ readonly nightId: string; readonly simulation: Now['simulation'] }>;
  times(nightId: string): NightTimes;
}

/** Times of so many nights are kept: they take a few milliseconds to find and never change. */
const KEPT = 200;

export function makeNightClock(clock: Clock, simulationFile: string | null): NightClock {
  const kept = new Map<string, NightTimes>();
  return {
    async current() {
      const nowMs = clock.now();
      const simulation = await readSimulation(simulationFile, nowMs);
      return { nightId: nightId(simulation?.at ?? nowMs, sanPedroMartir.longitudeEastDeg), simulation };
    },
    times(night) {
      let times = kept.get(night);
      if (!times) {
        times = nightTimes(night, sanPedroMartir);
        if (kept.size >= KEPT) kept.delete(kept.keys().next().value!);
        kept.set(night, times);
      }
      return times;
    },
  };
}
