import { inflateSync } from 'node:zlib';
import { seededRandom } from '@colibri/base';
import { describe, expect, it } from 'vitest';
import { zlibDeflate } from './deflate.ts';
import { base64, encodePng } from './png.ts';

describe('zlibDeflate', () => {
  const random = seededRandom(5);
  const cases: [string, Uint8Array][] = [
    ['nothing', new Uint8Array(0)],
    ['one byte', Uint8Array.of(7)],
    [
      'a run of every length around the borders of RFC 1951',
      Uint8Array.from(
        [1, 2, 3, 4, 5, 10, 11, 12, 13, 18, 19, 20, 34, 35, 66, 67, 130, 131, 257, 258, 259, 260, 600].flatMap((n, k) =>
          Array.from({ length: n }, () => k),
        ),
      ),
    ],
    ['noise of all bytes', Uint8Array.from({ length: 5000 }, () => random.below(256))],
    [
      'normal noise of few levels',
      Uint8Array.from({ length: 20000 }, () => Math.max(0, Math.min(255, Math.round(60 + 9 * random.normal())))),
    ],
    // Frequencies of Fibonacci's kind make the longest codes.
    [
      'codes that would be longer than 15 bits',
      Uint8Array.from(
        Array.from({ length: 24 }, (_, k) =>
          Array.from({ length: Math.round(1.618 ** k) % 70000 }, (_, i) => (i % 2 === 0 ? k : 255)),
        ).flat(),
      ),
    ],
  ];
  it.each(cases)('gives back %s', (_, bytes) => {
    expect(Buffer.compare(inflateSync(zlibDeflate(bytes)), bytes)).toBe(0);
  });

  it('packs noise to its entropy within 2 %', () => {
    const bytes = Uint8Array.from({ length: 40000 }, () => Math.round(100 + 4 * random.normal()));
    const entropy = Math.log2(4 * Math.sqrt(2 * Math.PI * Math.E));
    expect(zlibDeflate(bytes).length * 8).toBeLessThan(1.02 * entropy * 40000 + 8 * 250);
  });
});

describe('encodePng', () => {
  it('writes a header, filtered rows and an end that a reader of PNG finds', () => {
    const grey = Uint8Array.from({ length: 6 }, (_, k) => 40 * k);
    const png = Buffer.from(encodePng(grey, 3, 2));
    expect(png.subarray(1, 4).toString()).toBe('PNG');
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([3, 2]);
    const length = png.readUInt32BE(33);
    expect([...inflateSync(png.subarray(41, 41 + length))]).toEqual([0, 0, 40, 80, 0, 120, 160, 200]);
    expect(png.subarray(-8).toString('hex')).toBe('49454e44ae426082');
  });

  it('writes base64 as everybody does', () => {
    for (const text of ['', 'a', 'ab', 'abc', 'abcd'])
      expect(base64(Buffer.from(text))).toBe(Buffer.from(text).toString('base64'));
  });
});
