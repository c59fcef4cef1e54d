import { describe, expect, it } from 'vitest';
import { sinceTrigger, unitSymbol, unitWord } from './unit-model.ts';

describe('a unit on the page', () => {
  it('is good only when it is final and nothing failed', () => {
    expect(unitSymbol({ state: 'final', failure: null })).toBe('ok');
    expect(unitSymbol({ state: 'live', failure: null })).toBe('info');
    expect(
      unitSymbol({ state: 'final', failure: { code: 'X', message: '', hint: '', module: null, quarantinePath: null } }),
    ).toBe('fail');
  });

  it('says which module works', () => {
    const cell = { module: 'stacking', state: 'running', startedAt: null, seconds: null, reason: null } as const;
    expect(unitWord({ state: 'working', cells: [cell] })).toBe('working: stacking');
    expect(unitWord({ state: 'live', cells: [] })).toContain('live');
  });

  it('tells the age of the event when a header gives it, and never a negative one', () => {
    const lastObservedAt = '2026-01-01T04:20:01.000Z';
    expect(sinceTrigger({ triggeredAt: '2026-01-01T04:18:49.000Z', lastObservedAt })).toBe('1 m 12 s after the event ·');
    expect(sinceTrigger({ triggeredAt: '2026-01-02T00:00:00.000Z', lastObservedAt })).toBe('before the event');
    expect(sinceTrigger({ triggeredAt: null, lastObservedAt })).toBe('');
  });
});
