import {
  type Compute,
  type CoordinateGrid,
  coordinateGrid,
  type FullKernel,
  gridBounds,
  meanOfSums,
  type ReferencePlanes,
  type ReferenceSums,
  resamplingPower,
  type Shape,
  type StackSums,
  type Streak,
} from '@colibri/numerics';
import { type Band, inBands, inLightBands, partOf } from './band.ts';
import type { StackFrame } from './frame-share.ts';
import { objectMap, objectMapShape, onObjectMap } from './object-map.ts';
import type { OutputGrid } from './output-grid.ts';
import { draftFrame, type FrameDraft, prepareFrame, refineFrame } from './prepare-frame.ts';
import { rejectOutliers } from './reject-outliers.ts';
import { skyFrames } from './sky-frames.ts';
import { type FrameSky, frameSkyOf } from './stack-sky.ts';

export interface StackingOptions {
  readonly meshPix: number;
  /** Least excess of an outlier [sigma]; 0: no clipping. */
  readonly clipSigma: number;
  readonly findTrails: boolean;
  /** Neighbours of a frame that make its sky frame; 0: none is made. */
  readonly skyNeighbours: number;
}

/** What is known of a stack while frames are added: sums of its first and second half, on one grid, in the memory of `compute` or on the heap. */
export type Halves = readonly [StackSums, StackSums];

/** What one frame left in the sums. */
export interface FrameTrace {
  readonly rejectedPixels: number;
  /** `resamplingPower` of the frame. */
  readonly power: number;
  readonly streaks: readonly Streak[];
  readonly sky: FrameSky | null;
}

/** `compute`: in its memory; null: on the heap, to be kept for the next frame. */
export function emptyHalves({ width, height }: Shape, compute: Compute | null): Halves {
  const n = width * height;
  const zeros = (): Float32Array => compute?.float32(n).fill(0) ?? new Float32Array(n);
  const sums = (): StackSums => ({
    sum: zeros(),
    weight: zeros(),
    noise: zeros(),
    coverage: zeros(),
    bits: compute?.uint8(n).fill(0) ?? new Uint8Array(n),
  });
  return [sums(), sums()];
}

/** Where the pixels of the stack lie on a frame, and the rows of the stack that it covers. */
function place(
  frame: StackFrame,
  grid: OutputGrid,
): { readonly toFrame: CoordinateGrid; readonly rows: readonly [number, number] } {
  const toFrame = coordinateGrid(grid, (x, y) => frame.wcs.skyToPixel(...grid.wcs.pixelToSky(x, y)));
  const { y0, y1 } = gridBounds(toFrame, grid, frame.frame);
  return { toFrame, rows: [y0, y1] };
}

/** What a frame is compared with, and where it shows sources. The planes are the caller's. */
export interface Reference {
  /** NaN where nothing is known. */
  readonly mean: Float32Array;
  /** Weight of the frames in it, at most places. */
  readonly weight: number;
  /** `objectMap` of the mean. */
  readonly objects: Uint8Array;
  /** FWHM of its stars [arcsec]. */
  readonly fwhmArcsec: number;
}

/** Frames that were read once, for the second look: as many as fit [bytes] beside what a stack of this size needs anyway. */
export type Drafts = Map<StackFrame, FrameDraft>;
const MOST_BYTES = 850e6;
/** Bytes per pixel of a draft, and of the stack: sums, reference, one frame at work. */
const DRAFT_BYTES = 10;
const STACK_BYTES = 54;

/**
 * First look: what every frame is compared with. The planes are the caller's.
 *
 * @param drafts - filled with the frames that there is room for
 */
export async function referenceOf(
  frames: readonly StackFrame[],
  grid: OutputGrid,
  options: StackingOptions,
  compute: Compute,
  drafts: Drafts,
): Promise<Reference> {
  const n = grid.width * grid.height;
  const planes: ReferencePlanes = { mean: compute.float32(n), rest: compute.float32(n) };
  const skyOf = skyFrames(frames, options.skyNeighbours, compute);
  const most = options.skyNeighbours > 0 ? 0 : (MOST_BYTES - STACK_BYTES * n) / DRAFT_BYTES;
  let pixels = 0;
  await compute.scope(async (keep) => {
    const zeros = (): Float32Array => compute.float32(n).fill(0);
    const sums: ReferenceSums = { sum: zeros(), weight: zeros(), top: zeros(), topWeight: zeros() };
    for (const [k, frame] of frames.entries()) {
      await compute.scope(async (keepDraft) => {
        const draft = await draftFrame(frame, options.meshPix, await skyOf(k), compute);
        if (draft === null) return;
        const { toFrame, rows } = place(frame, grid);
        const prepared = await prepareFrame(draft, compute);
        const { width } = grid;
        await inLightBands({ frame, prepared, toFrame, rows, width }, compute, ({ data, mask }, y0, y1) =>
          compute.addReference(data, mask, frame.weight, partOf(sums, y0 * width, y1 * width)),
        );
        pixels += draft.data.length;
        if (pixels > most) return;
        for (const plane of [draft.data, draft.variance, draft.mask]) keepDraft(plane);
        drafts.set(frame, draft);
      });
    }
    for (const draft of drafts.values()) for (const plane of [draft.data, draft.variance, draft.mask]) keep(plane);
    await compute.reference(sums, planes);
  });
  return toReference(planes, frames, grid, compute);
}

