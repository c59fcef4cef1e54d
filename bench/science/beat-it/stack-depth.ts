import { seededRandom } from '@colibri/base';
import type { Stack } from '@colibri/pipeline';
import { type BenchRow, row } from '../../report.ts';
import { detector, drawField, type Field, trueElectronPerSec } from '../field18/field.ts';
import { addGaussian } from '../field18/profiles.ts';
import { reduceField } from '../field18/reduce.ts';
import { openBenchCompute } from '../open-unit.ts';
import { quietContext, stackField } from './chain.ts';
import { robust } from './score-field.ts';

const radius = 7;

/** Row 4: half of the frames at 30 % transparency; S/N of a faint star in the stack over that of the best possible sum of its frames. */
export async function stackDepthRows({ seeds }: { seeds: number }): Promise<BenchRow[]> {
  const compute = await openBenchCompute();
  const shares: number[] = [];
  try {
    for (let seed = 1; seed <= seeds; seed++) {
      const field = drawField({ seed: 400 + seed, transparency: (k) => (k % 2 === 0 ? 1 : 0.3), trailFrame: null });
      const reduced = await reduceField(field, compute);
      await compute.scope(async () => {
        const { stacks } = await stackField(reduced, quietContext(compute));
        shares.push(relativeDepth(field, stacks.stack));
      });
    }
  } finally {
    await compute.close();
  }
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
  const err = Math.sqrt(
    shares.reduce((sum, share) => sum + (share - mean) ** 2, 0) / shares.length / Math.max(shares.length - 1, 1),
  );
  return [
    row('beat-it 4: S/N of the stack over that of optimal weights, half of the frames at 30 %', mean, '', '>= 0.98', {
      seeds: shares.map((_, i) => 401 + i),
      note: `± ${err.toFixed(4)}, least ${Math.min(...shares).toFixed(3)}; equal weights give 0.88`,
    }),
  ];
}

/**
 * Measured, not computed from weights: a filter of the shape of a star is laid on known stars (what it gives for one electron/s) and on
 * blank places (its noise). The best sum has the S/N of all frames in quadrature, each with the noise that was put into it.
 */
export function relativeDepth(field: Field, stack: Stack): number {
  const { options } = field;
  const filterAt = (x: number, y: number): Float32Array => {
    const side = 2 * radius + 1;
    const stamp = new Float32Array(side * side);
    addGaussian(stamp, side, [radius + x - Math.round(x), radius + y - Math.round(y)], 1, options.fwhmPix(0));
    return stamp;
  };
  const sum = (x: number, y: number): number => {
    const stamp = filterAt(x, y);
    const [cx, cy] = [Math.round(x), Math.round(y)];
    let total = 0,
      i = 0;
    for (let dy = -radius; dy <= radius; dy++)
      for (let dx = -radius; dx <= radius; dx++, i++) total += stamp[i]! * stack.data[(cy + dy) * stack.width + cx + dx]!;
    return total;
  };
  const places = field.sources.map((source) => stack.wcs.skyToPixel(source.raDeg, source.decDeg));
  const clearOf = (x: number, y: number, distance: number, besides = -1): boolean =>
    places.every((at, i) => i === besides || !at || Math.hypot(at[0] - x, at[1] - y) > distance);
  // Where all frames overlap.
  const margin = 2 * options.ditherPix + 20;
  const inside = (x: number, y: number): boolean =>
    x > margin && y > margin && x < stack.width - margin && y < stack.height - margin;
  const responses = field.sources.flatMap((source, i) => {
    const at = places[i];
    if (source.kind !== 'star' || source.mag > 18.5 || !at || !inside(...at) || !clearOf(at[0], at[1], 14, i)) return [];
    return [sum(...at) / trueElectronPerSec(options, source.mag)];
  });
  const random = seededRandom(options.seed + 9);
  const noises: number[] = [];
  for (let tries = 0; tries < 40_000 && noises.length < 6000; tries++) {
    const [x, y] = [random.uniform() * stack.width, random.uniform() * stack.height];
    if (inside(x, y) && clearOf(x, y, 14)) noises.push(sum(x, y));
  }
  const reached = robust(responses).median / robust(noises).width;
  const square = filterAt(0, 0).reduce((total, value) => total + value * value, 0);
  const best = field.frames.reduce((total, { transparency }) => {
    const light = transparency * options.exposureSec;
    const variance =
      detector.gain * (options.skyAduPerSec + detector.darkAduPerSec) * options.exposureSec +
      detector.readNoise ** 2 +
      detector.gain ** 2 / 12;
    return total + (light * light * square) / variance;
  }, 0);
  return reached / Math.sqrt(best);
}
