import type { PhotometricCalibration } from '@colibri/pipeline';

/** A place of an image as the calibration's polynomial wants it: both in [−1, 1]. */
export const scaledPlace = (x: number, y: number, { width, height }: { width: number; height: number }): [number, number] => [
  (x - (width - 1) / 2) / (width / 2),
  (y - (height - 1) / 2) / (height / 2),
];

/** AB magnitude of 1 electron/s at a place, for a source of this colour (NaN: the usual one), and its error [mag]. */
export function zeroPointAt(
  calibration: PhotometricCalibration,
  u: number,
  v: number,
  colour = Number.NaN,
): { readonly mag: number; readonly err: number } {
  const c = Number.isFinite(colour) ? colour : calibration.defaultColourMag;
  const row = [1, calibration.colour === null ? 0 : c];
  let mag = calibration.zeroPointMag + calibration.colourTerm * row[1]!;
  for (let degree = 1, k = 1; degree <= calibration.spatialOrder; degree++) {
    for (let j = 0; j <= degree; j++, k++) {
      const power = u ** (degree - j) * v ** j;
      row.push(power);
      mag += calibration.spatial[k]! * power;
    }
  }
  let variance = 0;
  for (let i = 0; i < row.length; i++)
    for (let j = 0; j < row.length; j++) variance += row[i]! * row[j]! * calibration.covariance[i * row.length + j]!;
  return { mag, err: Math.sqrt(Math.max(variance, 0)) };
}

/** Flux density of 1 electron/s where the zero point is `mag` [µJy]; 1 µJy is AB 23.9. */
export const microJyOf = (mag: number): number => 10 ** (-0.4 * (mag - 23.9));

/** Magnitude of a flux and its error [mag]; NaN where the flux is not positive. */
export function magnitudeOf(flux: number, fluxErr: number, zeroPoint: { mag: number; err: number }): [mag: number, err: number] {
  if (!(flux > 0)) return [Number.NaN, Number.NaN];
  return [zeroPoint.mag - 2.5 * Math.log10(flux), Math.hypot(((2.5 / Math.LN10) * fluxErr) / flux, zeroPoint.err)];
}
