import type { FrameRow, NightTimes } from '@colibri/contracts';
import { describe, expect, it } from 'vitest';
import { axisRange, barMarks, hourTicks, skySpans } from './night-bar-model.ts';

const times: NightTimes = {
  nightId: '2026-11-22',
  label: '',
  noonBefore: '2026-11-22T19:41:51Z',
  noonAfter: '2026-11-23T19:41:51Z',
  sunset: '2026-11-23T00:36:00Z',
  civilDusk: '2026-11-23T01:02:00Z',
  nauticalDusk: '2026-11-23T01:31:00Z',
  astronomicalDusk: '2026-11-23T02:00:00Z',
  astronomicalDawn: '2026-11-23T13:02:00Z',
  nauticalDawn: '2026-11-23T13:32:00Z',
  civilDawn: '2026-11-23T14:01:00Z',
  sunrise: '2026-11-23T14:27:00Z',
  moonUp: [],
  moonIllumination: 0,
};

describe('the night time bar', () => {
  it('shades day, three twilights, dark and back, without a hole', () => {
    const spans = skySpans(times);
    expect(spans.map((span) => span.kind).join(' ')).toBe('day civil nautical astronomical dark astronomical nautical civil day');
    expect(spans.slice(1).map((span) => span.fromMs)).toEqual(spans.slice(0, -1).map((span) => span.toMs));
    expect(spans.at(-1)!.toMs).toBe(Date.parse(times.noonAfter));
  });

  it('stays whole where astronomical darkness does not come', () => {
    const spans = skySpans({ ...times, astronomicalDusk: null, astronomicalDawn: null });
    expect(spans.map((span) => span.kind)).not.toContain('dark');
    expect(spans.slice(1).map((span) => span.fromMs)).toEqual(spans.slice(0, -1).map((span) => span.toMs));
  });

  it('shows the night with half an hour on each side, or noon to noon', () => {
    expect(axisRange(times, 'night')).toEqual([Date.parse('2026-11-23T00:06:00Z'), Date.parse('2026-11-23T14:57:00Z')]);
    expect(axisRange({ ...times, sunset: null }, 'night')).toEqual(axisRange(times, '24h'));
  });

  it('keeps hour labels apart on a phone', () => {
    const [from, to] = axisRange(times, 'night');
    const ticks = hourTicks(from, to, 360);
    expect(((ticks[1]! - ticks[0]!) / (to - from)) * 360).toBeGreaterThanOrEqual(56);
  });

  it('draws at most one tick a pixel and keeps trouble visible', () => {
    const rows = Array.from({ length: 5000 }, (_, i) => ({
      observedAt: new Date(Date.parse('2026-11-23T02:00:00Z') + i * 4000).toISOString(),
      state: i === 77 ? 'failed' : 'published',
      isAlert: false,
    })) as FrameRow[];
    const [from, to] = axisRange(times, 'night');
    const marks = barMarks(rows, from, to, 800);
    expect(marks.frames.length).toBeLessThanOrEqual(801);
    expect(marks.troubles).toHaveLength(1);
  });
});
