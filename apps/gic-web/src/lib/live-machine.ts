/**
 * The life of the live stream as a pure function: snapshot first, then newer events; a gap or a silence means snapshot again.
 * `live-client.ts` carries the effects out; nothing here knows of network, timers or React.
 */
export interface LinkState {
  /** `snapshot`: being fetched · `opening`: stream requested · `live`: stream open · `waiting`: until `retryAtMs`. */
  readonly phase: 'idle' | 'snapshot' | 'opening' | 'live' | 'waiting';
  /** Last sequence number that is in the data shown. */
  readonly seq: number | null;
  /** When the server was last heard [monotonic ms]. */
  readonly lastHeardMs: number | null;
  /** Since when the page counts as disconnected; null: connected, or not yet sure. */
  readonly lostSinceMs: number | null;
  readonly attempt: number;
  readonly retryAtMs: number | null;
  readonly probeSentMs: number | null;
  readonly snapshotSentMs: number | null;
  readonly openedMs: number | null;
}

export type LinkAction =
  | {
      readonly type:
        | 'start'
        | 'snapshot-failed'
        | 'snapshot-refused'
        | 'opened'
        | 'heard'
        | 'closed'
        | 'offline'
        | 'online'
        | 'probe-ok'
        | 'probe-failed'
        | 'tick';
      readonly atMs: number;
    }
  | { readonly type: 'snapshot'; readonly seq: number; readonly atMs: number }
  | { readonly type: 'event'; readonly seq: number; readonly atMs: number };

export type LinkEffect =
  | { readonly do: 'fetch-snapshot' | 'close' | 'probe' | 'apply' }
  | { readonly do: 'open'; readonly after: number };

export const initialLink: LinkState = {
  phase: 'idle',
  seq: null,
  lastHeardMs: null,
  lostSinceMs: null,
  attempt: 0,
  retryAtMs: null,
  probeSentMs: null,
  snapshotSentMs: null,
  openedMs: null,
};

/**
 * Silence before asking, patience for the answer, and the pulse of `tick`: together below the 3 s in which the page must look disconnected.
 * A snapshot may be long on a slow line; after `snapshotMs` without a word it is asked for again.
 */
export const linkTiming = { silenceMs: 1200, probeMs: 1000, tickMs: 250, snapshotMs: 20_000, steadyMs: 2000 } as const;

/** Waits of 0.5, 1, 2, 4 and then 8 s. */
const retryDelayMs = (attempt: number) => Math.min(8000, 500 * 2 ** Math.max(0, attempt - 1));

type Step = readonly [LinkState, readonly LinkEffect[]];

export function stepLink(state: LinkState, action: LinkAction): Step {
  const { atMs } = action;
  switch (action.type) {
    case 'start':
      return [{ ...state, phase: 'snapshot', snapshotSentMs: atMs }, [{ do: 'fetch-snapshot' }]];
    case 'snapshot':
      if (state.phase !== 'snapshot') return [heard(state, atMs), []];
      return [{ ...heard(state, atMs), phase: 'opening', seq: action.seq }, [{ do: 'open', after: action.seq }]];
    case 'opened':
      return [{ ...heard(state, atMs), phase: 'live', openedMs: atMs }, []];
    case 'heard':
    case 'probe-ok':
      return [heard(state, atMs), []];
    case 'event':
      return onEvent(heard(state, atMs), action.seq);
    case 'closed': {
      if (state.phase !== 'live' && state.phase !== 'opening') return [state, []];
      // Proxies cut long answers: start again at once, and call it lost only if that fails. One cut at birth is not asked for in a hurry.
      if (isSteady(state, atMs)) return [{ ...state, phase: 'snapshot', snapshotSentMs: atMs }, [{ do: 'fetch-snapshot' }]];
      const [waiting, effects] = lose(state, atMs);
      return [{ ...waiting, lostSinceMs: state.lostSinceMs }, effects];
    }
    case 'online':
      if (state.phase !== 'waiting') return [state, []];
      return [{ ...state, phase: 'snapshot', retryAtMs: null, snapshotSentMs: atMs }, [{ do: 'fetch-snapshot' }]];
    case 'snapshot-refused': {
      // The server lives and says no: that is its trouble, not the connection's.
      const [waiting, effects] = lose(heard(state, atMs), atMs);
      return [{ ...waiting, lostSinceMs: null }, effects];
    }
    case 'snapshot-failed':
    case 'probe-failed':
    case 'offline':
      return state.phase === 'idle' ? [state, []] : lose(state, atMs);
    case 'tick':
      return onTick(state, atMs);
  }
}

/** The stream has lived long enough to be trusted: retries begin anew. */
const isSteady = (state: LinkState, atMs: number) =>
  state.phase === 'live' && state.openedMs !== null && atMs - state.openedMs >= linkTiming.steadyMs;

function heard(state: LinkState, atMs: number): LinkState {
  return { ...state, lastHeardMs: atMs, probeSentMs: null, lostSinceMs: state.phase === 'waiting' ? state.lostSinceMs : null };
}

function onEvent(state: LinkState, seq: number): Step {
  if (state.phase !== 'live' || state.seq === null || seq <= state.seq) return [state, []];
  if (seq > state.seq + 1)
    return [{ ...state, phase: 'snapshot', snapshotSentMs: state.lastHeardMs }, [{ do: 'close' }, { do: 'fetch-snapshot' }]];
  return [{ ...state, seq }, [{ do: 'apply' }]];
}

function lose(state: LinkState, atMs: number): Step {
  const attempt = state.attempt + 1;
  return [
    {
      ...state,
      phase: 'waiting',
      lostSinceMs: state.lostSinceMs ?? atMs,
      attempt,
      retryAtMs: atMs + retryDelayMs(attempt),
      probeSentMs: null,
    },
    [{ do: 'close' }],
  ];
}

function onTick(before: LinkState, atMs: number): Step {
  const state = before.attempt > 0 && isSteady(before, atMs) ? { ...before, attempt: 0 } : before;
  if (state.phase === 'waiting') {
    if (state.retryAtMs === null || atMs < state.retryAtMs) return [state, []];
    return [
      { ...state, phase: 'snapshot', retryAtMs: null, lastHeardMs: null, snapshotSentMs: atMs },
      [{ do: 'fetch-snapshot' }],
    ];
  }
  if (state.phase === 'snapshot') {
    const since = Math.max(state.snapshotSentMs ?? atMs, state.lastHeardMs ?? 0);
    if (atMs - since > linkTiming.snapshotMs) return lose(state, atMs);
  }
  if (state.phase === 'idle' || state.lastHeardMs === null) return [state, []];
  if (state.probeSentMs !== null) return atMs - state.probeSentMs > linkTiming.probeMs ? lose(state, atMs) : [state, []];
  if (atMs - state.lastHeardMs <= linkTiming.silenceMs) return [state, []];
  return [{ ...state, probeSentMs: atMs }, [{ do: 'probe' }]];
}
