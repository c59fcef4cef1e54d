import { medianOf, type PsfModel, type PsfPlanes, psfStamp } from '@colibri/numerics';
import type { PhotometricCalibration, UnitPhotometry } from '@colibri/pipeline';
import { scaledPlace, zeroPointAt } from './apply-calibration.ts';

/** Side of a cell of the limit map [pix]. */
const CELL_PIX = 64;
const PLACES = 12;

/**
 * The flux of a point source at 5 sigma over the image: noise of the PSF's pixels at twelve places of each cell, the median of those that
 * have data, raised to the noise of blank places. As AB magnitudes; NaN where nothing was observed or nothing is calibrated.
 *
 * @param noiseFactor - measured over formal noise
 * @param psfToTotal - total light over PSF flux
 */
export function limitMap(
  { width, height, variance, mask, image, lightVariance }: PsfPlanes,
  psf: PsfModel,
  calibration: PhotometricCalibration | null,
  { noiseFactor, psfToTotal }: { readonly noiseFactor: number; readonly psfToTotal: number },
): UnitPhotometry['limitMap'] {
  const columns = Math.max(1, Math.round(width / CELL_PIX));
  const rows = Math.max(1, Math.round(height / CELL_PIX));
  const mag5Sigma = new Float32Array(columns * rows).fill(Number.NaN);
  const radius = Math.max(2, Math.round(1.5 * psf.fwhmPix));
  const side = 2 * radius + 1;
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      const middleX = Math.floor(((c + 0.5) * width) / columns);
      const middleY = Math.floor(((r + 0.5) * height) / rows);
      const stamp = psfStamp(psf, middleX, middleY, radius);
      const sigmas: number[] = [];
      for (let k = 1; k <= PLACES; k++) {
        const cx = Math.floor(((c + ((k * 0.7548776662466927) % 1)) * width) / columns);
        const cy = Math.floor(((r + ((k * 0.5698402909980532) % 1)) * height) / rows);
        let information = 0;
        let seen = 0;
        let full = 0;
        for (let p = 0; p < stamp.length; p++) {
          const x = cx - radius + (p % side);
          const y = cy - radius + Math.floor(p / side);
          const power = stamp[p]! ** 2;
          full += power;
          if (x < 0 || y < 0 || x >= width || y >= height) continue;
          const q = y * width + x;
          if (mask[q] !== 0 || !(variance[q]! > 0)) continue;
          seen += power;
          information += power / Math.max(variance[q]! - lightVariance * image[q]!, 0.2 * variance[q]!);
        }
        if (seen > 0.5 * full) sigmas.push(1 / Math.sqrt(information));
      }
      if (sigmas.length < PLACES / 3 || !calibration) continue;
      const [u, v] = scaledPlace(middleX, middleY, { width, height });
      const flux = 5 * noiseFactor * psfToTotal * medianOf(Float64Array.from(sigmas));
      mag5Sigma[r * columns + c] = zeroPointAt(calibration, u, v).mag - 2.5 * Math.log10(flux);
    }
  }
  return { columns, rows, mag5Sigma };
}

/** The limit typical of the image, at so many sigma; null where nothing is calibrated. */
export function typicalLimit({ mag5Sigma }: UnitPhotometry['limitMap'], sigmas: 3 | 5): number | null {
  const five = medianOf(mag5Sigma);
  if (!Number.isFinite(five)) return null;
  return sigmas === 5 ? five : five + 2.5 * Math.log10(5 / 3);
}
