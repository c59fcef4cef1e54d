import { MaskPlane, type SourceColumns, SourceFlag } from '@colibri/numerics';
import type { PlateSources } from './fit-plate.ts';

/** What a flaw adds to the error of a centroid [pix]: empirical, from frames of a simulated night. */
const ADDED = [
  [SourceFlag.SATURATED, 0.3],
  [SourceFlag.CENTROID_FAILED, 0.3],
  [SourceFlag.CROWDED | SourceFlag.BLENDED, 0.05],
] as const;

/** Sources as the plate fit wants them: honest centroid errors, cut-off ones left out of the fit. */
export function plateSources(columns: SourceColumns): PlateSources {
  const sigma = new Float64Array(columns.count);
  const instrumentalMag = new Float64Array(columns.count);
  for (let i = 0; i < columns.count; i++) {
    const flags = columns.flags[i]!;
    let variance = (columns.xErr[i]! ** 2 + columns.yErr[i]! ** 2) / 2;
    if (!(variance > 0)) variance = 0.3 ** 2; // no error given
    for (const [bits, added] of ADDED) if ((flags & bits) !== 0) variance += added * added;
    if ((columns.maskFlags[i]! & (MaskPlane.BAD | MaskPlane.COSMIC | MaskPlane.NO_FLAT | MaskPlane.TRAIL)) !== 0)
      variance += 0.15 ** 2;
    sigma[i] = (flags & SourceFlag.TRUNCATED) !== 0 ? NaN : Math.sqrt(variance);
    instrumentalMag[i] = columns.fluxAuto[i]! > 0 ? -2.5 * Math.log10(columns.fluxAuto[i]!) : NaN;
  }
  return { x: columns.x, y: columns.y, sigma, instrumentalMag };
}
