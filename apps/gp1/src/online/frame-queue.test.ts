import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { frameQueue, type Waiting } from './frame-queue.ts';
import { routesOf, whyNot } from './route.ts';

const waiting = (key: string, isAlert = false, sinceMs = 0): Waiting => ({ key, isAlert, sinceMs });

describe('frameQueue', () => {
  it('gives alert frames first, each lane in the order of arrival, and each key once', () => {
    const queue = frameQueue<Waiting>();
    for (const item of [waiting('a', false, 5), waiting('b', true, 7), waiting('a', true), waiting('c'), waiting('d', true)])
      queue.push(item);
    expect(queue.size).toBe(4);
    expect(queue.oldestMs()).toBe(5);
    expect([queue.pop(), queue.pop(), queue.pop(), queue.pop(), queue.pop()].map((item) => item?.key)).toEqual([
      'b',
      'd',
      'a',
      'c',
      undefined,
    ]);
    expect(queue.oldestMs()).toBeNull();
  });

  it('loses nothing and repeats nothing, whatever comes', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(20), fc.boolean())), (items) => {
        const queue = frameQueue<Waiting>();
        for (const [key, isAlert] of items) queue.push(waiting(String(key), isAlert));
        const out: string[] = [];
        for (let item = queue.pop(); item; item = queue.pop()) out.push(item.key);
        expect(out.sort()).toEqual([...new Set(items.map(([key]) => String(key)))].sort());
      }),
    );
  });
});

describe('routesOf', () => {
  const svom = { name: 'svom', identifiers: [{ header: 'OBSERVER', value: 'SVOM' }] };
  const flats = { name: 'flats', identifiers: [{ header: 'EXPTYPE', value: 'flat' }] };
  const header = (values: Record<string, string>): ReadonlyMap<string, string> => new Map(Object.entries(values));

  it('compares without case, over the mapped words', () => {
    expect(routesOf(header({ ALOR: 'svom' }), 'object', [svom, flats])).toEqual([svom]);
    expect(routesOf(header({ OBSERVER: 'swift' }), 'object', [svom])).toEqual([]);
  });

  it('gives calibration frames only to those who name EXPTYPE', () => {
    expect(routesOf(header({ OBSERVER: 'svom', EXPTYPE: 'FLAT' }), 'flat', [svom, flats])).toEqual([flats]);
    expect(whyNot(header({ OBSERVER: 'svom' }), 'flat', svom)).toBe('calibration frames are kept for masters');
    expect(whyNot(header({}), 'object', svom)).toBe('the header has no OBSERVER');
    expect(whyNot(header({ OBSERVER: 'svom' }), 'object', svom)).toBeNull();
  });
});
