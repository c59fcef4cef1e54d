import * as modules from '@colibri/modules';
import { type AnyModule, type Sequence, sequence } from '@colibri/pipeline';

const { reduction, findstars, astrometry } = modules as unknown as Record<string, AnyModule>;

/** The strategy `standard`: what happens to each frame, top to bottom. */
export const standard: Sequence = sequence(
  'standard',
  [reduction, findstars, astrometry].filter((module) => module !== undefined),
);
