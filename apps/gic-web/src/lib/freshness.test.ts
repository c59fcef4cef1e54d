import { describe, expect, it } from 'vitest';
import { effectiveState, freshnessOf } from './freshness.ts';

describe('freshness', () => {
  it.each([
    [0, 'fresh'],
    [20, 'fresh'],
    [20.1, 'ageing'],
    [50, 'ageing'],
    [50.1, 'stale'],
    [null, 'stale'],
    [Number.NaN, 'stale'],
  ] as const)('with a period of 10 s calls an age of %s s %s', (age, expected) => {
    expect(freshnessOf(age, 10)).toBe(expected);
  });

  it('turns a stale good state into unknown', () => {
    expect(effectiveState('ok', 'stale')).toBe('unknown');
    expect(effectiveState('critical', 'stale')).toBe('unknown');
    expect(effectiveState('ok', 'ageing')).toBe('ok');
  });
});
