import { describe, expect, it } from 'vitest';
import { makeServerClock } from './server-clock.ts';

describe('the server clock', () => {
  const serverStart = Date.parse('2026-11-23T05:12:00Z');

  it('tells right ages when the client clock is one hour wrong', () => {
    let monotonic = 1000;
    const clock = makeServerClock(
      () => monotonic,
      () => serverStart + 3_600_000 + monotonic,
    );
    clock.observe(serverStart + 1000, 990, 1010);
    monotonic = 8000;
    const receivedAt = serverStart + 3000;
    expect((clock.now() - receivedAt) / 1000).toBeCloseTo(5, 6);
    expect(clock.skewSec()).toBeCloseTo(3600, 6);
  });

  it('stays right when somebody corrects the client clock meanwhile', () => {
    let wall = serverStart - 7_200_000;
    const clock = makeServerClock(
      () => 500,
      () => wall,
    );
    clock.observe(serverStart, 500, 500);
    const before = clock.now();
    wall = serverStart;
    expect(clock.now()).toBe(before);
  });

  it('believes the answer with the shortest way, not the last one', () => {
    const clock = makeServerClock(
      () => 2000,
      () => 0,
    );
    clock.observe(serverStart + 1000, 995, 1005);
    clock.observe(serverStart + 1200, 1000, 1900); // late answer: up to 450 ms uncertain
    expect(clock.now()).toBe(serverStart + 2000);
  });

  it('falls back to the wall clock before the first answer, and says that it knows no skew', () => {
    const clock = makeServerClock(
      () => 0,
      () => 42,
    );
    expect(clock.now()).toBe(42);
    expect(clock.skewSec()).toBeNull();
  });
});
