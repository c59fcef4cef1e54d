import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeStack } from '@colibri/modules';
import type { Compute } from '@colibri/numerics';
import type { Template, TemplateSource } from '@colibri/pipeline';
import { separationDeg } from '@colibri/sky';

/**
 * Templates from our own stacks: those of earlier nights of the same target, camera and filter (`epochs/<night>/stack.fits.fz`), the longest
 * exposure first. A stack that does not cover the place is passed over.
 */
export function archiveTemplates(workspace: string, compute: Compute): TemplateSource {
  return {
    async find({ raDeg, decDeg, radiusDeg, filter, unit }) {
      const [name = '', night = ''] = unit.split('@');
      const epochs = join(workspace, name, 'epochs');
      const nights = (await readdir(epochs).catch(() => [])).filter((other) => other < night).sort();
      let best: { path: string; bytes: Uint8Array; exposureSec: number } | null = null;
      for (const other of nights) {
        const path = join(epochs, other, 'stack.fits.fz');
        const bytes = await readFile(path).catch(() => null);
        if (!bytes) continue;
        const stack = await compute.scope(() => decodeStack(new Uint8Array(bytes), path, compute));
        const [ra, dec] = stack.wcs.pixelToSky((stack.width - 1) / 2, (stack.height - 1) / 2);
        if (stack.filter !== filter || separationDeg(ra, dec, raDeg, decDeg) > radiusDeg) continue;
        if (best === null || stack.exposureSec > best.exposureSec) best = { path, bytes, exposureSec: stack.exposureSec };
      }
      if (best === null) return null;
      const stack = await decodeStack(new Uint8Array(best.bytes), best.path, compute);
      return {
        name: `${name}/epochs/${best.path.split('/').at(-2)}`,
        origin: 'archive',
        width: stack.width,
        height: stack.height,
        data: stack.data,
        variance: stack.variance,
        mask: stack.mask,
        wcs: stack.wcs,
        filter,
        midMjdUtc: stack.midMjdUtc,
        zeroPointMag: null,
        covarianceFactor: stack.covarianceFactor,
        sha256: createHash('sha256').update(best.bytes).digest('hex'),
      } satisfies Template;
    },
  };
}
