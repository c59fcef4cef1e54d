import { describe, expect, it } from 'vitest';
import { initialLink, type LinkAction, type LinkEffect, type LinkState, linkTiming, stepLink } from './live-machine.ts';

type Untimed = LinkAction extends infer A ? (A extends { atMs: number } ? Omit<A, 'atMs'> : never) : never;

/** Plays actions from a state and collects the effects as words. */
function play(from: LinkState, ...actions: [number, Untimed][]): { state: LinkState; effects: string[] } {
  let state = from;
  const effects: string[] = [];
  const word = (effect: LinkEffect) => (effect.do === 'open' ? `open after ${effect.after}` : effect.do);
  for (const [atMs, action] of actions) {
    const [next, todo] = stepLink(state, { ...action, atMs } as LinkAction);
    state = next;
    effects.push(...todo.map(word));
  }
  return { state, effects };
}
const live = (seq = 10, atMs = 0) =>
  play(initialLink, [atMs, { type: 'start' }], [atMs, { type: 'snapshot', seq }], [atMs, { type: 'opened' }]).state;

describe('the live link', () => {
  it('fetches the snapshot first and opens the stream after its number', () => {
    const { state, effects } = play(
      initialLink,
      [0, { type: 'start' }],
      [50, { type: 'snapshot', seq: 41 }],
      [60, { type: 'opened' }],
    );
    expect(effects).toEqual(['fetch-snapshot', 'open after 41']);
    expect(state).toMatchObject({ phase: 'live', seq: 41, lostSinceMs: null });
  });

  it('applies each event once and in order', () => {
    const { state, effects } = play(
      live(10),
      [1, { type: 'event', seq: 11 }],
      [2, { type: 'event', seq: 11 }],
      [3, { type: 'event', seq: 12 }],
    );
    expect(effects).toEqual(['apply', 'apply']);
    expect(state.seq).toBe(12);
  });

  it('fetches the snapshot again on a gap, and applies nothing across it', () => {
    const gap = play(live(10), [1, { type: 'event', seq: 13 }], [2, { type: 'event', seq: 14 }]);
    expect(gap.effects).toEqual(['close', 'fetch-snapshot']);
    expect(gap.state.seq).toBe(10);
    const healed = play(gap.state, [3, { type: 'snapshot', seq: 14 }], [4, { type: 'opened' }], [5, { type: 'event', seq: 15 }]);
    expect(healed.effects).toEqual(['open after 14', 'apply']);
    expect(healed.state.lostSinceMs).toBeNull();
  });

  it('does not call a stream lost that a proxy cut and that opens again', () => {
    const { state, effects } = play(
      live(),
      [5000, { type: 'closed' }],
      [5040, { type: 'snapshot', seq: 12 }],
      [150, { type: 'opened' }],
    );
    expect(effects).toEqual(['fetch-snapshot', 'open after 12']);
    expect(state.lostSinceMs).toBeNull();
  });

  it('is lost at once when the server refuses the snapshot, and retries after 0.5, 1, 2, 4, 8, 8 s', () => {
    let { state } = play(live(10, -5000), [100, { type: 'closed' }], [120, { type: 'snapshot-failed' }]);
    expect(state).toMatchObject({ phase: 'waiting', lostSinceMs: 120, retryAtMs: 620 });
    const waits: number[] = [];
    for (let n = 0; n < 6; n++) {
      const at = state.retryAtMs!;
      waits.push(at - 120);
      const retried = play(state, [at - 1, { type: 'tick' }], [at, { type: 'tick' }]);
      expect(retried.effects).toEqual(['fetch-snapshot']);
      state = play(retried.state, [120, { type: 'snapshot-failed' }]).state;
      expect(state.lostSinceMs).toBe(120);
    }
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 8000]);
  });

  it('notices a pulled cable, which closes nothing, within 3 s', () => {
    let state = live(10, 0);
    let lostAt: number | null = null;
    for (let at = 0; at <= 3000 && lostAt === null; at += linkTiming.tickMs) {
      state = play(state, [at, { type: 'tick' }]).state;
      lostAt = state.lostSinceMs;
    }
    expect(lostAt).not.toBeNull();
    expect(lostAt).toBeLessThanOrEqual(3000);
  });

  it('asks a silent server, and stays connected when it answers', () => {
    const { state, effects } = play(
      live(10, 0),
      [1300, { type: 'tick' }],
      [1400, { type: 'probe-ok' }],
      [2500, { type: 'tick' }],
    );
    expect(effects).toEqual(['probe']);
    expect(state).toMatchObject({ phase: 'live', lostSinceMs: null, lastHeardMs: 1400 });
  });

  it('comes back with a snapshot, never on events alone, and clears the loss only then', () => {
    const lost = play(live(10), [100, { type: 'offline' }]).state;
    expect(lost.lostSinceMs).toBe(100);
    const back = play(
      lost,
      [5000, { type: 'event', seq: 11 }],
      [5001, { type: 'online' }],
      [5100, { type: 'snapshot', seq: 30 }],
    );
    expect(back.effects).toEqual(['fetch-snapshot', 'open after 30']);
    expect(back.state).toMatchObject({ phase: 'opening', seq: 30, lostSinceMs: null });
  });

  it('does not call the connection lost when the server lives and refuses the snapshot, and asks again', () => {
    const refused = play(initialLink, [0, { type: 'start' }], [40, { type: 'snapshot-refused' }]);
    expect(refused.state).toMatchObject({ phase: 'waiting', lostSinceMs: null, retryAtMs: 540 });
    expect(play(refused.state, [540, { type: 'tick' }]).effects).toEqual(['fetch-snapshot']);
  });

  it('does not hurry after a stream that is cut at birth again and again, and calms down when one lives', () => {
    const cut = play(live(10), [100, { type: 'closed' }]);
    expect(cut.effects).toEqual(['close']);
    expect(cut.state).toMatchObject({ phase: 'waiting', lostSinceMs: null, retryAtMs: 600 });
    const again = play(cut.state, [600, { type: 'tick' }], [650, { type: 'snapshot', seq: 11 }], [660, { type: 'opened' }]);
    const second = play(again.state, [700, { type: 'closed' }]).state;
    expect(second.retryAtMs).toBe(1700);
    const lived = play(again.state, [2600, { type: 'heard' }], [2700, { type: 'tick' }]).state;
    expect(lived.attempt).toBe(0);
  });

  it('asks again for a snapshot that never comes', () => {
    const lost = play(live(10), [100, { type: 'offline' }], [700, { type: 'tick' }]).state;
    expect(lost.phase).toBe('snapshot');
    const stuck = play(lost, [700 + linkTiming.snapshotMs, { type: 'tick' }]);
    expect(stuck.state.phase).toBe('snapshot');
    expect(play(stuck.state, [701 + linkTiming.snapshotMs, { type: 'tick' }]).state.phase).toBe('waiting');
  });

  it('ignores a stream that answers after it was given up', () => {
    const waiting = play(live(10), [100, { type: 'offline' }]).state;
    expect(play(waiting, [200, { type: 'closed' }]).effects).toEqual([]);
  });
});
