import type { RawFrame } from '@colibri/pipeline';
import type { Geometry, Section } from './sections.ts';

/** Bias levels of the data area. */
export interface RowLevels {
  /** [adu], `2 · height` values: left and right half of each row. */
  readonly levels: Float32Array;
  /** Mean of all [adu], and 1 sigma error of one level [adu]. */
  readonly mean: number;
  readonly error: number;
}

/**
 * Levels from the overscan: one clipped mean for each side and each half of the height, as COLIBRI's four amplifiers want
 * (pipeline.md §4.1). A level per half leaves 100 to 1000 times less noise than a level per row. Without overscan all levels are 0:
 * the master bias then carries the level.
 */
export function measureLevels(raw: RawFrame, geometry: Geometry): RowLevels {
  const { data, overscan } = geometry;
  const height = data.y1 - data.y0;
  const levels = new Float32Array(2 * height);
  if (overscan.length === 0) return { levels, mean: 0, error: 0 };
  const half = data.y0 + (height >> 1);
  const middle = (data.x0 + data.x1) / 2;
  const sides = [overscan.filter((s) => s.x0 < middle), overscan.filter((s) => s.x0 >= middle)];
  let sum = 0,
    worst = 0;
  sides.forEach((own, side) => {
    const sections = own.length > 0 ? own : overscan;
    for (const [y0, y1] of [
      [data.y0, half],
      [half, data.y1],
    ] as const) {
      if (y1 <= y0) continue;
      const { level, error } = clippedLevel(raw, sections, y0, y1);
      for (let y = y0 - data.y0; y < y1 - data.y0; y++) levels[2 * y + side] = level;
      sum += level * (y1 - y0);
      worst = Math.max(worst, error);
    }
  });
  return { levels, mean: sum / (2 * height), error: worst };
}

/** Mean of the overscan pixels in rows [y0, y1), clipped at 4 sigma around the median three times. NaN pixels are left out. */
function clippedLevel(raw: RawFrame, sections: readonly Section[], y0: number, y1: number): { level: number; error: number } {
  const room = new Float32Array(sections.reduce((sum, s) => sum + Math.max(0, (y1 - y0) * (s.x1 - s.x0)), 0));
  let found = 0;
  for (const s of sections) {
    for (let y = Math.max(y0, s.y0); y < Math.min(y1, s.y1); y++) {
      for (let i = y * raw.width + s.x0, end = i + s.x1 - s.x0; i < end; i++) {
        const value = raw.data[i]!;
        if (!Number.isNaN(value)) room[found++] = value;
      }
    }
  }
  if (found === 0) return { level: 0, error: 0 };
  const sorted = raw.data instanceof Uint16Array ? sortCounts(room.subarray(0, found)) : room.subarray(0, found).sort();
  const median = sorted[sorted.length >> 1]!;
  let sigma = (sorted[Math.floor(sorted.length * 0.8413)]! - sorted[Math.floor(sorted.length * 0.1587)]!) / 2;
  let level = median,
    count = sorted.length;
  for (let pass = 0; pass < 3; pass++) {
    const limit = Math.max(4 * sigma, 1); // 1 adu: the step of the converter
    let n = 0,
      s1 = 0,
      s2 = 0;
    for (let i = 0; i < sorted.length; i++) {
      const d = sorted[i]! - median;
      if (Math.abs(d) <= limit) {
        n++;
        s1 += d;
        s2 += d * d;
      }
    }
    if (n === 0) break;
    level = median + s1 / n;
    sigma = Math.sqrt(Math.max(s2 / n - (s1 / n) ** 2, 0));
    count = n;
  }
  return { level, error: sigma / Math.sqrt(count) };
}

/** Sorts 16-bit counts in place by counting them, ten times faster than by comparing. */
function sortCounts(values: Float32Array): Float32Array {
  const times = new Uint32Array(65_536);
  for (let i = 0; i < values.length; i++) times[values[i]!]!++;
  for (let count = 0, at = 0; at < values.length; count++) {
    const n = times[count]!;
    if (n > 0) values.fill(count, at, at + n);
    at += n;
  }
  return values;
}
