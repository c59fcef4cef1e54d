import { describe, expect, it } from 'vitest';
import { instantCells, toCsv } from './csv.ts';

describe('CSV', () => {
  it('quotes what needs it and leaves unknown values empty', () => {
    expect(
      toCsv(
        ['a', 'b'],
        [
          ['x,y', null],
          ['say "no"', Number.NaN],
          [1.5, 0],
        ],
      ),
    ).toBe('a,b\n"x,y",\n"say ""no""",\n1.5,0\n');
  });

  it('carries UT and MJD for an instant', () => {
    expect(instantCells(Date.parse('2026-11-23T12:00:00Z'))).toEqual(['2026-11-23T12:00:00.000Z', '61367.50000000']);
  });
});
