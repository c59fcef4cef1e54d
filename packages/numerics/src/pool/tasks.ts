import { judgeCosmicRays } from '../cosmic/judge.ts';
import { judgeShapes } from '../detect/judge-shapes.ts';
import { measureNoiseCells } from '../detect/noise-scale.ts';
import { rescale } from '../detect/pixels-above.ts';
import { floodAreas } from '../detect/watershed.ts';
import { computeUnknownTask } from '../errors.ts';
import { blankApertures } from '../measure/blank-noise.ts';
import { growthCurves } from '../measure/growth-curve.ts';
import { measureFluxes, measureShapes } from '../measure/measure-objects.ts';
import { fitPsfGroups } from '../psf/fit-groups.ts';
import { fillPsfStamps } from '../psf/fixed-stamps.ts';
import type { TaskRunner } from './job.ts';

/**
 * Work on objects `from` (inclusive) to `to` (exclusive). `args` arrives as a structured clone: arrays in the compute memory are the
 * same bytes in every thread, others are copies, so results go into shared arrays or come back as the (cloneable) return value.
 */
export type Task<A, R> = (args: A, from: number, to: number) => R;

/**
 * Every function that `Compute.runTask` can call, by name. A name is part of no file format: change it freely.
 * Add yours here; its module must not import anything that needs Node or another thread's state.
 */
export const tasks = {
  /** Adds one to each value: tests and warm-up. */
  addOne: ({ values }: { values: Float32Array }, from: number, to: number): number => {
    for (let i = from; i < to; i++) values[i] = values[i]! + 1;
    return to - from;
  },
  judgeCosmicRays,
  /** Steps of `detectSources`. */
  rescale,
  measureNoiseCells,
  floodAreas,
  judgeShapes,
  /** Centroids, sizes and Kron moments of sources; their fluxes. */
  measureShapes,
  measureFluxes,
  /** Light of blank places, and of stars in growing circles. */
  blankApertures,
  growthCurves,
  /** PSF fluxes of sources that overlap. */
  fillPsfStamps,
  fitPsfGroups,
} as const;

export type TaskName = keyof typeof tasks;
export type TaskArgs<N extends TaskName> = Parameters<(typeof tasks)[N]>[0];
export type TaskResult<N extends TaskName> = ReturnType<(typeof tasks)[N]>;

/** Tasks that whoever opens the pool brings, by name: work on shared arrays that is not arithmetic, such as packing them. */
export type BroughtTasks = Readonly<Record<string, Task<never, unknown>>>;

/** Runs one range of a task by name, one of ours or one that was brought, as the worker threads do. */
export function taskRunner(brought: BroughtTasks = {}): TaskRunner {
  const all: BroughtTasks = { ...brought, ...tasks };
  return (name, args, from, to) => {
    const task = all[name];
    if (task === undefined) throw computeUnknownTask({ name });
    return task(args as never, from, to);
  };
}

/** Objects per range unless asked otherwise; fixed, so that results do not depend on the number of threads. */
export const TASK_CHUNK = 64;
