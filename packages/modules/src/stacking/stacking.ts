import type { Compute, StackSums } from '@colibri/numerics';
import { defineModule, input, metric, number, output, type StackSet, type Unit } from '@colibri/pipeline';
import { nothingToStack } from './errors.ts';
import { frameShare, type StackFrame } from './frame-share.ts';
import { commonFactor, continues, growHalves, type KeptStack, rescale } from './kept-stack.ts';
import { makeStack } from './make-stack.ts';
import { type OutputGrid, outputGrid } from './output-grid.ts';
import { stacksCodec } from './stack-file.ts';
import { addToReference, addToStack, emptyState, type StackingOptions } from './stack-unit.ts';

/** Adds the frames of a unit to one deep image, and to one of each half of them. */
export const stacking = defineModule({
  name: 'stacking',
  code: 'ST',
  version: '1.0.0',
  title: 'Stacking',
  summary:
    'Resamples the frames of a unit to one grid and adds them up with the weights of the best S/N; cosmic rays and trails are left out, changes of stars are not.',
  unitOfWork: 'unit',

  inputs: {
    unit: input('unit', 'Reduced, measured frames of one target, camera and filter.', 'electron'),
    alignment: input('alignment', 'Coordinates and transparency of each frame.'),
  },
  parameters: {
    back_size: number('Cell of the mesh of each frame’s sky.', { unit: 'pixel', default: 128, atLeast: 16 }),
    nsig: number('Least excess of a cosmic ray over what the PSF allows; 0: nothing is left out.', {
      unit: 'sigma',
      default: 4.5,
      atLeast: 0,
    }),
    size_max: number('Longest side of the stack.', { unit: 'pixel', default: 12000, atLeast: 64 }),
  },
  outputs: {
    stacks: output('stacks', 'Stack and its halves.', { unit: 'electron/s', level: 'L1c', codec: stacksCodec }),
  },
  metrics: {
    frames: metric('Frames in the stack.', { unit: 'frames', card: 'STNFRAME', field: 'stackedFrames' }),
    exposure: metric('Exposure of all frames.', { unit: 's', card: 'STEXP', field: 'stackExposureSec' }),
    fwhm: metric('FWHM of stars expected from the frames.', { unit: 'arcsec', card: 'STFWHM', field: 'stackFwhmArcsec' }),
  },

  async run({ unit, alignment }, parameters, { compute, info, warn, kept, isFinal }) {
    const frames: StackFrame[] = [];
    for (const [i, frame] of unit.frames.entries()) {
      const share = await frameShare(frame, alignment.frames[i]!, compute);
      if (share !== null) frames.push(share);
    }
    if (frames.length === 0) throw nothingToStack({ unit: unit.name, frames: unit.frames.length });
    const grid = outputGrid(
      frames.map(({ frame, wcs }) => ({ width: frame.width, height: frame.height, wcs })),
      centerOf(unit, frames[0]!),
      // Room for the dithers to come.
      { mostPix: parameters.size_max, margin: isFinal ? 0 : LIVE_MARGIN },
    );
    if (grid.isLimited) warn(`The frames cover more than ${parameters.size_max} pixels: the stack shows the middle of them.`);
    const options = { meshPix: parameters.back_size, clipSigma: parameters.nsig };
    const stacks = await compute.scope(async (keep) => {
      const before = isFinal ? undefined : (kept.get(KEPT) as KeptStack | undefined);
      kept.clear();
      const goesOn = before !== undefined && continues(before, frames, withoutMargin(grid, isFinal));
      const grown = goesOn
        ? await addFrames(before, frames, options, compute)
        : await stackAll(frames, grid, options, isFinal ? compute : null, compute);
      if (!isFinal) kept.set(KEPT, grown);
      const set = stacksOf(grown, compute);
      for (const stack of [set.stack, set.halfA, set.halfB]) {
        if (stack === null) continue;
        for (const plane of [stack.data, stack.variance, stack.mask, stack.coverageSec]) keep(plane);
      }
      return set;
    });
    const { stack } = stacks;
    info(
      `${frames.length} frames, ${stack.exposureSec.toFixed(0)} s, on ${stack.width} × ${stack.height} pixels; ` +
        `${stack.inputs.reduce((sum, one) => sum + one.rejectedPixels, 0)} pixels left out.`,
    );
    return {
      outputs: { stacks },
      metrics: { frames: frames.length, exposure: stack.exposureSec, fwhm: stack.fwhmPix * grid.scaleArcsec },
    };
  },
});

const KEPT = 'stack';
/** Pixels around the frames of a stack that goes on growing. */
const LIVE_MARGIN = 64;

function centerOf(unit: Unit, { frame, wcs }: StackFrame): { readonly raDeg: number; readonly decDeg: number } {
  const [raDeg, decDeg] = wcs.pixelToSky((frame.width - 1) / 2, (frame.height - 1) / 2);
  return unit.alert ?? frame.meta.pointing ?? { raDeg, decDeg };
}

const withoutMargin = (grid: OutputGrid, isFinal: boolean): OutputGrid =>
  isFinal
    ? grid
    : {
        ...grid,
        x0: grid.x0 + LIVE_MARGIN,
        y0: grid.y0 + LIVE_MARGIN,
        width: grid.width - 2 * LIVE_MARGIN,
        height: grid.height - 2 * LIVE_MARGIN,
      };

/** @param memory - where the sums lie; null: on the heap */
async function stackAll(
  frames: readonly StackFrame[],
  grid: OutputGrid,
  options: StackingOptions,
  memory: Compute | null,
  compute: Compute,
): Promise<KeptStack> {
  const state = emptyState(grid, memory);
  const inFirst = frames.length >> 1;
  await addToReference(frames, grid, state, options, compute);
  const members = frames.map((frame, i) => ({ frame, half: i < inFirst ? (0 as const) : (1 as const) }));
  const traces = await addToStack(members, grid, state, meanFwhmArcsec(frames), options, compute);
  return { grid, state, frames, traces, inFirst };
}

/** Only the new ones: a frame costs the same however many were before it. */
async function addFrames(
  before: KeptStack,
  frames: readonly StackFrame[],
  options: StackingOptions,
  compute: Compute,
): Promise<KeptStack> {
  rescale(before, commonFactor(before, frames));
  const { grid, state, inFirst, traces: known } = growHalves(before);
  const members = frames.slice(known.length).map((frame) => ({ frame, half: 1 as const }));
  const fwhm = meanFwhmArcsec(before.frames);
  const traces = await addToStack(members, grid, state, fwhm, options, compute, { areNew: true });
  return { grid, state, frames, traces: [...known, ...traces], inFirst };
}

function stacksOf({ grid, state, frames, traces, inFirst }: KeptStack, compute: Compute): StackSet {
  const [first, second] = state.halves;
  const half = (sums: StackSums, from: number, to: number) =>
    to - from < 2 ? null : makeStack([sums], frames.slice(from, to), traces.slice(from, to), grid, compute);
  return {
    stack: makeStack(state.halves, frames, traces, grid, compute),
    halfA: half(first, 0, inFirst),
    halfB: half(second, inFirst, frames.length),
  };
}

const meanFwhmArcsec = (frames: readonly StackFrame[]): number =>
  frames.reduce((sum, f) => sum + f.weight * f.fwhmArcsec, 0) / frames.reduce((sum, f) => sum + f.weight, 0);
