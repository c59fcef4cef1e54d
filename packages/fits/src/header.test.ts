import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CardValue, Header } from './index.ts';

const back = (header: Header): Header => Header.parse(header.toBytes());
const printable = fc.string({ unit: fc.integer({ min: 32, max: 126 }).map((code) => String.fromCharCode(code)), maxLength: 300 });

/** What FITS can tell apart: trailing blanks do not count, but a string of blanks only is one blank. */
const asFits = (value: CardValue): CardValue =>
  typeof value !== 'string' || value === '' ? value : value.trimEnd() === '' ? ' ' : value.trimEnd();

describe('a header', () => {
  it('gives back every value it was given, byte for byte stable from then on', () => {
    const value: fc.Arbitrary<CardValue> = fc.oneof(
      printable,
      fc.boolean(),
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n }).filter((n) => !Number.isSafeInteger(Number(n))),
    );
    const keyword = fc.oneof(
      fc.stringMatching(/^[A-Z][A-Z0-9_-]{0,7}$/),
      fc.stringMatching(/^[A-Z]{3} [A-Z0-9]{1,12}( [A-Z0-9]{1,9}){0,2}$/),
    );
    const reserved = /^(END|COMMENT|HISTORY|CONTINUE|HIERARCH.*)$/;
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(keyword, value, fc.string({ maxLength: 20 })), { selector: ([key]) => key, maxLength: 30 }),
        (entries) => {
          const kept = entries.filter(([key]) => !reserved.test(key));
          const header = Header.of(kept);
          const bytes = header.toBytes();
          expect(bytes.length % 2880).toBe(0);
          const read = Header.parse(bytes);
          for (const [key, wanted] of kept) expect(read.get(key), key).toEqual(asFits(wanted));
          expect(read.toBytes()).toEqual(bytes);
        },
      ),
      { numRuns: 80, seed: 1 },
    );
  });

  it('finds keywords without case, HIERARCH ones with or without that word', () => {
    const header = back(Header.of([['ESO DET CHIP ID', 'CCD-1']]));
    for (const name of ['ESO DET CHIP ID', 'eso det chip id', 'HIERARCH ESO DET CHIP ID'])
      expect(header.text(name)).toBe('CCD-1');
  });

  it.each([
    ["STR     = 'a ''quoted'' word' / and more", "a 'quoted' word"],
    ["STR     = ''", ''],
    ["STR     = '    '", ' '],
    ["STR     = '/ is no comment' / is", '/ is no comment'],
    ['STR     = T', true],
    ['STR     =                    F / fixed', false],
    ['STR     = 1.5D3', 1500],
    ['STR     = -.5E-2', -0.005],
    ['STR     = 1.', 1],
    ['STR     = +7', 7],
    ['STR     = 18446744073709551616', 18446744073709551616n],
    ['STR     = (1.0, -2.0) / complex', '(1.0, -2.0)'],
    ['STR     =', null],
    ['STR     = / only a comment', null],
    ['STR     =5', 5],
    ['STR       5', undefined],
  ])('reads %s', (record, value) => {
    expect(Header.parse(new TextEncoder().encode(record.padEnd(80))).get('STR')).toEqual(value);
  });

  it('joins continued strings, also without the last ampersand, and leaves a lone ampersand alone', () => {
    const text = [
      "LONG    = 'one &'",
      "CONTINUE  'two &'",
      "CONTINUE  'three' / end",
      "LONE    = 'R&D &'",
      'NEXT    = 1',
      "CONTINUE  'stray'",
    ];
    const header = Header.parse(new TextEncoder().encode(text.map((line) => line.padEnd(80)).join('')));
    expect(header.get('LONG')).toBe('one two three');
    expect(header.comment('LONG')).toBe('end');
    expect(header.get('LONE')).toBe('R&D &');
    expect(header.get('NEXT')).toBe(1);
  });

  it('keeps the place, the comment and the first of repeated cards', () => {
    const header = Header.of([
      ['A', 1, 'first'],
      ['B', 2],
      ['A', 3],
    ]);
    expect(header.get('A')).toBe(1);
    header.set('A', 9);
    expect(header.cards().map(({ keyword, value }) => [keyword, value])).toEqual([
      ['A', 9],
      ['B', 2],
      ['A', 3],
    ]);
    expect(header.comment('A')).toBe('first');
    header.delete('A');
    expect(header.has('A')).toBe(false);
    expect(header.keywords()).toEqual(['B']);
  });

  it('begins comments of short strings in column 33, and none is cut for it', () => {
    const long = 'a comment of fifty characters, as long as it may be';
    const records = Header.of([
      ['CHECKSUM', '0'.repeat(16), 'sum'],
      ['FILTER', 'r', long],
      ['OBJECT', 'a name of twenty and more', 'x'],
    ]).records();
    expect(records[0]!.indexOf('/')).toBe(31);
    expect(records[1]!.trimEnd()).toBe(`FILTER  = 'r       ' / ${long}`);
    expect(records[2]!.trimEnd()).toBe("OBJECT  = 'a name of twenty and more' / x");
  });

  it('breaks long history into records and keeps accents readable', () => {
    const header = back(new Header().addHistory(`Obsérvé ${'x'.repeat(100)}`).addComment('two\nlines'));
    expect(header.commentary('HISTORY').join('')).toBe(`Observe ${'x'.repeat(100)}`);
    expect(header.commentary('COMMENT')).toEqual(['two', 'lines']);
  });

  it('says in a comment what cannot be written as a number', () => {
    const header = back(Header.of([['SEEING', Number.NaN]]));
    expect(header.has('SEEING')).toBe(false);
    expect(header.commentary('COMMENT')).toEqual(['SEEING is undefined: NaN']);
  });

  it.each(['=KEY', 'KEY=', 'ÅNGSTRÖM', 'A'.repeat(61)])('refuses the keyword %s', (keyword) => {
    expect(() => Header.of([[keyword, 1]]).toBytes()).toThrow(expect.objectContaining({ code: 'FITS_CANNOT_WRITE' }));
  });
});
