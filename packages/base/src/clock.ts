/** Where time comes from: the machine, a test, or a replayed night. */
export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00 UTC. */
  now(): number;
  /** Milliseconds that only grow, for ages and durations. */
  monotonic(): number;
}

export const systemClock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };

/** ISO 8601 in UTC with milliseconds and `Z`. */
export const isoUtc = (milliseconds: number): string => new Date(milliseconds).toISOString();
