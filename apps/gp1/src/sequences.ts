import { astrometry, findstars, reduction } from '@colibri/modules';
import { type Sequence, sequence } from '@colibri/pipeline';

/** The strategy `standard`: what happens to each frame, top to bottom. */
export const standard: Sequence = sequence(
  'standard',
  [reduction, findstars, astrometry].filter((module) => module !== undefined),
);
