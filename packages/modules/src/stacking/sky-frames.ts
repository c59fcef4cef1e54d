import { type Compute, medianOf, quantileInPlace } from '@colibri/numerics';
import type { StackFrame } from './frame-share.ts';
import { maskSources } from './frame-sky.ts';

/** The pattern of the sky on the detector at the time of one frame. */
export interface SkyFrame {
  /** Takes the pattern away, scaled to the level of the frame; its mean level goes with it. */
  subtractFrom(data: Float32Array): void;
}

/** Fewer neighbours than these say nothing of the pattern. */
const LEAST_NEIGHBOURS = 3;

/** A frame over its level, NaN where a source or a bad pixel is. On the heap. */
interface Normalised {
  readonly level: number;
  readonly values: Float32Array;
}

/**
 * Sky frames of dithered infrared frames: for each frame the median, pixel by pixel, of its neighbours in time, each over its own level and without its
 * sources, times the level of the frame. So structure of the sky, of the detector's glow and of the flat that is fixed on the detector goes,
 * and sources stay: their neighbours look at other sky there. At most `neighbours` + 1 frames are held, and each is read once.
 *
 * Source: pipeline.md §8.6; the running median of J and H surveys, e.g. Irwin et al. 2004, SPIE 5493, 411.
 *
 * @param neighbours - frames on which the median is taken, half before and half after
 * @returns the sky frame of frame `k`, to be asked in ascending order; null: too few neighbours of the same exposure and size
 */
export function skyFrames(
  frames: readonly StackFrame[],
  neighbours: number,
  compute: Compute,
): (k: number) => Promise<SkyFrame | null> {
  const held = new Map<number, Normalised>();
  return async (k) => {
    const near = nearest(frames, k, neighbours);
    if (near.length < LEAST_NEIGHBOURS) return null;
    for (const j of held.keys()) if (j !== k && !near.includes(j)) held.delete(j);
    for (const j of [k, ...near]) if (!held.has(j)) held.set(j, await normalised(frames[j]!, compute));
    const { level } = held.get(k)!;
    const others = near.map((j) => held.get(j)!.values);
    return { subtractFrom: (data) => subtractMedian(data, others, level) };
  };
}

/** The nearest in time of the same exposure and size. */
function nearest(frames: readonly StackFrame[], k: number, count: number): number[] {
  const { frame } = frames[k]!;
  const isLike = (j: number): boolean => {
    const other = frames[j]!.frame;
    return other.width === frame.width && other.height === frame.height && other.meta.exposureSec === frame.meta.exposureSec;
  };
  return Array.from(frames.keys())
    .filter((j) => j !== k && isLike(j))
    .sort((a, b) => Math.abs(a - k) - Math.abs(b - k) || a - b)
    .slice(0, count);
}

function normalised({ frame, fwhmPix }: StackFrame, compute: Compute): Promise<Normalised> {
  return compute.scope(async () => {
    const { data, mask, width, height } = await frame.load();
    maskSources(frame.sources, fwhmPix, mask, { width, height });
    const some: number[] = [];
    for (let i = 0; i < data.length; i += 13) if (mask[i] === 0 && Math.abs(data[i]!) < 3e38) some.push(data[i]!);
    const level = some.length > 0 ? medianOf(Float64Array.from(some)) : NaN;
    const values = new Float32Array(data.length);
    for (let i = 0; i < values.length; i++) values[i] = mask[i] === 0 ? data[i]! / level : NaN;
    return { level, values };
  });
}

function subtractMedian(data: Float32Array, others: readonly Float32Array[], level: number): void {
  if (!(level > 0)) return;
  const window = new Float64Array(others.length);
  for (let i = 0; i < data.length; i++) {
    let n = 0;
    for (const values of others) {
      const v = values[i]!;
      if (v - v === 0) window[n++] = v;
    }
    // Where all neighbours show sources the level alone is known.
    data[i]! -= level * (n > 0 ? quantileInPlace(window, 0.5, n) : 1);
  }
}
