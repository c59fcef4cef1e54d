import { type FrameRow, noMetrics } from '@colibri/contracts';
import { describe, expect, it } from 'vitest';
import { framesCsv, panelCsv, panelPoints, panels } from './model.ts';

const row = (over: Partial<FrameRow>): FrameRow =>
  ({
    key: 'k',
    frameId: 'f',
    observedAt: '2026-11-23T05:00:00.000Z',
    filter: 'r',
    type: 'object',
    state: 'published',
    exposureSec: 30,
    latencySec: 1,
    metrics: { ...noMetrics, fwhmArcsec: 1.5, skyElectronPerPixel: 300 },
    failure: null,
    ...over,
  }) as FrameRow;
const panel = (id: string) => panels.find((each) => each.id === id)!;

describe('the plots of a night', () => {
  it('leaves out what has no figure, no time or no filter, and calibrations', () => {
    const rows = [
      row({}),
      row({ metrics: noMetrics }),
      row({ metrics: null }),
      row({ observedAt: null }),
      row({ filter: null }),
      row({ type: 'flat' }),
    ];
    expect(panelPoints(panel('fwhm'), rows)).toHaveLength(1);
  });

  it('shows the background per second, so that exposures of any length compare', () => {
    expect(panelPoints(panel('sky'), [row({})])[0]!.value).toBe(10);
  });

  it('adds up the exposure of each filter in order of time', () => {
    const rows = [
      row({ observedAt: '2026-11-23T06:00:00.000Z', exposureSec: 7200 }),
      row({ exposureSec: 3600 }),
      row({ filter: 'g', exposureSec: 1800 }),
      row({ state: 'failed' }),
    ];
    expect(panelPoints(panel('exposure'), rows).map((point) => `${point.series} ${point.value}`)).toEqual([
      'r 1',
      'g 0.5',
      'r 3',
    ]);
  });

  it('exports UT and MJD whatever the time switch says', () => {
    const csv = panelCsv(panel('fwhm'), panelPoints(panel('fwhm'), [row({})]));
    expect(csv.split('\n')[0]).toMatch(/^ut,mjd_utc,filter,/);
    expect(csv).toContain('2026-11-23T05:00:00.000Z,61367.20833333,r,1.5,,k');
    expect(framesCsv([row({ metrics: null })]).split('\n')[1]).toContain('f,');
  });
});
