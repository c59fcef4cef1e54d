import { access, statfs } from 'node:fs/promises';
import type { ObservatoryError } from '@colibri/base';
import { noSpace } from '../errors.ts';
import type { OnlineContext } from './context.ts';

/** Products of a 4096² frame before packing, three times over [byte]. */
const largestJobBytes = 3 * 10 * 4096 * 4096;
/** How old an answer of the file system may be [ms]. */
const freshMs = 5000;

/** Whether the disk has room for another frame. */
export interface DiskSpace {
  /** What to say where there is too little; null: there is room. */
  missing(pipeline: string): Promise<ObservatoryError | null>;
}

/** Pauses below the configured share (and only where that is less than 20 GiB) or below three large jobs; resumes at twice the share. */
export function diskSpace({ config, clock, pipelines }: OnlineContext): DiskSpace {
  let lookedAt = Number.NEGATIVE_INFINITY;
  let hasSpace = true;
  return {
    async missing(pipeline) {
      if (config.minFreePercent === 0) return null;
      const folder = pipelines.find(({ name }) => name === pipeline)?.workspaceDir ?? config.stateDir;
      if (clock.monotonic() - lookedAt > freshMs) {
        lookedAt = clock.monotonic();
        const found = await access(folder)
          .then(
            () => statfs(folder),
            () => null,
          )
          .catch(() => null);
        if (found) {
          const [free, percent] = [found.bavail * found.bsize, (100 * found.bavail) / Math.max(1, found.blocks)];
          const limit = hasSpace ? config.minFreePercent : 2 * config.minFreePercent;
          hasSpace = free > 3 * largestJobBytes && (percent > limit || free > 20 * 2 ** 30);
        }
      }
      if (hasSpace) return null;
      const found = await statfs(folder);
      return noSpace({ folder, free: `${Math.round((found.bavail * found.bsize) / 2 ** 20)} MiB` });
    },
  };
}
