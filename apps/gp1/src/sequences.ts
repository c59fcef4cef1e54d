import { alignment, astrometry, findstars, reduction } from '@colibri/modules';
import { type Sequence, sequence } from '@colibri/pipeline';

/** The strategy `standard`, top to bottom: what happens to each frame, then to the frames of a unit together. */
export const standard: Sequence = sequence('standard', [reduction, findstars, astrometry, alignment]);
