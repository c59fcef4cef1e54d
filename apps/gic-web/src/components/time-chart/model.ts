/** One measurement: when, how much, how sure, of which series. */
export interface ChartPoint {
  readonly ms: number;
  readonly value: number;
  readonly error: number | null;
  /** Filter name: gives marker, colour and label. */
  readonly series: string;
  /** What a click opens. */
  readonly key: string;
}

export interface ChartData {
  readonly names: readonly string[];
  /** x [s since 1970], then one column per series with nulls where it has no point. */
  readonly columns: (number | null)[][];
  readonly points: readonly ChartPoint[];
}

/** Points as aligned columns, sorted by time; points of one instant share a row. */
export function alignPoints(points: readonly ChartPoint[]): ChartData {
  const sorted = [...points].sort((a, b) => a.ms - b.ms);
  const names = [...new Set(sorted.map((point) => point.series))];
  const xs: number[] = [];
  const columns: (number | null)[][] = names.map(() => []);
  for (const point of sorted) {
    const series = names.indexOf(point.series);
    const last = xs.length - 1;
    // Two points of one series at one instant need two rows.
    if (last >= 0 && xs[last] === point.ms / 1000 && columns[series]![last] === null) columns[series]![last] = point.value;
    else {
      xs.push(point.ms / 1000);
      columns.forEach((column, i) => {
        column.push(i === series ? point.value : null);
      });
    }
  }
  return { names, columns: [xs, ...columns], points: sorted };
}

/** Runs of one series without a gap: a line is drawn within a run and never across a gap. A gap is 5 usual steps, and 3 min at least. */
export function runs(points: readonly ChartPoint[]): ChartPoint[][] {
  const steps = points.slice(1).map((point, i) => point.ms - points[i]!.ms);
  const usual = [...steps].sort((a, b) => a - b)[steps.length >> 1] ?? 0;
  const gap = Math.max(5 * usual, 180_000);
  const found: ChartPoint[][] = [];
  points.forEach((point, i) => {
    if (i === 0 || point.ms - points[i - 1]!.ms > gap) found.push([point]);
    else found[found.length - 1]!.push(point);
  });
  return found;
}

/** The point nearest to a place on the chart within `reachPx`, distances in pixels. */
export function nearestPoint(
  points: readonly ChartPoint[],
  xPx: number,
  yPx: number,
  toPx: (point: ChartPoint) => readonly [number, number],
  reachPx: number,
): ChartPoint | null {
  let best: ChartPoint | null = null;
  let least = reachPx * reachPx;
  for (const point of points) {
    const [x, y] = toPx(point);
    const d = (x - xPx) ** 2 + (y - yPx) ** 2;
    if (d <= least) {
      least = d;
      best = point;
    }
  }
  return best;
}

const minutes = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720];

/** Round instants for an axis [s], at least `leastPx` apart. */
export function timeSplits(fromSec: number, toSec: number, widthPx: number, leastPx = 58): number[] {
  const step = 60 * (minutes.find((m) => (m * 60 * widthPx) / (toSec - fromSec) >= leastPx) ?? 1440);
  const splits: number[] = [];
  for (let at = Math.ceil(fromSec / step) * step; at <= toSec; at += step) splits.push(at);
  return splits;
}

/** The window after a turn of the wheel about an instant, kept within the night and above one minute. */
export function zoomWindow(
  window: readonly [number, number],
  aboutMs: number,
  factor: number,
  night: readonly [number, number],
): readonly [number, number] | null {
  const span = Math.max(60_000, (window[1] - window[0]) * factor);
  if (span >= night[1] - night[0]) return null;
  const share = (aboutMs - window[0]) / (window[1] - window[0]);
  const from = Math.min(Math.max(night[0], aboutMs - share * span), night[1] - span);
  return [from, from + span];
}

/** Vertical places of labels so that none covers another: pushed apart downwards, then back up from the floor. */
export function spreadLabels(wanted: readonly number[], heightPx: number, floorPx: number): number[] {
  const order = wanted.map((y, i) => ({ y, i })).sort((a, b) => a.y - b.y);
  let last = Number.NEGATIVE_INFINITY;
  for (const label of order) {
    label.y = Math.max(label.y, last + heightPx);
    last = label.y;
  }
  let next = floorPx + heightPx;
  for (const label of order.toReversed()) {
    label.y = Math.min(label.y, next - heightPx);
    next = label.y;
  }
  const places = new Array<number>(wanted.length);
  for (const { y, i } of order) places[i] = y;
  return places;
}

/**
 * Range of an axis [value]: of the bulk, so that a single bad frame does not flatten the night. Points outside it are drawn at the border.
 * The bulk ends 1.2 times the spread of the central 90 % beyond its ends: empirical, keeps every frame of a quiet night.
 */
export function valueRange(values: readonly number[]): [number, number] {
  if (values.length === 0) return [0, 1];
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))]!;
  const [least, most] = [sorted[0]!, sorted[sorted.length - 1]!];
  const spread = at(0.95) - at(0.05);
  const reach = spread > 0 ? 1.2 * spread : most - least;
  const [lo, hi] = [Math.max(least, at(0.05) - reach), Math.min(most, at(0.95) + reach)];
  const margin = Math.max((hi - lo) * 0.08, Math.abs(hi) * 1e-4, 1e-4);
  return [lo - margin, hi + margin];
}

/** The axis of the night's charts when no window is chosen: from the first frame to the last, a little wider, within the night. */
export function dataRange(times: readonly number[], night: readonly [number, number]): readonly [number, number] {
  const inside = times.filter((ms) => ms >= night[0] && ms <= night[1]);
  if (inside.length === 0) return night;
  const [first, last] = inside.reduce(
    ([a, b], ms) => [Math.min(a, ms), Math.max(b, ms)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  );
  const margin = Math.max(600_000, 0.03 * (last - first));
  return [Math.max(night[0], first - margin), Math.min(night[1], last + margin)];
}
