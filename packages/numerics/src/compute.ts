import type { BackgroundMesh, BackgroundOptions, MeshGrid } from './background/background-mesh.ts';
import type { CalibratedPlanes, CalibrateOptions, CalibrationCounts, CalibrationMasters } from './calibrate/calibrate-frame.ts';
import type { ClippedMeanOptions, CombinedPlanes } from './combine/clipped-mean.ts';
import type { ConvolutionKernel } from './convolve/convolution-kernel.ts';
import type { PixelNoise } from './convolve/matched-filter.ts';
import type { CosmicRayOptions } from './cosmic/reject-cosmic-rays.ts';
import type { TaskArgs, TaskName, TaskResult } from './pool/tasks.ts';
import type { ResampledPlanes, ResampleInput, ResampleOptions, ResampleTarget } from './resample/resample.ts';
import type { RiceTiles, TileSteps } from './rice/unpack-rice.ts';
import type { Shape } from './shape.ts';
import type { FrameShare, ReferencePlanes, ReferenceSums, StackSums } from './stack/accumulators.ts';
import type { MarkedImage } from './stack/mark-objects.ts';
import type { LineSums } from './streaks/line-sums.ts';
import type { Residuals, StreakCells } from './streaks/streak-cells.ts';
import type { BlockKernels } from './subtract/convolve-blocks.ts';

/**
 * Where arithmetic runs. `scalar` is plain TypeScript on the heap, the oracle; `wasm` the same functions as SIMD over one shared
 * memory, its loops over rows or objects spread over a pool of threads. Both return the same numbers to a stated tolerance.
 *
 * Methods have the meaning and the arguments of the exported functions of the same name. They take any array; those from `float32`
 * and its sisters are used where they lie, others are copied to the shared memory and back.
 */
export interface Compute {
  readonly kind: 'scalar' | 'wasm';
  readonly threads: number;

  /** Arrays in the memory that the functions work on without copying. Contents undefined. */
  float32(length: number): Float32Array;
  float64(length: number): Float64Array;
  int32(length: number): Int32Array;
  uint16(length: number): Uint16Array;
  uint8(length: number): Uint8Array;
  /**
   * Frees every array allocated inside `body`, but for those passed to `keep` (which then belong to the scope around, or to you).
   * `body` may be async: the scope then ends when its promise settles, and calls it awaits belong to it.
   */
  scope<T>(body: (keep: <A extends ArrayBufferView>(array: A) => A) => T): T;
  /** Frees one array before its scope ends, or one that lives outside any scope. */
  free(array: ArrayBufferView): void;
  /** Bytes of the shared memory in use; 0 for scalar. */
  usedBytes(): number;

  /** Tiles of Rice-packed 16-bit integers; the first that is damaged, or −1. */
  unpackRice(tiles: RiceTiles, flip: number, out: Uint16Array): Promise<number>;
  /** The same of 32-bit integers that stand for floats. */
  unpackRiceFloats(tiles: RiceTiles, steps: TileSteps, out: Float32Array): Promise<number>;
  calibrateFrame(
    raw: Uint16Array | Float32Array,
    masters: CalibrationMasters,
    options: CalibrateOptions,
    out: CalibratedPlanes,
  ): Promise<CalibrationCounts>;
  measureBackground(image: Float32Array, mask: Uint16Array | null, options: BackgroundOptions): Promise<BackgroundMesh>;
  expandMesh(values: Float32Array, mesh: MeshGrid, shape: Shape, out: Float32Array): Promise<Float32Array>;
  /** `image − expandMesh(values)` in one pass; may be done in place. */
  subtractMesh(image: Float32Array, values: Float32Array, mesh: MeshGrid, shape: Shape, out: Float32Array): Promise<Float32Array>;
  subtract(image: Float32Array, background: Float32Array, out: Float32Array): Promise<Float32Array>;
  convolve(image: Float32Array, kernel: ConvolutionKernel, shape: Shape, out: Float32Array): Promise<Float32Array>;
  /** Another filter in each block of the image. */
  convolveBlocks(image: Float32Array, kernels: BlockKernels, shape: Shape, out: Float32Array): Promise<Float32Array>;
  matchedFilter(
    image: Float32Array,
    noise: PixelNoise,
    mask: Uint16Array | null,
    kernel: ConvolutionKernel,
    shape: Shape,
    out: Float32Array,
  ): Promise<Float32Array>;
  /** Sets MaskPlane.COSMIC in `mask`; the number of pixels newly set. */
  rejectCosmicRays(data: Float32Array, variance: Float32Array, mask: Uint16Array, options: CosmicRayOptions): Promise<number>;
  clippedMean(frames: readonly Float32Array[], options: ClippedMeanOptions, out: CombinedPlanes): Promise<CombinedPlanes>;

  /** Lanczos-3 onto another grid. */
  resample<T extends ResampleTarget>(input: ResampleInput, options: ResampleOptions, out: T): Promise<T>;
  /** Sums over the frames of a stack. */
  addFrame(frame: ResampledPlanes, share: FrameShare, out: StackSums): Promise<StackSums>;
  addReference(data: Float32Array, mask: Uint16Array, weight: number, out: ReferenceSums): Promise<ReferenceSums>;
  reference(sums: ReferenceSums, out: ReferencePlanes): Promise<ReferencePlanes>;
  /** NO_DATA where a pixel cannot be used; a bit where another image shows something. */
  flagUnusable(data: Float32Array, variance: Float32Array, mask: Uint16Array): Promise<Uint16Array>;
  markObjects(image: MarkedImage, bit: number, mask: Uint16Array, shape: Shape): Promise<Uint16Array>;
  /** Residuals of an image in cells, and all lines across these: trails of satellites. */
  sumCells(image: Residuals, cellPix: number, out: StreakCells): Promise<StreakCells>;
  sumLines(cells: StreakCells, threshold: number): Promise<LineSums[]>;
  outliers(frame: ResampledPlanes, mean: Float32Array, noise: number, sigmas: number): Promise<Int32Array>;

  /** Numbers of the other byte order become ours, in place. */
  swapWords(values: Float32Array): Promise<Float32Array>;
  keepBits(mask: Uint16Array, keep: number, out: Uint16Array): Promise<Uint16Array>;
  flagAbove(values: Float32Array, level: number, mask: Uint16Array, out: Uint16Array): Promise<Uint16Array>;
  indicesAbove(values: Float32Array, level: number): Promise<Int32Array>;
  indicesWith(mask: Uint16Array, bits: number): Promise<Int32Array>;

  /**
   * Spreads the objects 0 … count − 1 over the threads in ranges of `chunk` (default 64): the task of `pool/tasks.ts` by name.
   * The results of the ranges, in order.
   */
  runTask<N extends TaskName>(
    name: N,
    args: TaskArgs<N>,
    count: number,
    options?: { readonly chunk?: number },
  ): Promise<TaskResult<N>[]>;

  /** The same for a task that was brought when the pool was opened; `hasBrought` says whether one of this name was. */
  runBrought<R>(name: string, args: unknown, count: number, options?: { readonly chunk?: number }): Promise<R[]>;
  hasBrought(name: string): boolean;

  /** Ends the threads. Arrays handed out before must not be used afterwards. */
  close(): Promise<void>;
}
