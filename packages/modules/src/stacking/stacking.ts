import { defineModule, input, metric, number, output } from '@colibri/pipeline';
import { nothingToStack } from './errors.ts';
import { frameShare, type StackFrame } from './frame-share.ts';
import { makeStack } from './make-stack.ts';
import { outputGrid } from './output-grid.ts';
import { addToReference, addToStack, emptyState } from './stack-unit.ts';

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
    stacks: output('stacks', 'Stack and its halves.', { unit: 'electron/s', level: 'L1c' }),
  },
  metrics: {
    frames: metric('Frames in the stack.', { unit: 'frames', card: 'STNFRAME', field: 'stackedFrames' }),
    exposure: metric('Exposure of all frames.', { unit: 's', card: 'STEXP', field: 'stackExposureSec' }),
    fwhm: metric('FWHM of stars expected from the frames.', { unit: 'arcsec', card: 'STFWHM', field: 'stackFwhmArcsec' }),
  },

  async run({ unit, alignment }, parameters, { compute, info, warn }) {
    const frames: StackFrame[] = [];
    for (const [i, frame] of unit.frames.entries()) {
      const share = await frameShare(frame, alignment.frames[i]!, compute);
      if (share !== null) frames.push(share);
    }
    if (frames.length === 0) throw nothingToStack({ unit: unit.name, frames: unit.frames.length });
    const { frame: first, wcs } = frames[0]!;
    const [raDeg, decDeg] = wcs.pixelToSky((first.width - 1) / 2, (first.height - 1) / 2);
    const grid = outputGrid(
      frames.map(({ frame, wcs }) => ({ width: frame.width, height: frame.height, wcs })),
      unit.alert ?? first.meta.pointing ?? { raDeg, decDeg },
      { mostPix: parameters.size_max },
    );
    if (grid.isLimited) warn(`The frames cover more than ${parameters.size_max} pixels: the stack shows the middle of them.`);
    const options = { meshPix: parameters.back_size, clipSigma: parameters.nsig };
    const stacks = await compute.scope(async (keep) => {
      const state = emptyState(grid, compute);
      await addToReference(frames, grid, state, options, compute);
      const halfOf = (i: number): 0 | 1 => (i < frames.length >> 1 ? 0 : 1);
      const traces = await addToStack(
        frames.map((frame, i) => ({ frame, half: halfOf(i) })),
        grid,
        state,
        meanFwhmArcsec(frames),
        options,
        compute,
      );
      const part = (which: (i: number) => boolean, sums: typeof state.halves) => {
        const stack = makeStack(
          sums as never,
          frames.filter((_, i) => which(i)),
          traces.filter((_, i) => which(i)),
          grid,
          compute,
        );
        for (const plane of [stack.data, stack.variance, stack.mask, stack.coverageSec]) keep(plane);
        return stack;
      };
      const half = (h: 0 | 1) => {
        const count = frames.filter((_, i) => halfOf(i) === h).length;
        return count < 2 ? null : part((i) => halfOf(i) === h, [state.halves[h]] as never);
      };
      const stack = part(() => true, state.halves);
      return { stack, halfA: half(0), halfB: half(1) };
    });
    const { stack } = stacks;
    info(
      `${frames.length} frames, ${stack.exposureSec.toFixed(0)} s, on ${grid.width} × ${grid.height} pixels; ` +
        `${stack.inputs.reduce((sum, one) => sum + one.rejectedPixels, 0)} pixels left out.`,
    );
    return {
      outputs: { stacks },
      metrics: { frames: frames.length, exposure: stack.exposureSec, fwhm: stack.fwhmPix * grid.scaleArcsec },
    };
  },
});

const meanFwhmArcsec = (frames: readonly StackFrame[]): number =>
  frames.reduce((sum, f) => sum + f.weight * f.fwhmArcsec, 0) / frames.reduce((sum, f) => sum + f.weight, 0);
