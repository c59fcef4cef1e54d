import { describe, expect, it } from 'vitest';
import { parseSearch, stringifySearch, validateSearch } from './url-state.ts';

describe('view state in the URL', () => {
  it('comes back the same through a link', () => {
    const view = validateSearch({
      night: '2026-11-22',
      from: '2026-11-23T04:00:00.000Z',
      to: '2026-11-23T05:00:00.000Z',
      q: 'filter=r fwhm>2 type=object',
      x: 12.5,
      z: 4,
      nup: 1,
    });
    expect(validateSearch(parseSearch(stringifySearch({ ...view })))).toEqual(view);
  });

  it('stays readable', () => {
    expect(stringifySearch({ q: 'filter=r', from: '2026-11-23T04:00:00.000Z', row: 'svom/20261123T051207C1o/r1' })).toBe(
      '?q=filter=r&from=2026-11-23T04:00:00.000Z&row=svom/20261123T051207C1o/r1',
    );
  });

  it('drops what makes no sense instead of breaking the page', () => {
    expect(
      validateSearch({
        ts: 'moon',
        night: 'yesterday',
        x: 'left',
        from: '2026-11-23T05:00:00Z',
        to: '2026-11-23T04:00:00Z',
        nup: 7,
      }),
    ).toEqual({});
  });
});
