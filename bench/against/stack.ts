import { availableParallelism } from 'node:os';
import { stacking } from '@colibri/modules';
import type { Compute } from '@colibri/numerics';
import type { StackSet } from '@colibri/pipeline';
import type { BenchRow } from '../report.ts';
import { quietContext, runModule, stackField } from '../science/beat-it/chain.ts';
import { reduceField } from '../science/field18/reduce.ts';
import { swarpStacks } from '../science/peer-swarp.ts';
import { compete, isInstalled, spend } from './contest.ts';
import type { Ground } from './ground.ts';
import { sceneField } from './scene.ts';

const FRAMES = 20;

/** Twenty dithered frames on disk (ours: packed; SWarp: plain) to one clipped stack with its variance; ours makes the two halves too. */
export async function stackRows({ one, all }: Ground): Promise<BenchRow[]> {
  const field = sceneField({ size: 2048, frames: FRAMES, stars: 1400, cosmicRays: 60 });
  const reduced = await reduceField(field, all);
  const { unit } = reduced;
  // the same frames once more, to be read into the other memory
  const unitOf = new Map([
    [all, unit],
    [one, (await reduceField(field, one)).unit],
  ]);
  const { aligned, grid } = await all.scope(async () => {
    const { aligned, stacks } = await stackField(reduced, quietContext(all));
    const { width, height, wcs } = stacks.stack;
    return { aligned, grid: { width, height, wcs } };
  });
  const noise: { ours?: number; theirs?: number } = {};
  const run = (compute: Compute) => () =>
    compute.scope(() =>
      spend(async () => {
        const made = await runModule(stacking, { unit: unitOf.get(compute), alignment: aligned }, quietContext(compute));
        noise.ours = medianSigma((made['stacks'] as StackSet).stack.variance);
      }),
    );
  // its CPU time on one thread, its wall time on as many as ours has
  const peer = async () => {
    const coadd = async (threads: number) => (await swarpStacks(unit, aligned, grid, ['CLIPPED'], all, threads)).CLIPPED;
    const [single, threaded] = [await coadd(1), await coadd(availableParallelism())];
    noise.theirs = medianSigma(single.weight.map((w) => (w > 0 ? 1 / w : 0)));
    return { cpuSec: single.cpuSec, wallSec: threaded.wallSec };
  };
  return compete({
    name: `resampled and clipped stack, ${FRAMES} × 2048²`,
    one: run(one),
    all: run(all),
    peer: isInstalled('SWarp') ? peer : null,
    peerName: 'SWarp, equal threads',
    cpuRatio: 3,
    wallRatio: 3,
    rounds: 1,
    accuracy: () =>
      `sigma per pixel by the variances: ours ${noise.ours?.toFixed(4)}${noise.theirs ? ` / SWarp ${noise.theirs.toFixed(4)}` : ''} electron/s`,
  });
}

function medianSigma(variance: Float32Array): number {
  const good = variance.filter((v) => v > 0 && v < 1e20).sort();
  return Math.sqrt(good[good.length >> 1] ?? Number.NaN);
}
