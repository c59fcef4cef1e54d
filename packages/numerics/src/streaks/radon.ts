import { quantileInPlace } from '../stats/quantile.ts';
import type { LineSums } from './line-sums.ts';
import type { StreakCells } from './streak-cells.ts';

/** A straight segment through the centres of two cells, and the S/N of what lies on it over the scatter of all such segments. */
export interface Segment {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
  readonly snr: number;
}

/** Least part of a line inside the image [cells]. */
const SHORTEST = 16;
/** Fewer lines than these do not tell the scatter. */
const LEAST_SAMPLES = 100;

/** Segments whose S/N is above `threshold`, in units of its scatter, the best first: `sums` are those of `sumLines` for this threshold. */
export function brightSegments(sums: readonly LineSums[], { columns, rows }: StreakCells, threshold: number): Segment[] {
  const found: Segment[] = [];
  sums.forEach((lines, k) => {
    const [isSteep, isFalling] = [k >> 2 === 1, ((k >> 1) & 1) === 1];
    const turned = isSteep ? { columns: rows, rows: columns } : { columns, rows };
    for (const { x0, y0, x1, y1, snr } of inside(lines, turned, threshold)) {
      const [v0, v1] = isFalling ? [turned.rows - 1 - y0, turned.rows - 1 - y1] : [y0, y1];
      found.push(isSteep ? { x0: v0, y0: x0, x1: v1, y1: x1, snr } : { x0, y0: v0, x1, y1: v1, snr });
    }
  });
  return found.sort((a, b) => b.snr - a.snr || a.x0 - b.x0 || a.y0 - b.y0);
}

/** The parts of lines inside the image. */
function inside(
  { width, row, y: ys, snr, samples }: LineSums,
  { columns, rows }: { columns: number; rows: number },
  threshold: number,
): Segment[] {
  const scale = scatterOf(samples);
  const segments: Segment[] = [];
  for (let i = 0; i < row.length; i++) {
    if (snr[i]! < threshold * scale) continue;
    const [rise, y] = [row[i]! % width, ys[i]!];
    const strip = row[i]! - rise;
    const slope = rise / Math.max(1, width - 1);
    const last = Math.min(width - 1, columns - 1 - strip);
    const from = slope > 0 ? Math.max(0, -y / slope) : 0;
    const to = slope > 0 ? Math.min(last, (rows - 1 - y) / slope) : last;
    if (to - from < SHORTEST) continue;
    segments.push({ x0: strip + from, y0: y + from * slope, x1: strip + to, y1: y + to * slope, snr: snr[i]! / scale });
  }
  return segments;
}

/** Half of the lines are within 0.67 sigma; no less than the noise says. */
function scatterOf(samples: Float32Array): number {
  const some = Float64Array.from(samples.filter((snr) => snr > 0));
  return some.length < LEAST_SAMPLES ? 1 : Math.max(1, quantileInPlace(some, 0.5) / 0.6745);
}
