import type { PlaneMap } from './plane-map.ts';

/**
 * Plate solution of the Digitized Sky Survey: pixel of the scan → standard coordinates (ξ, η) [deg] about the plate centre.
 *
 * Pixels here are FITS's (1-based). Source: the GSSS header keywords AMDX, AMDY (Lasker et al. 1990, AJ 99, 2019, as
 * documented with the DSS images).
 */
export interface DssPlate {
  readonly amdx: readonly number[];
  readonly amdy: readonly number[];
  /** PPO3, PPO6 [µm]: where the plate centre lies on the scan. */
  readonly ppo3: number;
  readonly ppo6: number;
  /** CNPIX1, CNPIX2: first pixel of this cut in the scan. */
  readonly cnpix1: number;
  readonly cnpix2: number;
  /** XPIXELSZ, YPIXELSZ [µm]. */
  readonly xPixelUm: number;
  readonly yPixelUm: number;
}

/** FITS pixel → (ξ, η) [deg], with derivatives per pixel. */
export function dssMap(plate: DssPlate): PlaneMap {
  const a = (n: number): number => plate.amdx[n - 1] ?? 0;
  const b = (n: number): number => plate.amdy[n - 1] ?? 0;
  return {
    evaluate(pixelX, pixelY, out) {
      const x = (plate.ppo3 - plate.xPixelUm * (pixelX + plate.cnpix1 - 0.5)) / 1000,
        y = (plate.yPixelUm * (pixelY + plate.cnpix2 - 0.5) - plate.ppo6) / 1000;
      const dx = -plate.xPixelUm / 1000 / 3600,
        dy = plate.yPixelUm / 1000 / 3600;
      const [xi, xiX, xiY] = plateTerms(a, x, y);
      const [eta, etaY, etaX] = plateTerms(b, y, x);
      out[0] = xi / 3600;
      out[1] = eta / 3600;
      out[2] = xiX * dx;
      out[3] = xiY * dy;
      out[4] = etaX * dx;
      out[5] = etaY * dy;
    },
  };
}

/** The 13 terms of one axis [arcsec] with derivatives by its own and by the other coordinate [arcsec/mm]. */
function plateTerms(c: (n: number) => number, x: number, y: number): [number, number, number] {
  const r2 = x * x + y * y;
  const value =
    c(1) * x +
    c(2) * y +
    c(3) +
    c(4) * x * x +
    c(5) * x * y +
    c(6) * y * y +
    c(7) * r2 +
    c(8) * x * x * x +
    c(9) * x * x * y +
    c(10) * x * y * y +
    c(11) * y * y * y +
    c(12) * x * r2 +
    c(13) * x * r2 * r2;
  const byOwn =
    c(1) +
    2 * c(4) * x +
    c(5) * y +
    2 * c(7) * x +
    3 * c(8) * x * x +
    2 * c(9) * x * y +
    c(10) * y * y +
    c(12) * (r2 + 2 * x * x) +
    c(13) * (r2 * r2 + 4 * x * x * r2);
  const byOther =
    c(2) +
    c(5) * x +
    2 * c(6) * y +
    2 * c(7) * y +
    c(9) * x * x +
    2 * c(10) * x * y +
    3 * c(11) * y * y +
    2 * c(12) * x * y +
    4 * c(13) * x * y * r2;
  return [value, byOwn, byOther];
}
