import {
  type BackgroundMesh,
  type Compute,
  type CoordinateGrid,
  fillBad,
  findStreaks,
  GRID_STEP,
  gridAt,
  MaskPlane,
  maskStreak,
  nearBad,
  type ResampleInput,
  type Shape,
  type Streak,
} from '@colibri/numerics';
import type { StackFrame } from './frame-share.ts';
import { maskRoundSources, maskSources, measureSky, SKY_ONLY, SOURCE } from './frame-sky.ts';
import type { SkyFrame } from './sky-frames.ts';

/** A frame with a first sky taken away [electron]. Planes are ours: they may be kept for a second look, which changes them. */
export interface FrameDraft extends Shape {
  readonly data: Float32Array;
  readonly variance: Float32Array;
  readonly mask: Uint16Array;
  readonly sky: BackgroundMesh;
  /** Pixels of trails that findstars saw, and their light, which filling takes from `data`. */
  readonly trail: { readonly pixels: Int32Array; readonly light: Float32Array };
}

/** A frame on its own pixels, ready to be resampled: sky subtracted [electron], bad pixels filled. */
export interface PreparedFrame extends ResampleInput {
  readonly skyVariance: number;
  /** All of the sky that was taken away, as a mesh [electron]. */
  readonly sky: BackgroundMesh;
  readonly streaks: readonly Streak[];
}

/** Where the stack shows sources: a byte per pixel of the stack's grid. */
export interface ObjectMap {
  readonly plane: Uint8Array;
  readonly shape: Shape;
  /** Where pixels of the frame lie on the stack. */
  readonly grid: CoordinateGrid;
}

/**
 * Reads a frame and takes its sky away: the pattern of the infrared sky, if there is one, then a smooth mesh measured where the frame's catalogue
 * shows no source. null: it has no good pixel. To be called inside `compute.scope`.
 */
export async function draftFrame(
  { frame, fwhmPix }: StackFrame,
  meshPix: number,
  pattern: SkyFrame | null,
  compute: Compute,
): Promise<FrameDraft | null> {
  const { data, variance, mask, width, height } = await frame.load();
  const shape = { width, height };
  const free = compute.uint16(data.length);
  for (let i = 0; i < data.length; i++) {
    if (!(Math.abs(data[i]!) < 3e38 && variance[i]! > 0 && variance[i]! < 3e38)) mask[i]! |= MaskPlane.NO_DATA;
    free[i] = mask[i]!;
  }
  if (pattern !== null) pattern.subtractFrom(data);
  maskSources(frame.sources, fwhmPix, free, shape);
  const sky = await measureSky(data, [() => free, () => mask], shape, meshPix, compute);
  compute.free(free);
  if (sky === null) return null;
  await compute.subtractMesh(data, sky.level, sky, shape, data);
  const pixels = await compute.indicesWith(mask, MaskPlane.TRAIL);
  const light = Float32Array.from(pixels, (p) => data[p]!);
  return { ...shape, data, variance, mask, sky, trail: { pixels, light } };
}

/** The frame as it is, with its bad pixels filled. */
export async function prepareFrame(draft: FrameDraft, compute: Compute): Promise<PreparedFrame> {
  return { ...(await filled(draft, draft.sky, compute)), streaks: [] };
}

/**
 * The same after a second look: what the first left of the sky is measured again where the stack shows no source, so that haloes of galaxies stay, and
 * trails are searched there and masked.
 */
export async function refineFrame(
  draft: FrameDraft,
  { frame, fwhmPix }: StackFrame,
  objects: ObjectMap,
  { findTrails }: { readonly findTrails: boolean },
  compute: Compute,
): Promise<PreparedFrame> {
  const { data, mask, width, height, sky: first, trail } = draft;
  const shape = { width, height };
  trail.pixels.forEach((p, i) => {
    data[p] = trail.light[i]!;
  });
  // One plane for both masks: of the sky all of it, of the search for trails what stays without the bits that are the sky's alone.
  const known = compute.uint16(data.length);
  known.set(mask);
  maskObjects(objects, known, shape);
  if (findTrails) maskRoundSources(frame.sources, fwhmPix, known, shape);
  maskSources(frame.sources, fwhmPix, known, shape, { bit: SKY_ONLY });
  const rest = await measureSky(data, [() => known], shape, first.meshPix, compute);
  if (rest !== null) await compute.subtractMesh(data, rest.level, rest, shape, data);
  const sky = rest === null ? first : { ...rest, level: rest.level.map((v, i) => v + first.level[i]!) };
  let streaks: readonly Streak[] = [];
  if (findTrails) {
    // Trails that findstars saw are found anew, with their faint edges.
    await compute.keepBits(known, 0xffff & ~(SKY_ONLY | MaskPlane.TRAIL), known);
    streaks = await findStreaks({ ...shape, data, mask: known, rms: sky.rms, rmsColumns: sky.columns, fwhmPix }, compute);
    for (const streak of streaks) maskStreak(streak, mask, shape, MaskPlane.TRAIL);
  }
  compute.free(known);
  return { ...(await filled(draft, sky, compute)), streaks };
}

async function filled({ data, variance, mask, width, height }: FrameDraft, sky: BackgroundMesh, compute: Compute) {
  const shape = { width, height };
  const bad = await compute.indicesWith(mask, 0xffff);
  const skyVariance = sky.globalRms ** 2;
  fillBad(data, variance, mask, bad, skyVariance, shape);
  const near = nearBad(bad, shape, compute.uint8(data.length));
  return { ...shape, data, variance, mask, near, skyVariance, sky };
}

/** Pixels of the frame whose place on the stack belongs to a source. */
function maskObjects({ plane, shape: stack, grid }: ObjectMap, mask: Uint16Array, { width, height }: Shape): void {
  const at = new Float64Array(2);
  for (let y = 0; y < height; y++) {
    for (let x0 = 0; x0 < width; x0 += GRID_STEP) {
      gridAt(grid, x0, y, at);
      const [u, v] = [at[0]!, at[1]!];
      gridAt(grid, x0 + GRID_STEP, y, at);
      const du = (at[0]! - u) / GRID_STEP;
      const dv = (at[1]! - v) / GRID_STEP;
      for (let j = 0, e = Math.min(GRID_STEP, width - x0); j < e; j++) {
        const px = Math.round(u + j * du);
        const py = Math.round(v + j * dv);
        if (px < 0 || py < 0 || px >= stack.width || py >= stack.height) continue;
        if (plane[py * stack.width + px] !== 0) mask[y * width + x0 + j]! |= SOURCE;
      }
    }
  }
}
