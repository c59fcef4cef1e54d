import {
  type Compute,
  type CoordinateGrid,
  cellArea,
  cellShear,
  fillBad,
  GRID_STEP,
  gridAt,
  judgeOutliers,
  lanczosTable,
  MOST_BAD,
  markNear,
  resamplePixel,
} from '@colibri/numerics';
import type { Band } from './band.ts';
import type { StackFrame } from './frame-share.ts';
import type { OutputGrid } from './output-grid.ts';
import type { PreparedFrame } from './prepare-frame.ts';
import type { Reference, StackingOptions } from './stack-unit.ts';

/** Resampled pixels that are looked at on the frame itself [sigma]. */
const LOOK_SIGMA = 4;

export interface RejectionJob {
  readonly frame: StackFrame;
  readonly prepared: PreparedFrame;
  readonly toFrame: CoordinateGrid;
  readonly band: Band;
  readonly grid: OutputGrid;
  readonly reference: Reference;
  readonly options: StackingOptions;
}

/** Masks outliers of a band on the frame's own pixels, and resamples again the pixels of the band that they reached. The number of pixels masked. */
export async function rejectOutliers(job: RejectionJob, compute: Compute): Promise<number> {
  const { frame, prepared, toFrame, band, grid, reference, options } = job;
  const [from, to] = [band.y0 * grid.width, band.y1 * grid.width];
  const found = await compute.outliers(band, reference.mean.subarray(from, to), frame.weight / reference.weight, LOOK_SIGMA);
  if (found.length === 0) return 0;
  const rejected = judgeOutliers(
    found.map((i) => i + from),
    {
      data: prepared.data,
      variance: prepared.variance,
      mask: prepared.mask,
      shape: prepared,
      grid: toFrame,
      scale: frame.scale,
      reference: reference.mean,
      stackShape: grid,
      referenceNoise: frame.weight / reference.weight,
      skyVariance: prepared.skyVariance,
      fwhmPix: frame.fwhmPix,
      referenceFwhmPix: (frame.fwhmPix * reference.fwhmArcsec) / frame.fwhmArcsec,
      sigmas: options.clipSigma,
    },
  );
  repair(rejected, job);
  return rejected.length;
}

/** Fills newly masked pixels and resamples what they reach in the band. */
function repair(pixels: Int32Array, { frame, prepared, toFrame, band, grid }: RejectionJob): void {
  const { width } = prepared;
  fillBad(prepared.data, prepared.variance, prepared.mask, pixels, prepared.skyVariance, prepared);
  markNear(pixels, prepared, prepared.near);
  const table = lanczosTable();
  const [wx, wy] = [new Float64Array(8), new Float64Array(8)];
  const at = new Float64Array(2);
  const done = new Set<number>();
  const inverse = inverseOf(toFrame, grid);
  for (const p of pixels) {
    const u = p % width;
    const v = (p - u) / width;
    const [x0, y0, reach] = inverse(u, v);
    for (let y = Math.max(band.y0, y0 - reach); y <= Math.min(band.y1 - 1, y0 + reach); y++) {
      for (let x = Math.max(0, x0 - reach); x <= Math.min(grid.width - 1, x0 + reach); x++) {
        gridAt(toFrame, x, y, at);
        const o = (y - band.y0) * grid.width + x;
        if (Math.abs(at[0]! - u) >= 3 || Math.abs(at[1]! - v) >= 3 || done.has(o)) continue;
        done.add(o);
        const cell = [Math.floor(x / GRID_STEP), Math.floor(y / GRID_STEP)] as const;
        const shear = cellShear(toFrame, ...cell, prepared);
        const factor = frame.scale * cellArea(toFrame, ...cell);
        resamplePixel(prepared, { u: at[0]!, v: at[1]!, shear, factor, mostBad: MOST_BAD }, table, wx, wy, band, o);
      }
    }
  }
}

/** Pixel of the stack nearest to a place on the frame, by Newton steps on the grid, and how far around it the support of a pixel reaches. */
function inverseOf(grid: CoordinateGrid, { width, height }: OutputGrid): (u: number, v: number) => [number, number, number] {
  const at = new Float64Array(2);
  const right = new Float64Array(2);
  const up = new Float64Array(2);
  let [x, y] = [width / 2, height / 2];
  return (u, v) => {
    for (let round = 0; round < 6; round++) {
      gridAt(grid, x, y, at);
      gridAt(grid, x + 1, y, right);
      gridAt(grid, x, y + 1, up);
      const [a, b, c, d] = [right[0]! - at[0]!, up[0]! - at[0]!, right[1]! - at[1]!, up[1]! - at[1]!];
      const det = a * d - b * c;
      const [du, dv] = [u - at[0]!, v - at[1]!];
      const [dx, dy] = [(d * du - b * dv) / det, (a * dv - c * du) / det];
      if (!Number.isFinite(dx + dy)) [x, y] = [width / 2, height / 2];
      else [x, y] = [Math.min(Math.max(x + dx, 0), width - 1), Math.min(Math.max(y + dy, 0), height - 1)];
      if (Math.hypot(dx, dy) < 0.01) break;
    }
    const size = Math.hypot(right[0]! - at[0]!, right[1]! - at[1]!);
    return [Math.round(x), Math.round(y), Math.ceil(4.5 / size) + 1];
  };
}
