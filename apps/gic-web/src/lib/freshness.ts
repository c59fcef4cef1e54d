import type { ChipState } from '@colibri/contracts';

export type Freshness = 'fresh' | 'ageing' | 'stale';

/** Age against the expected period p: up to 2p fresh, up to 5p with an age tag, beyond that stale. No datum at all is stale. */
export function freshnessOf(ageSec: number | null, periodSec: number): Freshness {
  if (ageSec === null || !Number.isFinite(ageSec)) return 'stale';
  if (ageSec <= 2 * periodSec) return 'fresh';
  return ageSec <= 5 * periodSec ? 'ageing' : 'stale';
}

/** A stale state is unknown, whatever it was: nothing stale looks live. */
export function effectiveState(state: ChipState, freshness: Freshness): ChipState {
  return freshness === 'stale' ? 'unknown' : state;
}
