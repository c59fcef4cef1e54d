import { describe, expect, it } from 'vitest';
import {
  alignPoints,
  type ChartPoint,
  dataRange,
  nearestPoint,
  runs,
  spreadLabels,
  timeSplits,
  valueRange,
  zoomWindow,
} from './model.ts';

const point = (sec: number, value: number, series = 'r'): ChartPoint => ({
  ms: sec * 1000,
  value,
  error: null,
  series,
  key: `${series}${sec}`,
});

describe('chart data', () => {
  it('aligns series on one time axis, sorted, with nulls where a series has no point', () => {
    const { names, columns } = alignPoints([point(20, 2, 'g'), point(10, 1), point(20, 3)]);
    expect(names).toEqual(['r', 'g']);
    expect(columns).toEqual([
      [10, 20],
      [1, 3],
      [null, 2],
    ]);
  });

  it('keeps two points of one series at one instant', () => {
    expect(alignPoints([point(10, 1), point(10, 2)]).columns).toEqual([
      [10, 10],
      [1, 2],
    ]);
  });

  it('never joins across a gap', () => {
    const cadence = [0, 60, 120, 180, 4000, 4060].map((sec) => point(sec, 1));
    expect(runs(cadence).map((run) => run.length)).toEqual([4, 2]);
    expect(runs([])).toEqual([]);
  });
});

describe('chart geometry', () => {
  it('finds the point under the cursor, and none far from it', () => {
    const points = [point(0, 0), point(10, 10)];
    const toPx = (p: ChartPoint) => [p.ms / 1000, p.value] as const;
    expect(nearestPoint(points, 9, 11, toPx, 12)).toBe(points[1]);
    expect(nearestPoint(points, 40, 40, toPx, 12)).toBeNull();
  });

  it('splits time at round minutes that leave room for their labels', () => {
    const splits = timeSplits(3600, 7200, 300);
    expect(splits).toEqual([3600, 4500, 5400, 6300, 7200]);
  });

  it('zooms about the cursor, which stays where it is, and lets go of the window when all is in view', () => {
    const night = [0, 36_000_000] as const;
    const zoomed = zoomWindow(night, 9_000_000, 0.5, night)!;
    expect((9_000_000 - zoomed[0]) / (zoomed[1] - zoomed[0])).toBeCloseTo(0.25, 9);
    expect(zoomWindow(zoomed, 9_000_000, 4, night)).toBeNull();
    expect(zoomWindow([0, 60_000], 0, 0.1, night)).toEqual([0, 60_000]);
  });

  it('spreads labels so that none covers another and all stay inside', () => {
    const places = spreadLabels([50, 52, 98, 99], 12, 100);
    const sorted = [...places].sort((a, b) => a - b);
    sorted.slice(1).forEach((y, i) => {
      expect(y - sorted[i]!).toBeGreaterThanOrEqual(12);
    });
    expect(Math.max(...places)).toBeLessThanOrEqual(100);
  });
});

describe('chart ranges', () => {
  it('is not flattened by one bad frame, and keeps every frame of a quiet night', () => {
    const quiet = Array.from({ length: 200 }, (_, i) => 1.5 + 0.2 * Math.sin(i));
    expect(valueRange([...quiet, 9])[1]).toBeLessThan(2.7);
    const [lo, hi] = valueRange(quiet);
    expect(quiet.every((value) => value > lo && value < hi)).toBe(true);
  });

  it('has a range for nothing, for one value and for equal values', () => {
    for (const values of [[], [5], [5, 5, 5]]) {
      const [lo, hi] = valueRange(values);
      expect(hi).toBeGreaterThan(lo);
    }
  });

  it('shows the part of the night that has frames', () => {
    const night = [0, 36_000_000] as const;
    expect(dataRange([], night)).toBe(night);
    const [from, to] = dataRange([7_200_000, 9_000_000], night);
    expect([from, to]).toEqual([6_600_000, 9_600_000]);
  });
});
