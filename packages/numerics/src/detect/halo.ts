import type { Basins } from './watershed.ts';

/** One value per source: pixels, their light [electron], flux by the matched filter [electron]. */
export interface SourceSums {
  readonly area: Int32Array;
  readonly flux: Float64Array;
  readonly matched: Float64Array;
}

/** What is found near a bright star must be brighter than this share of its light, at 10 FWHM; further out it falls with distance. */
const HALO_SHARE = 1.5e-4;
const HALO_START = 10;
const HALO_POWER = 1.2;
/** Knots are wide: this many times the area of a Gaussian star of the same height; of 1000 simulated stars 3 % have as much. */
const KNOT_AREA = 2.2;

/**
 * Clears `keep` for sources that are likely a knot in a diffraction spike of a very bright star: faint beside it, within 10 to about
 * 40 FWHM, and wider than a star.
 *
 * @param isophote - height down to which `area` was counted
 * HALO constants: twice the brightest knots of simulated spikes (SkyMaker, four vanes) at 10, 18 and 25 FWHM.
 */
export function dropHaloKnots(
  basins: Basins,
  { area, flux, matched }: SourceSums,
  { width, fwhmPix, isophote }: { readonly width: number; readonly fwhmPix: number; readonly isophote: number },
  keep: Uint8Array,
): void {
  // A star's filtered image is a Gaussian of √2 times its width: above the isophote it covers 4πσ² ln(height / isophote).
  const sigma = fwhmPix / 2.3548;
  const starArea = (height: number): number => 4 * Math.PI * sigma * sigma * Math.log(Math.max(height / isophote, 1.2));
  const faintest = matched.reduce((least, f) => (f > 0 && f < least ? f : least), Infinity);
  const start = HALO_START * fwhmPix;
  for (let b = 0; b < basins.count; b++) {
    const excess = (HALO_SHARE * flux[b]!) / faintest;
    if (!(excess > 1)) continue;
    const reach = start * excess ** (1 / HALO_POWER);
    const bx = basins.peakIndex[b]! % width;
    const by = Math.floor(basins.peakIndex[b]! / width);
    for (let n = 0; n < basins.count; n++) {
      if (n === b || flux[n]! > 0.01 * flux[b]! || area[n]! < KNOT_AREA * starArea(basins.peakHeight[n]!)) continue;
      const dy = Math.floor(basins.peakIndex[n]! / width) - by;
      if (Math.abs(dy) > reach) continue;
      const r = Math.hypot((basins.peakIndex[n]! % width) - bx, dy);
      if (r >= reach) continue;
      if (matched[n]! < HALO_SHARE * flux[b]! * (start / Math.max(r, start)) ** HALO_POWER) keep[n] = 0;
    }
  }
}
