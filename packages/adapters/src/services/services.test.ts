import { describe, expect, it } from 'vitest';
import { withinDeadline } from './deadline.ts';
import { restingFetch } from './resting-fetch.ts';

function service(status: () => number | 'down') {
  let now = 0;
  let asked = 0;
  const fetch = restingFetch({
    service: 'A service',
    clock: { monotonic: () => now },
    restSec: 10,
    longestRestSec: 40,
    fetch: async () => {
      asked++;
      const answer = status();
      if (answer === 'down') throw new TypeError('fetch failed', { cause: { code: 'ECONNREFUSED' } });
      return new Response('', { status: answer });
    },
  });
  return {
    ask: () =>
      fetch('http://service/').then(
        ({ status: code }) => code as number | string,
        (error: Error & { code?: string }) => error.code ?? error.message,
      ),
    wait: (sec: number) => {
      now += sec * 1000;
    },
    asked: () => asked,
  };
}

describe('restingFetch', () => {
  it('leaves a service alone after it failed, longer each time, and forgets it with the first answer', async () => {
    let answer: number | 'down' = 'down';
    const { ask, wait, asked } = service(() => answer);
    expect([await ask(), await ask(), asked()]).toEqual(['fetch failed', 'SERVICE_RESTING', 1]);
    wait(10);
    expect([await ask(), asked()]).toEqual(['fetch failed', 2]);
    wait(10);
    expect([await ask(), asked()]).toEqual(['SERVICE_RESTING', 2]); // twice as long now
    wait(10);
    answer = 200;
    expect([await ask(), await ask(), asked()]).toEqual([200, 200, 4]);
    answer = 503;
    expect([await ask(), await ask(), asked()]).toEqual([503, 'SERVICE_RESTING', 5]);
    wait(10); // the first rest again, not the third
    answer = 404; // an answer, although no good one
    expect([await ask(), await ask(), asked()]).toEqual([404, 404, 7]);
  });

  it('lets one question try after the rest, the others wait for what it finds', async () => {
    const { ask, wait, asked } = service(() => 'down');
    await ask();
    wait(11);
    expect(await Promise.all([ask(), ask(), ask()])).toEqual(['fetch failed', 'SERVICE_RESTING', 'SERVICE_RESTING']);
    expect(asked()).toBe(2);
  });
});

describe('withinDeadline', () => {
  it('gives what comes in time, and says who was late', async () => {
    expect(await withinDeadline('A', 1, Promise.resolve(7))).toBe(7);
    await expect(withinDeadline('A', 0.01, new Promise(() => {}))).rejects.toMatchObject({ code: 'SERVICE_LATE' });
    await expect(withinDeadline('A', 1, Promise.reject(new Error('no')))).rejects.toThrow('no');
  });
});
