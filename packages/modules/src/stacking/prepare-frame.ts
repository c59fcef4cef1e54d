import {
  type BackgroundMesh,
  type Compute,
  fillBad,
  findStreaks,
  type MarkedImage,
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
  await compute.flagUnusable(data, variance, mask);
  if (pattern !== null) pattern.subtractFrom(data);
  maskSources(frame.sources, fwhmPix, mask, shape);
  const withoutSources = () => compute.keepBits(mask, 0xffff & ~SOURCE, mask);
  const sky = await measureSky(data, [() => mask, withoutSources], shape, meshPix, compute);
  await withoutSources();
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
  objects: MarkedImage,
  { findTrails }: { readonly findTrails: boolean },
  compute: Compute,
): Promise<PreparedFrame> {
  const { data, mask, width, height, sky: first, trail } = draft;
  const shape = { width, height };
  trail.pixels.forEach((p, i) => {
    data[p] = trail.light[i]!;
  });
  // Bits of the mask beside those of the detector: of the sky all of them, of the search for trails what stays without those that are the sky's alone.
  await compute.markObjects(objects, SOURCE, mask, shape);
  if (findTrails) maskRoundSources(frame.sources, fwhmPix, mask, shape);
  maskSources(frame.sources, fwhmPix, mask, shape, { bit: SKY_ONLY });
  const rest = await measureSky(data, [() => mask], shape, first.meshPix, compute);
  if (rest !== null) await compute.subtractMesh(data, rest.level, rest, shape, data);
  const sky = rest === null ? first : { ...rest, level: rest.level.map((v, i) => v + first.level[i]!) };
  // Trails that findstars saw are found anew, with their faint edges.
  await compute.keepBits(mask, 0xffff & ~(SKY_ONLY | (findTrails ? MaskPlane.TRAIL : 0)), mask);
  const image = { ...shape, data, mask, rms: sky.rms, rmsColumns: sky.columns, fwhmPix };
  const streaks = findTrails ? await findStreaks(image, compute, SOURCE) : [];
  await compute.keepBits(mask, 0xffff & ~SOURCE, mask);
  for (const p of trail.pixels) mask[p]! |= MaskPlane.TRAIL;
  for (const streak of streaks) maskStreak(streak, mask, shape, MaskPlane.TRAIL);
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
