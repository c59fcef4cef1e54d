import { medianOf, type PsfFluxes, type SourceColumns } from '@colibri/numerics';

/** With fewer stars the sky is not fitted. */
const STARS_FOR_SKY = 10;
/** Stars whose PSF and aperture fluxes disagree by more are not as they seem. */
const WIDEST = 2;
/** How well the ratio of the two is known of any star, from profile and flat field [1]. */
const RATIO_ERROR = 0.005;
const CLIP_SIGMA = 3.5;

/**
 * Light in the aperture over PSF flux, from stars that are clean: the slope of a line through the fluxes, whose other parameter is
 * the sky that the background left in the aperture, the same for all. The PSF fit has its own sky; a mean of ratios would have this one's.
 * 1 where fewer than three stars tell.
 *
 * @param stars - indices of the columns
 */
export function apertureOverPsf(
  { fluxAper, fluxAperErr }: Pick<SourceColumns, 'fluxAper' | 'fluxAperErr'>,
  { flux }: Pick<PsfFluxes, 'flux'>,
  stars: readonly number[],
): number {
  const usable = stars.filter((i) => flux[i]! > 0 && fluxAper[i]! < WIDEST * flux[i]! && WIDEST * fluxAper[i]! > flux[i]!);
  if (usable.length < 3) return 1;
  let slope = medianOf(Float64Array.from(usable, (i) => fluxAper[i]! / flux[i]!));
  if (usable.length < STARS_FOR_SKY) return slope;
  let sky = 0;
  for (let round = 0; round < 5; round++) {
    let w0 = 0;
    let wx = 0;
    let wy = 0;
    let wxx = 0;
    let wxy = 0;
    for (const i of usable) {
      const variance = fluxAperErr[i]! ** 2 + (RATIO_ERROR * flux[i]!) ** 2;
      const off2 = (fluxAper[i]! - slope * flux[i]! - sky) ** 2 / variance;
      if (round > 0 && off2 > CLIP_SIGMA ** 2) continue;
      const w = 1 / variance;
      w0 += w;
      wx += w * flux[i]!;
      wy += w * fluxAper[i]!;
      wxx += w * flux[i]! ** 2;
      wxy += w * flux[i]! * fluxAper[i]!;
    }
    const determinant = w0 * wxx - wx * wx;
    if (!(determinant > 1e-6 * w0 * wxx)) return slope;
    slope = (w0 * wxy - wx * wy) / determinant;
    sky = (wy - slope * wx) / w0;
  }
  return slope;
}
