import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDec, formatRa, parseDec, parseRa } from './sexagesimal.ts';

describe('parseRa', () => {
  it.each([
    ['14:22:33.4', 215.6391666666667],
    ['14 22 33.4', 215.6391666666667],
    ['14h22m33.4s', 215.6391666666667],
    ['14h 22m 33.4s', 215.6391666666667],
    ['14:22.5', 215.625],
    ['14h', 210],
    ['215.639', 215.639],
    ['215.639°', 215.639],
    ['215d38m20.4s', 215.639],
    ['-10.5', 349.5],
    ['00:00:00', 0],
    ['360', 0],
  ])('%s is %f°', (text, deg) => expect(parseRa(text)).toBeCloseTo(deg, 10));

  it.each(['', 'abc', '14:60:00', '14:22:60', '14.5:22', '14:22.5:10', '400', '1:2:3:4', '--1', '1e400', '-01:00:00'])(
    'refuses %j',
    (text) => expect(() => parseRa(text)).toThrow(expect.objectContaining({ code: 'ANGLE_MALFORMED' })),
  );
});

describe('parseDec', () => {
  it.each([
    ['+53:06:12.5', 53.10347222222222],
    ['-00:12:00', -0.2],
    ['−00 12 00', -0.2],
    ['-12d44m05.1s', -12.73475],
    ['-12°44\'05.1"', -12.73475],
    ['-12.7347', -12.7347],
    ['90', 90],
  ])('%s is %f°', (text, deg) => expect(parseDec(text)).toBeCloseTo(deg, 10));

  it.each(['91', '-90:00:01', '12h', '+53:06:12.5x'])('refuses %j', (text) =>
    expect(() => parseDec(text)).toThrow(expect.objectContaining({ code: 'ANGLE_MALFORMED' })),
  );
});

describe('formatRa and formatDec', () => {
  it('carry a rounded 60 into the next field, and 24 h to 0 h', () => {
    expect(formatRa(15 - 1e-9)).toBe('01:00:00.00');
    expect(formatRa(360 - 1e-9)).toBe('00:00:00.00');
    expect(formatDec(-0.9999999999)).toBe('-01:00:00.0');
    expect(formatDec(-0.2, 0)).toBe('-00:12:00');
    expect(formatRa(215.639, 3, ' ')).toBe('14 22 33.360');
    expect(formatRa(Number.NaN)).toBe('—');
  });

  it('are read back to half of the last digit written', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 359.999, noNaN: true }), fc.double({ min: -90, max: 90, noNaN: true }), (ra, dec) => {
        expect(Math.abs(parseRa(formatRa(ra, 3)) - ra) * 3600).toBeLessThan(0.0075 + 1e-8);
        expect(Math.abs(parseDec(formatDec(dec, 2)) - dec) * 3600).toBeLessThan(0.005 + 1e-8);
      }),
    );
  });
});
