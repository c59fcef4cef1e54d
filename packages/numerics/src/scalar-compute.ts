import { expandMesh, subtract, subtractMesh } from './background/expand-mesh.ts';
import { measureBackground } from './background/measure-background.ts';
import { calibrateFrame } from './calibrate/calibrate-frame.ts';
import { clippedMean } from './combine/clipped-mean.ts';
import type { Compute } from './compute.ts';
import { convolve } from './convolve/convolve.ts';
import { matchedFilter } from './convolve/matched-filter.ts';
import { rejectCosmicRays } from './cosmic/reject-cosmic-rays.ts';
import { flagAbove, indicesAbove, indicesWith, keepBits, swapWords } from './pixels/pixels.ts';
import { type BroughtTasks, TASK_CHUNK, type TaskName, type TaskResult, taskRunner } from './pool/tasks.ts';
import { resample } from './resample/resample.ts';
import { unpackRice, unpackRiceFloats } from './rice/unpack-rice.ts';
import { addFrame, addReference, outliers, reference } from './stack/accumulators.ts';
import { flagUnusable, markObjects } from './stack/mark-objects.ts';
import { sumLines } from './streaks/line-sums.ts';
import { sumCells } from './streaks/streak-cells.ts';
import { convolveBlocks } from './subtract/convolve-blocks.ts';

/** Plain TypeScript on the heap, one thread, any runtime: the oracle of the faster `openCompute`, and its stand-in in the browser. */
export function scalarCompute(brought: BroughtTasks = {}): Compute {
  const runRange = taskRunner(brought);
  const inRanges = (name: string, args: unknown, count: number, chunk: number): unknown[] => {
    const results: unknown[] = [];
    for (let i = 0; i < count; i += chunk) results.push(runRange(name, args, i, Math.min(count, i + chunk)));
    return results;
  };
  const keep = <A>(array: A): A => array;
  return {
    kind: 'scalar',
    threads: 1,
    float32: (length) => new Float32Array(length),
    float64: (length) => new Float64Array(length),
    int32: (length) => new Int32Array(length),
    uint16: (length) => new Uint16Array(length),
    uint8: (length) => new Uint8Array(length),
    scope: (body) => body(keep),
    free: () => {},
    usedBytes: () => 0,
    unpackRice: async (...a) => unpackRice(...a),
    unpackRiceFloats: async (...a) => unpackRiceFloats(...a),
    calibrateFrame: async (...a) => calibrateFrame(...a),
    measureBackground: async (...a) => measureBackground(...a),
    expandMesh: async (...a) => expandMesh(...a),
    subtractMesh: async (...a) => subtractMesh(...a),
    subtract: async (...a) => subtract(...a),
    convolve: async (...a) => convolve(...a),
    convolveBlocks: async (...a) => convolveBlocks(...a),
    matchedFilter: async (...a) => matchedFilter(...a),
    rejectCosmicRays: async (...a) => rejectCosmicRays(...a),
    clippedMean: async (...a) => clippedMean(...a),
    resample: async (input, options, out) => resample(input, options, out),
    addFrame: async (...a) => addFrame(...a),
    addReference: async (...a) => addReference(...a),
    reference: async (...a) => reference(...a),
    outliers: async (...a) => outliers(...a),
    flagUnusable: async (...a) => flagUnusable(...a),
    markObjects: async (...a) => markObjects(...a),
    sumCells: async (...a) => sumCells(...a),
    sumLines: async (...a) => sumLines(...a),
    swapWords: async (...a) => swapWords(...a),
    keepBits: async (...a) => keepBits(...a),
    flagAbove: async (...a) => flagAbove(...a),
    indicesAbove: async (...a) => indicesAbove(...a),
    indicesWith: async (...a) => indicesWith(...a),
    runTask: async <N extends TaskName>(name: N, args: unknown, count: number, { chunk = TASK_CHUNK } = {}) =>
      inRanges(name, args, count, chunk) as TaskResult<N>[],
    runBrought: async <R>(name: string, args: unknown, count: number, { chunk = TASK_CHUNK } = {}) =>
      inRanges(name, args, count, chunk) as R[],
    hasBrought: (name) => Object.hasOwn(brought, name),
    close: async () => {},
  };
}
