import type { FrameRow, SourceTable } from '@colibri/contracts';
import { describe, expect, it } from 'vitest';
import { bestRow, lookFrom, neighbours, presetLook, skyText, sortSources, sourceRows, usualLook } from './model.ts';

const row = (over: Partial<FrameRow>): FrameRow =>
  ({
    frameId: 'f',
    camera: 'C1',
    pipeline: 'svom',
    revision: 1,
    observedAt: '2026-11-23T05:00:00.000Z',
    products: { reduced: 'x', catalog: null, summary: null },
    ...over,
  }) as FrameRow;

describe('the look of an image', () => {
  it('follows the link, then what the camera was seen with, then the usual', () => {
    expect(lookFrom({}, null)).toEqual(usualLook);
    expect(lookFrom({ st: 'log' }, { stretch: 'sqrt', limits: 'zscale' })).toEqual({
      stretch: 'log',
      limits: 'zscale',
      ramp: 'grey',
    });
    expect(lookFrom({ lo: 1, hi: 2 }, null).limits).toBe('manual');
    expect(lookFrom({ st: 'nonsense' }, null).stretch).toBe(usualLook.stretch);
  });

  it('has nine presets', () => {
    expect([1, 2, 3, 4, 5, 6, 7, 8, 9].every((key) => presetLook(key) !== undefined)).toBe(true);
    expect(presetLook(0)).toBeUndefined();
  });
});

describe('sources', () => {
  const table: SourceTable = {
    frameId: 'f',
    count: 3,
    columns: {
      NUMBER: [1, 2, 3],
      X_IMAGE: [1, 11.5, null],
      Y_IMAGE: [1, 20, 3],
      MAG_AUTO: [null, 17.123, 18],
      SNR_WIN: [5, 80, 9],
      FWHM_IMAGE: [4, 4.2, 4],
      FLAGS: [0, 2, 0],
    },
  };

  it('turns the 1-based pixels of the catalogue into ours, and leaves out what has no place', () => {
    const rows = sourceRows(table);
    expect(rows.map((each) => [each.number, each.x, each.y])).toEqual([
      [1, 0, 0],
      [2, 10.5, 19],
    ]);
    expect(rows.map((each) => each.label)).toEqual(['S/N 5', '17.12 mag']);
  });

  it('sorts bright first and keeps unknown magnitudes last', () => {
    expect(sortSources(sourceRows(table), 'mag').map((each) => each.number)).toEqual([2, 1]);
    expect(sortSources(sourceRows(table), 'snr').map((each) => each.number)).toEqual([2, 1]);
  });
});

describe('frames around a frame', () => {
  const rows = [
    row({ frameId: 'a', observedAt: '2026-11-23T05:00:00.000Z' }),
    row({ frameId: 'c', observedAt: '2026-11-23T05:02:00.000Z' }),
    row({ frameId: 'b', observedAt: '2026-11-23T05:01:00.000Z' }),
    row({ frameId: 'other', camera: 'C2' }),
    row({ frameId: 'failed', products: { reduced: null, catalog: null, summary: null } }),
  ];

  it('goes back and forth in time within one camera and pipeline, over images only', () => {
    const found = neighbours(rows, rows[2]!);
    expect([found.previous?.frameId, found.next?.frameId, found.place, found.count]).toEqual(['a', 'c', 2, 3]);
  });

  it('takes the newest revision in the pipeline asked for', () => {
    const revisions = [row({ revision: 1 }), row({ revision: 2 }), row({ revision: 3, pipeline: 'standard' })];
    expect(bestRow(revisions, 'svom')?.revision).toBe(2);
    expect(bestRow(revisions, undefined)?.revision).toBe(3);
  });
});

describe('coordinates as text', () => {
  it('writes both ways, and says when there is no sky', () => {
    expect(skyText(215.639, -53.1035, true)).toBe('215.639000° −53.103500°');
    expect(skyText(215.639, 53.1035, false)).toMatch(/^14[:h ]22[:m ]33/);
    expect(skyText(Number.NaN, 0, true)).toContain('outside');
  });
});
