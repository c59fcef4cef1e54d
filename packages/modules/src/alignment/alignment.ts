import { defineModule, input, metric, number, output, type UnitAlignment } from '@colibri/pipeline';
import { alignQuickly } from './align-quickly.ts';
import { alignUnit } from './align-unit.ts';
import { alignmentCodec } from './alignment-file.ts';

/** Lays the frames of a unit on one sky, and says how clear the sky was in each. */
export const alignment = defineModule({
  name: 'alignment',
  code: 'AL',
  version: '1.1.0',
  title: 'Alignment',
  summary:
    'Fits the coordinates of all frames of a unit together, measures their relative transparency, and sets unfit frames aside.',
  unitOfWork: 'unit',

  inputs: {
    unit: input('unit', 'Reduced, measured frames of one target, camera and filter.'),
    referenceCatalog: input('referenceCatalog', 'Positions that hold the unit on the sky.'),
  },
  parameters: {
    order_max: number('Highest order of the distortion that frames share; the order used follows the evidence.', {
      unit: '1',
      default: 4,
      atLeast: 1,
      atMost: 6,
    }),
    nstars_min: number('Stars in common with the catalogue or other frames that a frame must have.', {
      unit: 'stars',
      default: 4,
      atLeast: 1,
    }),
    nstars_max: number('Stars that make the joint fit, the best first; further ones follow it.', {
      unit: 'stars',
      default: 1500,
      atLeast: 50,
    }),
    transparency_min: number('Frames with less light than this share of the clear ones are set aside.', {
      unit: '1',
      default: 0.05,
      atLeast: 0,
      below: 1,
    }),
    fwhm_max: number('Frames whose FWHM is above this many times the median of the unit are set aside.', {
      unit: 'median',
      default: 3,
      above: 1,
    }),
    catalog_limit: number('Most catalogue entries asked for, the brightest first.', { unit: '1', default: 20000, atLeast: 10 }),
    search_radius: number('How far an unsolved frame may lie from where its header says.', {
      unit: 'deg',
      default: 0.1,
      above: 0,
      atMost: 2,
    }),
  },
  outputs: {
    alignment: output('alignment', 'Coordinates, transparency and fate of each frame.', { level: 'L1c', codec: alignmentCodec }),
  },
  metrics: {
    frames: metric('Frames of the unit.', { unit: 'frames', card: 'ALNFRAME', field: 'frames' }),
    accepted: metric('Frames fit to be stacked.', { unit: 'frames', card: 'ALNACC', field: 'stackedFrames', warnBelow: 1 }),
    rms: metric('Residual of the well-measured stars about the joint fit, per axis.', {
      unit: 'arcsec',
      card: 'ALRMS',
      field: 'alignRmsArcsec',
      warnAbove: 0.3,
    }),
    least: metric('Least transparency of an accepted frame beside the clear ones.', {
      unit: '1',
      card: 'ALTRMIN',
      field: 'transparencyLeast',
    }),
    median: metric('Median transparency of the accepted frames.', { unit: '1', card: 'ALTRMED', field: 'transparencyMedian' }),
  },

  async run({ unit, referenceCatalog }, parameters, context) {
    const options = {
      maxOrder: parameters.order_max,
      fewestStars: parameters.nstars_min,
      mostStars: parameters.nstars_max,
      leastTransparency: parameters.transparency_min,
      mostFwhm: parameters.fwhm_max,
      catalogLimit: parameters.catalog_limit,
      searchRadiusDeg: parameters.search_radius,
    };
    const alignment = context.isFinal
      ? (await alignUnit(unit, referenceCatalog, options, context)).alignment
      : await alignQuickly(unit, referenceCatalog, options, context);
    for (const { frameId, accepted, reason } of alignment.frames)
      if (!accepted) context.warn(`${frameId} is set aside: ${reason}`);
    if (alignment.frames.some((frame) => frame.accepted && Number.isNaN(frame.transparency)))
      context.warn('The frames have no clean stars in common: their relative transparencies are not known.');
    return { outputs: { alignment }, metrics: figuresOf(alignment) };
  },
});

function figuresOf({ frames, rmsArcsec }: UnitAlignment) {
  const accepted = frames.filter((frame) => frame.accepted);
  const clear = accepted
    .map((frame) => frame.transparency)
    .filter(Number.isFinite)
    .sort((a, b) => a - b);
  const middle = clear.length >> 1;
  return {
    frames: frames.length,
    accepted: accepted.length,
    rms: rmsArcsec ? Math.hypot(...rmsArcsec) / Math.SQRT2 : null,
    least: clear[0] ?? null,
    median: clear.length === 0 ? null : clear.length % 2 === 1 ? clear[middle]! : (clear[middle - 1]! + clear[middle]!) / 2,
  };
}
