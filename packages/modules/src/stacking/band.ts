import { type Compute, type CoordinateGrid, GRID_STEP, type ResampledPlanes, type Shape } from '@colibri/numerics';
import type { StackFrame } from './frame-share.ts';
import type { PreparedFrame } from './prepare-frame.ts';

/** Some rows of a frame on the stack's grid: whole resampled frames would be as large as the stack, and nobody needs them at once. */
export interface Band extends ResampledPlanes {
  /** First row, a multiple of 16, and one after the last. */
  readonly y0: number;
  readonly y1: number;
}

/** A frame, where the pixels of the stack lie on it, and the rows of the stack that it covers; `width` is the stack's. */
export interface BandJob {
  readonly frame: StackFrame;
  readonly prepared: PreparedFrame;
  readonly toFrame: CoordinateGrid;
  readonly rows: readonly [number, number];
  readonly width: number;
}

/** Rows that are resampled at once, and those of them that the next band has too. */
const BAND_ROWS = 256;
export const OVERLAP = 32;

/**
 * Resamples a frame band by band. `body` may change the prepared frame within the band (mask pixels of it, and resample what they reach again); rows
 * within half the overlap of a border between two bands are complete in the later one only.
 *
 * @param body - gets the band and the rows that are complete, from and to (exclusive)
 */
export async function inBands(
  { frame, prepared, toFrame, rows, width }: BandJob,
  compute: Compute,
  body: (band: Band, from: number, to: number) => Promise<void>,
): Promise<void> {
  const [first, end] = rows;
  if (end <= first) return;
  await compute.scope(async () => {
    const most = Math.min(BAND_ROWS + OVERLAP, end - first) * width;
    const planes = { data: compute.float32(most), variance: compute.float32(most), mask: compute.uint16(most) };
    for (let y0 = first, from = first; from < end; y0 += BAND_ROWS) {
      const y1 = Math.min(y0 + BAND_ROWS + OVERLAP, end);
      const shape = { width, height: y1 - y0 };
      const band = { ...partOf(planes, 0, shape.width * shape.height), y0, y1 };
      await compute.resample(prepared, { ...shape, grid: rowsOf(toFrame, y0, shape), scale: frame.scale }, band);
      const to = y1 === end ? end : y1 - OVERLAP / 2;
      await body(band, from, to);
      from = to;
    }
  });
}

/** The same for light and mask alone, which nobody changes: bands from row `y0` to before `y1`, each complete. */
export async function inLightBands(
  { frame, prepared, toFrame, rows: [first, end], width }: BandJob,
  compute: Compute,
  body: (light: { readonly data: Float32Array; readonly mask: Uint16Array }, y0: number, y1: number) => Promise<unknown>,
): Promise<void> {
  await compute.scope(async () => {
    const most = Math.max(0, Math.min(BAND_ROWS, end - first)) * width;
    const planes = { data: compute.float32(most), mask: compute.uint16(most) };
    for (let y0 = first; y0 < end; y0 += BAND_ROWS) {
      const y1 = Math.min(y0 + BAND_ROWS, end);
      const shape = { width, height: y1 - y0 };
      const light = partOf(planes, 0, shape.width * shape.height);
      const options = { ...shape, grid: rowsOf(toFrame, y0, shape), scale: frame.scale };
      await compute.resample(prepared, options, { ...light, variance: null });
      await body(light, y0, y1);
    }
  });
}

/** Elements from … to − 1 of each plane. */
export function partOf<T extends object>(planes: T, from: number, to: number): T {
  return Object.fromEntries(
    Object.entries(planes).map(([name, plane]) => [name, (plane as Float32Array).subarray(from, to)]),
  ) as T;
}

/** The nodes of a grid that cover `height` rows from `y0`. */
function rowsOf({ columns, u, v }: CoordinateGrid, y0: number, { height }: Shape): CoordinateGrid {
  const first = y0 / GRID_STEP;
  const rows = Math.ceil(height / GRID_STEP) + 1;
  return {
    columns,
    rows,
    u: u.subarray(first * columns, (first + rows) * columns),
    v: v.subarray(first * columns, (first + rows) * columns),
  };
}