/** The clipped sums so far as what a new frame is compared with. */
export function referenceOfHalves(
  halves: Halves,
  frames: readonly StackFrame[],
  grid: OutputGrid,
  compute: Compute,
): Promise<Reference> {
  const n = halves[0].sum.length;
  return toReference(meanOfSums(halves, { mean: compute.float32(n), rest: compute.float32(n) }), frames, grid, compute);
}

async function toReference(
  { mean, rest }: ReferencePlanes,
  frames: readonly StackFrame[],
  grid: OutputGrid,
  compute: Compute,
): Promise<Reference> {
  const weight = medianWeight(rest);
  compute.free(rest);
  const fwhmArcsec = frames.reduce((sum, f) => sum + f.weight * f.fwhmArcsec, 0) / frames.reduce((sum, f) => sum + f.weight, 0);
  return { mean, weight, objects: await objectMap(mean, grid, compute), fwhmArcsec };
}

/** Of the pixels that have any: from a thousand of them. */
function medianWeight(rest: Float32Array): number {
  const some: number[] = [];
  const step = Math.max(1, Math.floor(rest.length / 1000));
  for (let i = step >> 1; i < rest.length; i += step) if (rest[i]! > 0) some.push(rest[i]!);
  return some.sort((a, b) => a - b)[some.length >> 1] ?? Number.POSITIVE_INFINITY;
}

/** A frame, the half it belongs to, and what it is convolved with before it is added; null: nothing. */
export interface StackMember {
  readonly frame: StackFrame;
  readonly half: 0 | 1;
  readonly kernel: FullKernel | null;
}

/** Second look: sky again with the sources of all frames masked, trails and outliers out, and into the half the frame belongs to. */
export async function addToStack(
  frames: readonly StackMember[],
  grid: OutputGrid,
  halves: Halves,
  reference: Reference,
  options: StackingOptions,
  compute: Compute,
  drafts: Drafts = new Map(),
): Promise<FrameTrace[]> {
  return compute.scope(async () => {
    const skyOf = skyFrames(
      frames.map(({ frame }) => frame),
      options.skyNeighbours,
      compute,
    );
    const traces: FrameTrace[] = [];
    for (const [k, { frame, half, kernel }] of frames.entries()) {
      const trace = await compute.scope(async (): Promise<FrameTrace> => {
        const kept = drafts.get(frame);
        const draft = kept ?? (await draftFrame(frame, options.meshPix, await skyOf(k), compute));
        if (draft === null) return { rejectedPixels: 0, power: 1, streaks: [], sky: null };
        const { toFrame, rows } = place(frame, grid);
        const toMap = coordinateGrid(frame.frame, (x, y) => {
          const at = grid.wcs.skyToPixel(...frame.wcs.pixelToSky(x, y));
          return at && [onObjectMap(at[0]), onObjectMap(at[1])];
        });
        const prepared = await refineFrame(
          draft,
          frame,
          { plane: reference.objects, shape: objectMapShape(grid), grid: toMap },
          options,
          compute,
        );
        const share = { weight: frame.weight, seconds: frame.frame.meta.exposureSec };
        let rejectedPixels = 0;
        const { width } = grid;
        const job = { frame, prepared, toFrame, rows, width };
        const reject = async (band: Band): Promise<void> => {
          if (options.clipSigma === 0) return;
          rejectedPixels += await rejectOutliers({ frame, prepared, toFrame, band, grid, reference, options }, compute);
        };
        if (kernel !== null) {
          await inBands(job, compute, reject);
          const smooth = compute.float32(prepared.data.length);
          await compute.convolve(prepared.data, kernel, prepared, smooth);
          prepared.data.set(smooth);
          compute.free(smooth);
        }
        await inBands(job, compute, async (band, from, to) => {
          if (kernel === null) await reject(band);
          const { data, variance, mask } = band;
          const planes = partOf({ data, variance, mask }, (from - band.y0) * width, (to - band.y0) * width);
          await compute.addFrame(planes, share, partOf(halves[half], from * width, to * width));
        });
        if (kept) for (const plane of [kept.data, kept.variance, kept.mask]) compute.free(plane);
        return {
          rejectedPixels,
          power: resamplingPower(toFrame, frame.frame),
          streaks: prepared.streaks,
          sky: frameSkyOf(frame, prepared.sky),
        };
      });
      traces.push(trace);
    }
    return traces;
  });
}
