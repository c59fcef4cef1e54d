import {
  type Compute,
  type CoordinateGrid,
  coordinateGrid,
  gridBounds,
  type ReferencePlanes,
  type ReferenceSums,
  type ResampledPlanes,
  resamplingPower,
  type Shape,
  type StackSums,
} from '@colibri/numerics';
import type { StackFrame } from './frame-share.ts';
import { objectMap } from './object-map.ts';
import type { OutputGrid } from './output-grid.ts';
import { prepareFrame } from './prepare-frame.ts';
import { rejectOutliers } from './reject-outliers.ts';

export interface StackingOptions {
  readonly meshPix: number;
  /** Least excess of an outlier [sigma]; 0: no clipping. */
  readonly clipSigma: number;
}

/** What is known of a stack while frames are added: on one grid, in the memory of `compute` or on the heap. */
export interface StackState {
  readonly reference: ReferenceSums;
  /** First and second half. */
  readonly halves: readonly [StackSums, StackSums];
}

/** What one frame left in the sums. */
export interface FrameTrace {
  readonly rejectedPixels: number;
  /** `resamplingPower` of the frame. */
  readonly power: number;
}

/** `compute`: in its memory; null: on the heap, to be kept for the next frame. */
export function emptyState({ width, height }: Shape, compute: Compute | null): StackState {
  const n = width * height;
  const zeros = (): Float32Array => compute?.float32(n).fill(0) ?? new Float32Array(n);
  const sums = (): StackSums => ({
    sum: zeros(),
    weight: zeros(),
    noise: zeros(),
    coverage: zeros(),
    bits: compute?.uint16(n).fill(0) ?? new Uint16Array(n),
  });
  return { reference: { sum: zeros(), weight: zeros(), top: zeros(), topWeight: zeros() }, halves: [sums(), sums()] };
}

/** A frame on the stack's grid, with what led there. */
interface Placed {
  readonly toFrame: CoordinateGrid;
  readonly rows: readonly [number, number];
}

function place(frame: StackFrame, grid: OutputGrid): Placed {
  const toFrame = coordinateGrid(grid, (x, y) => frame.wcs.skyToPixel(...grid.wcs.pixelToSky(x, y)));
  const { y0, y1 } = gridBounds(toFrame, grid, frame.frame);
  return { toFrame, rows: [y0, y1] };
}

/** Rows that are added at once: what lies on the heap is copied to the memory of `compute` and back in such pieces. */
const BAND_ROWS = 256;

/** Calls `body` with the same part of several sets of planes, rows after rows. */
async function inBands<T extends readonly object[]>(
  width: number,
  [y0, y1]: readonly [number, number],
  sets: T,
  body: (...parts: T) => Promise<unknown>,
): Promise<void> {
  for (let y = y0; y < y1; y += BAND_ROWS) {
    const [from, to] = [y * width, Math.min(y + BAND_ROWS, y1) * width];
    const part = (planes: object) =>
      Object.fromEntries(Object.entries(planes).map(([name, plane]) => [name, (plane as Float32Array).subarray(from, to)]));
    await body(...(sets.map(part) as unknown as T));
  }
}

function resampledPlanes({ width, height }: Shape, compute: Compute): ResampledPlanes {
  const n = width * height;
  return { data: compute.float32(n), variance: compute.float32(n), mask: compute.uint16(n) };
}

/** First pass: what every frame is compared with. */
export async function addToReference(
  frames: readonly StackFrame[],
  grid: OutputGrid,
  { reference }: StackState,
  { meshPix }: StackingOptions,
  compute: Compute,
): Promise<void> {
  for (const frame of frames) {
    await compute.scope(async () => {
      const { toFrame, rows } = place(frame, grid);
      const prepared = await prepareFrame(frame, null, meshPix, compute);
      const out = resampledPlanes(grid, compute);
      await compute.resample(prepared, { ...grid, grid: toFrame, scale: frame.scale, rows }, out);
      await inBands(grid.width, rows, [out, reference] as const, ({ data, mask }, sums) =>
        compute.addReference(data, mask, frame.weight, sums),
      );
    });
  }
}

/**
 * Second pass: sky again with the sources of all frames masked, outliers out, and into the half the frame belongs to.
 *
 * @param areNew the frames are not in the reference yet: they are compared with those that are, and added to it
 */
export async function addToStack(
  frames: readonly { readonly frame: StackFrame; readonly half: 0 | 1 }[],
  grid: OutputGrid,
  { reference, halves }: StackState,
  referenceFwhmArcsec: number,
  options: StackingOptions,
  compute: Compute,
  { areNew = false } = {},
): Promise<FrameTrace[]> {
  return compute.scope(async () => {
    const n = grid.width * grid.height;
    const others: ReferencePlanes = { mean: compute.float32(n), rest: compute.float32(n) };
    await inBands(grid.width, [0, grid.height], [reference, others] as const, (sums, planes) => compute.reference(sums, planes));
    const objects = await objectMap(others, grid, compute);
    const traces: FrameTrace[] = [];
    for (const { frame, half } of frames) {
      traces.push(
        await compute.scope(async () => {
          const { toFrame, rows } = place(frame, grid);
          const toStack = coordinateGrid(frame.frame, (x, y) => grid.wcs.skyToPixel(...frame.wcs.pixelToSky(x, y)));
          const prepared = await prepareFrame(frame, { plane: objects, shape: grid, grid: toStack }, options.meshPix, compute);
          const out = resampledPlanes(grid, compute);
          await compute.resample(prepared, { ...grid, grid: toFrame, scale: frame.scale, rows }, out);
          const rejectedPixels =
            options.clipSigma > 0
              ? await rejectOutliers(
                  { frame, prepared, toFrame, rows, resampled: out, grid, reference: others, referenceFwhmArcsec, options },
                  compute,
                )
              : 0;
          const share = { weight: frame.weight, seconds: frame.frame.meta.exposureSec };
          await inBands(grid.width, rows, [out, halves[half], reference] as const, async (planes, sums, all) => {
            await compute.addFrame(planes, share, sums);
            if (areNew) await compute.addReference(planes.data, planes.mask, frame.weight, all);
          });
          return { rejectedPixels, power: resamplingPower(toFrame, frame.frame) };
        }),
      );
    }
    return traces;
  });
}
