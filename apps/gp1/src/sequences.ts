import {
  alignment,
  astrometry,
  bias,
  dark,
  findstars,
  flat,
  photometry,
  reduction,
  stacking,
  subtraction,
  summary,
} from '@colibri/modules';
import { type AnyModule, type Sequence, sequence } from '@colibri/pipeline';

/** The strategy `quick`: positions and magnitudes as early as can be; nothing is subtracted. */
const quick = sequence('quick', [reduction, findstars, astrometry, alignment, stacking, photometry, summary]);

/** The strategy `standard`, top to bottom: what happens to each frame, then to the frames of a unit together. */
export const standard: Sequence = sequence(
  'standard',
  [reduction, findstars, astrometry, alignment, stacking, photometry, subtraction, summary],
  [quick],
);

/** Commands that make masters of raw calibration frames, in the order in which each needs the ones before. */
export const calibrationModules: readonly AnyModule[] = [bias, dark, flat];
