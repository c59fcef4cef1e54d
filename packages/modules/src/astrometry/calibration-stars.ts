import { buildPointGrid, countInGrid, MaskPlane, type SourceColumns, SourceFlag } from '@colibri/numerics';
import type { ReferenceStars } from '@colibri/pipeline';
import type { PlateSolution } from './fit-plate.ts';
import type { ReferenceBand } from './reference-band.ts';
import type { CalibrationStars } from './zero-point.ts';

const SPOILT =
  SourceFlag.CROWDED | SourceFlag.BLENDED | SourceFlag.SATURATED | SourceFlag.TRUNCATED | SourceFlag.APERTURE_INCOMPLETE;
const MASKED = MaskPlane.BAD | MaskPlane.SATURATED | MaskPlane.COSMIC | MaskPlane.NO_FLAT | MaskPlane.NO_DATA | MaskPlane.TRAIL;

/**
 * The matched stars fit for a zero point: catalogued as stars, whole, unsaturated, unblended, no other detection within 3 FWHM, the
 * match not an outlier, and S/N above 30 (10 where that leaves fewer than ten).
 *
 * @param autoToTotal - total flux over flux in the Kron ellipse, for stars
 */
export function calibrationStars(
  columns: SourceColumns,
  autoToTotal: number,
  exposureSec: number,
  stars: ReferenceStars,
  band: ReferenceBand,
  plate: PlateSolution,
): CalibrationStars {
  const grid = buildPointGrid(columns.x, columns.y, 20);
  const { source, entry } = plate.matches;
  const candidates = Array.from(source.keys()).filter((k) => {
    const s = source[k]!;
    const isStar = stars.isStar[entry[k]!]! === 1 || (stars.isStar[entry[k]!]! === 255 && columns.a[s]! < 1.3 * columns.b[s]!);
    return (
      isStar &&
      (columns.flags[s]! & SPOILT) === 0 &&
      (columns.maskFlags[s]! & MASKED) === 0 &&
      columns.fluxAuto[s]! > 0 &&
      Number.isFinite(band.mag[entry[k]!]!) &&
      plate.robustWeight[k]! > 0.3 &&
      countInGrid(grid, columns.x[s]!, columns.y[s]!, 3 * Math.max(2, columns.fwhm[s]! || 0)) === 1
    );
  });
  const snr = (k: number): number => columns.fluxAuto[source[k]!]! / columns.fluxAutoErr[source[k]!]!;
  const bright = candidates.filter((k) => snr(k) > 30);
  const chosen = bright.length >= 10 ? bright : candidates.filter((k) => snr(k) > 10);
  return {
    instrumentalMag: Float64Array.from(
      chosen,
      (k) => -2.5 * Math.log10((columns.fluxAuto[source[k]!]! * autoToTotal) / exposureSec),
    ),
    instrumentalErr: Float64Array.from(chosen, (k) => 2.5 / Math.LN10 / snr(k)),
    referenceMag: Float64Array.from(chosen, (k) => band.mag[entry[k]!]!),
    referenceErr: Float64Array.from(chosen, (k) => band.err[entry[k]!]!),
  };
}
