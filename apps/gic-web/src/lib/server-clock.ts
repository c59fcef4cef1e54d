/**
 * The server's clock as seen from here. Ages are told on it, so a client clock that is an hour wrong changes nothing:
 * only `performance.now()`, which counts but does not know the date, is taken from this machine.
 */
export interface ServerClock {
  /** Server time now [ms since 1970, UTC]. */
  now(): number;
  /** This machine's wall clock minus the server's [s]; null before the first answer. */
  skewSec(): number | null;
  /** Learns from one answer: `serverTime` was true at some moment between `sentAt` and `receivedAt` (both monotonic [ms]). */
  observe(serverTimeMs: number, sentAt: number, receivedAt: number): void;
}

interface Sample {
  readonly offsetMs: number;
  readonly roundTripMs: number;
  readonly at: number;
}

/** Samples older than this no longer vote: clocks drift, machines sleep. */
const sampleLifeMs = 120_000;

export function makeServerClock(monotonic: () => number, wall: () => number): ServerClock {
  let samples: Sample[] = [];
  // The sample with the shortest round trip is the least uncertain (RFC 5905, clock filter).
  const best = () => samples.reduce<Sample | null>((a, b) => (a === null || b.roundTripMs < a.roundTripMs ? b : a), null);
  return {
    now() {
      const sample = best();
      return sample === null ? wall() : monotonic() + sample.offsetMs;
    },
    skewSec() {
      const sample = best();
      return sample === null ? null : (wall() - (monotonic() + sample.offsetMs)) / 1000;
    },
    observe(serverTimeMs, sentAt, receivedAt) {
      if (!Number.isFinite(serverTimeMs) || receivedAt < sentAt) return;
      const sample = {
        offsetMs: serverTimeMs - (sentAt + receivedAt) / 2,
        roundTripMs: receivedAt - sentAt,
        at: receivedAt,
      };
      samples = [...samples.filter((old) => receivedAt - old.at < sampleLifeMs), sample].slice(-8);
    },
  };
}

export const serverClock: ServerClock = makeServerClock(
  () => performance.now(),
  () => Date.now(),
);
