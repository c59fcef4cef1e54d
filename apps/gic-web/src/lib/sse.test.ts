import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeSseParser, type SseMessage } from './sse.ts';

const parse = (...pieces: string[]): SseMessage[] => {
  const messages: SseMessage[] = [];
  const feed = makeSseParser((message) => messages.push(message));
  for (const piece of pieces) feed(piece);
  return messages;
};

describe('the event-stream parser', () => {
  it('reads id, event and data, and keeps the id for later messages', () => {
    expect(parse('id: 7\nevent: frame\ndata: {"a":1}\n\ndata: two\n\n')).toEqual([
      { id: '7', event: 'frame', data: '{"a":1}' },
      { id: '7', event: 'message', data: 'two' },
    ]);
  });

  it('joins data lines, skips comments and empty messages', () => {
    expect(parse(': keep-alive\n\ndata: a\ndata: b\n\n')).toEqual([{ id: null, event: 'message', data: 'a\nb' }]);
  });

  it('gives the same messages however the stream is cut, with any line end', () => {
    fc.assert(
      fc.property(fc.constantFrom('\n', '\r\n'), fc.array(fc.nat(40), { maxLength: 12 }), (end, cuts) => {
        const text = ['id: 1', 'data: first', '', ': hello', 'id: 2', 'data: x', 'data: y', '', ''].join(end);
        const whole = parse(text);
        const places = [...new Set(cuts)].filter((cut) => cut < text.length).sort((a, b) => a - b);
        const pieces = [0, ...places].map((from, i, all) => text.slice(from, all[i + 1] ?? text.length));
        expect(parse(...pieces)).toEqual(whole);
        expect(whole).toHaveLength(2);
      }),
    );
  });
});
