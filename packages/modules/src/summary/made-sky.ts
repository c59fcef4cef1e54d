import { isoUtcOfMjd, tanWcs, type Wcs } from '@colibri/sky';

/** Plate scale [arcsec/pixel], zero point [AB mag of 1 electron/s], FWHM [pixel] and sky [electron/s per pixel] of the made unit. */
export const SCALE = 0.38;
export const ZERO_POINT = 26.9;
export const FWHM = 3.9;
export const SKY = 42;
/** Exposure and distance of frames [s]. */
export const EXPOSURE = 30;
export const CADENCE = 38;
export const CENTER = { raDeg: 215.6, decDeg: 53.11 };
export const NIGHT = '2025-12-31';
/** AB magnitude of 1 µJy. */
export const MAG_MICRO_JY = 23.9;

/** One true thing of the made sky. */
export interface Thing {
  readonly x: number;
  readonly y: number;
  /** Of the mean over the stack. */
  readonly mag: number;
  readonly kind: 'star' | 'galaxy' | 'afterglow' | 'variable' | 'cosmic ray' | 'trailed';
  readonly inCatalog: boolean;
  /** Flux in frame k over that of `mag` [1]. */
  readonly factor: (k: number) => number;
}

export const wcsAt = (side: number, dx: number, dy: number): Wcs =>
  tanWcs({
    crpix: [side / 2 + dx, side / 2 + dy],
    crval: [CENTER.raDeg, CENTER.decDeg],
    cd: [-SCALE / 3600, 0, 0, SCALE / 3600],
  });

export const fluxOf = (mag: number): number => 10 ** (-0.4 * (mag - ZERO_POINT));
/** Pixels of noise under a PSF: 4π σ². */
const NOISE_PIX = 4 * Math.PI * (FWHM / 2.355) ** 2;

export const errOf = (flux: number, exposureSec: number): number =>
  Math.sqrt((Math.max(0, flux) + NOISE_PIX * SKY) / exposureSec);
export function offsetFrom(wcs: Wcs, [x, y]: [number, number], arcsec: number) {
  const [raDeg, decDeg] = wcs.pixelToSky(x + arcsec / SCALE / Math.SQRT2, y + arcsec / SCALE / Math.SQRT2);
  return { raDeg, decDeg };
}

export const middleOf = (wcs: Wcs, [x0, y0]: [number, number], [x1, y1]: [number, number]): [number, number] =>
  wcs.pixelToSky((x0 + x1) / 2, (y0 + y1) / 2);

export function ratesOf(wcs: Wcs, path: (k: number) => [number, number], mids: readonly number[]) {
  const [ra0, dec0] = wcs.pixelToSky(...path(0));
  const [ra1, dec1] = wcs.pixelToSky(...path(mids.length - 1));
  const hours = (mids.at(-1)! - mids[0]!) * 24;
  return {
    raRateArcsecH: ((ra1 - ra0) * 3600 * Math.cos((dec0 * Math.PI) / 180)) / hours,
    decRateArcsecH: ((dec1 - dec0) * 3600) / hours,
  };
}

export const frameIdOf = (mid: number, filter: string): string =>
  `${isoUtcOfMjd(mid - EXPOSURE / 2 / 86400, 0).replace(/[-:Z]/g, '')}${filter === 'r' ? 'C0' : 'C1'}o`;
