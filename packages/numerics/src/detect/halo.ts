import type { Basins } from './watershed.ts';

/** What is found near a bright star must be brighter than this share of its light, at 10 FWHM; further out it falls with distance. */
const HALO_SHARE = 1.5e-4;
const HALO_START = 10;
const HALO_POWER = 1.2;

/**
 * Clears `keep` for sources that may be a knot in a diffraction spike of a very bright star, within 10 to about 40 FWHM of it.
 *
 * @param flux - summed light of each source's pixels [electron]
 * @param matched - matched flux of each source [electron]
 * HALO constants: twice the brightest knots of simulated spikes (SkyMaker, four vanes) at 10, 18 and 25 FWHM.
 */
export function dropHaloKnots(
  basins: Basins,
  flux: Float64Array,
  matched: Float64Array,
  width: number,
  fwhmPix: number,
  keep: Uint8Array,
): void {
  const faintest = matched.reduce((least, f) => (f > 0 && f < least ? f : least), Infinity);
  const start = HALO_START * fwhmPix;
  for (let b = 0; b < basins.count; b++) {
    const excess = (HALO_SHARE * flux[b]!) / faintest;
    if (!(excess > 1)) continue;
    const reach = start * excess ** (1 / HALO_POWER);
    const bx = basins.peakIndex[b]! % width;
    const by = Math.floor(basins.peakIndex[b]! / width);
    for (let n = 0; n < basins.count; n++) {
      if (n === b || flux[n]! > 0.01 * flux[b]!) continue;
      const dy = Math.floor(basins.peakIndex[n]! / width) - by;
      if (Math.abs(dy) > reach) continue;
      const r = Math.hypot((basins.peakIndex[n]! % width) - bx, dy);
      if (r >= reach) continue;
      if (matched[n]! < HALO_SHARE * flux[b]! * (start / Math.max(r, start)) ** HALO_POWER) keep[n] = 0;
    }
  }
}
