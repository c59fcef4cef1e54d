import type { Compute, StackSums } from '@colibri/numerics';
import {
  choice,
  defineModule,
  flag,
  input,
  metric,
  number,
  output,
  type Stack,
  type StackSet,
  text,
  type Unit,
} from '@colibri/pipeline';
import { nothingToStack } from './errors.ts';
import { frameShares, type StackFrame } from './frame-share.ts';
import { commonFactor, continues, growHalves, type KeptStack, rescale } from './kept-stack.ts';
import { makeStack } from './make-stack.ts';
import { type OutputGrid, outputGrid } from './output-grid.ts';
import { properFwhmArcsec, properKernels } from './proper-coadd.ts';
import { stacksCodec } from './stack-file.ts';
import { addSky, stackSky } from './stack-sky.ts';
import { addToStack, type Drafts, emptyHalves, referenceOf, referenceOfHalves, type StackingOptions } from './stack-unit.ts';

/** Adds the frames of a unit to one deep image, and to one of each half of them. */
export const stacking = defineModule({
  name: 'stacking',
  code: 'ST',
  version: '1.2.0',
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
    coadd: choice(
      'weighted: the mean with the weights of the best S/N; proper: each frame convolved so that the sum has the most S/N there can be, which pays off when the seeing differs much, and is made anew with each frame.',
      { options: ['weighted', 'proper'], default: 'weighted' },
    ),
    trails: flag('Search each frame for trails of satellites, also faint ones, and leave them out.', { default: true }),
    subtract_sky: flag('Take the sky away; the model of it is kept with the stack in any case.', { default: true }),
    sky_frame: choice(
      'Take the pattern of the sky away, as the median of the frames around each in time, without their sources: for infrared detectors.',
      { options: ['auto', 'yes', 'no'], default: 'auto' },
    ),
    sky_filters: text('Filters for which sky_frame = auto means yes.', { default: 'J,H,K,Ks' }),
    sky_neighbours: number('Frames whose median is a sky frame.', { unit: 'frames', default: 8, atLeast: 3 }),
    size_max: number('Longest side of the stack.', { unit: 'pixel', default: 12000, atLeast: 64 }),
  },
  outputs: {
    stacks: output('stacks', 'Stack and its halves; the sky that was in it, with its error; the trails that were left out.', {
      unit: 'electron/s',
      level: 'L1c',
      codec: stacksCodec,
    }),
  },
  metrics: {
    frames: metric('Frames in the stack.', { unit: 'frames', card: 'STNFRAME', field: 'stackedFrames' }),
    exposure: metric('Exposure of all frames.', { unit: 's', card: 'STEXP', field: 'stackExposureSec' }),
    fwhm: metric('FWHM of stars expected from the frames.', { unit: 'arcsec', card: 'STFWHM', field: 'stackFwhmArcsec' }),
  },

  async run({ unit, alignment }, parameters, { compute, info, warn, kept, isFinal }) {
    const isProper = parameters.coadd === 'proper';
    const shares = await frameShares(unit.frames, alignment.frames, compute, warn);
    // The kernels of a proper coadd do what the FWHM does in the weights of a mean.
    const frames = isProper ? shares.map((f) => ({ ...f, weight: f.weight * f.fwhmArcsec ** 2 })) : shares;
    if (frames.length === 0) throw nothingToStack({ unit: unit.name, frames: unit.frames.length });
    const grid = outputGrid(
      frames.map(({ frame, wcs }) => ({ width: frame.width, height: frame.height, wcs })),
      centerOf(unit, frames[0]!),
      // Room for the dithers to come.
      { mostPix: parameters.size_max, margin: isFinal ? 0 : LIVE_MARGIN },
    );
    if (grid.isLimited) warn(`The frames cover more than ${parameters.size_max} pixels: the stack shows the middle of them.`);
    const isInfrared = parameters.sky_filters.split(',').some((filter) => filter.trim() === unit.filter);
    const options: StackingOptions = {
      meshPix: parameters.back_size,
      clipSigma: parameters.nsig,
      findTrails: parameters.trails,
      skyNeighbours:
        parameters.sky_frame === 'yes' || (parameters.sky_frame === 'auto' && isInfrared) ? parameters.sky_neighbours : 0,
    };
    const stacks = await compute.scope(async (keep) => {
      const before = isFinal ? undefined : (kept.get(KEPT) as KeptStack | undefined);
      kept.clear();
      const goesOn = before !== undefined && !isProper && continues(before, frames, withoutMargin(grid, isFinal));
      const grown = goesOn
        ? await addFrames(before, frames, options, compute)
        : await stackAll(frames, grid, options, isProper, isFinal ? compute : null, compute);
      if (!isFinal && !isProper) kept.set(KEPT, grown);
      const set = stacksOf(grown, isProper, isFinal, compute);
      if (!parameters.subtract_sky) for (const stack of stacksIn(set)) if (stack.sky) addSky(stack.sky, stack, stack.data);
      for (const stack of stacksIn(set)) {
        for (const plane of [stack.data, stack.variance, stack.mask, stack.coverageSec]) keep(plane);
      }
      return set;
    });
    const { stack } = stacks;
    info(
      `${frames.length} frames, ${stack.exposureSec.toFixed(0)} s, on ${stack.width} × ${stack.height} pixels; ` +
        `${stack.inputs.reduce((sum, one) => sum + one.rejectedPixels, 0)} pixels left out.`,
    );
    for (const { frameId, trails } of stack.inputs)
      for (const { x0, y0, x1, y1, snr } of trails ?? [])
        info(
          `${frameId}: a trail from (${x0.toFixed(0)}, ${y0.toFixed(0)}) to (${x1.toFixed(0)}, ${y1.toFixed(0)}), S/N ${snr.toFixed(0)}, is left out.`,
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

const stacksIn = ({ stack, halfA, halfB }: StackSet): Stack[] => [stack, halfA, halfB].filter((one) => one !== null);

/** @param memory - where the sums lie; null: on the heap */
async function stackAll(
  frames: readonly StackFrame[],
  grid: OutputGrid,
  options: StackingOptions,
  isProper: boolean,
  memory: Compute | null,
  compute: Compute,
): Promise<KeptStack> {
  const drafts: Drafts = new Map();
  const inFirst = frames.length >> 1;
  const reference = await referenceOf(frames, grid, options, compute, drafts);
  const halves = emptyHalves(grid, memory);
  const kernels = isProper ? properKernels(frames) : null;
  const members = frames.map((frame, i) => ({
    frame,
    half: i < inFirst ? (0 as const) : (1 as const),
    kernel: kernels?.[i] ?? null,
  }));
  const traces = await addToStack(members, grid, halves, reference, options, compute, drafts);
  for (const plane of [reference.mean, reference.objects]) compute.free(plane);
  return { grid, halves, frames, traces, inFirst };
}

/** Only the new ones: a frame costs the same however many were before it. */
async function addFrames(
  before: KeptStack,
  frames: readonly StackFrame[],
  options: StackingOptions,
  compute: Compute,
): Promise<KeptStack> {
  rescale(before, commonFactor(before, frames));
  const { grid, halves, inFirst, traces: known } = growHalves(before);
  const reference = await referenceOfHalves(halves, before.frames, grid, compute);
  const members = frames.slice(known.length).map((frame) => ({ frame, half: 1 as const, kernel: null }));
  const traces = await addToStack(members, grid, halves, reference, options, compute);
  for (const plane of [reference.mean, reference.objects]) compute.free(plane);
  return { grid, halves, frames, traces: [...known, ...traces], inFirst };
}

/** @param isLast - the sums are not needed afterwards: the planes of the halves are made in their place */
function stacksOf(
  { grid, halves, frames, traces, inFirst }: KeptStack,
  isProper: boolean,
  isLast: boolean,
  compute: Compute,
): StackSet {
  const of = (sums: readonly StackSums[], from: number, to: number, last: boolean): Stack => {
    const [those, theirs] = [frames.slice(from, to), traces.slice(from, to)];
    const sky = stackSky(
      those,
      theirs.map((trace) => trace.sky),
      grid,
    );
    // Halves of a proper coadd have the kernels of the whole.
    const fwhm = isProper ? { fwhmArcsec: properFwhmArcsec(frames) } : {};
    return makeStack({ sums, frames: those, traces: theirs, sky, isLast: last, ...fwhm }, grid, compute);
  };
  const half = (k: 0 | 1, from: number, to: number) => (to - from < 2 ? null : of([halves[k]], from, to, isLast));
  return { stack: of(halves, 0, frames.length, false), halfA: half(0, 0, inFirst), halfB: half(1, inFirst, frames.length) };
}
