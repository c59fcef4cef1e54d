import { type ObjectPlanes, UNUSABLE } from '../measure/object-planes.ts';
import type { Basins } from './watershed.ts';

/** A star's brightest pixel is at most this many times what its matched flux predicts; a lone pixel's is about five times. */
const SHARPEST = 1.8;

/**
 * True for sources that are as wide as light through this sky can be; false for what is sharper, 3 sigma beyond doubt: hot pixels,
 * cosmic rays, columns. The test compares the brightest pixel near the summit with that of a star of the same matched S/N.
 * A saturated star is flat and passes too.
 *
 * @param matched - flux of each source by the matched filter [electron]
 * @param peak    - largest weight of the filter, whose sum is 1
 */
export function plausibleSources(
  { image, mask, variance, width, height }: ObjectPlanes,
  basins: Basins,
  matched: Float64Array,
  peak: number,
): Uint8Array {
  const keep = new Uint8Array(basins.count);
  for (let n = 0; n < basins.count; n++) {
    const summit = basins.peakIndex[n]!;
    const x = summit % width;
    const y = (summit - x) / width;
    let brightest = -Infinity;
    let at = summit;
    for (let py = Math.max(y - 1, 0); py <= Math.min(y + 1, height - 1); py++) {
      for (let px = Math.max(x - 1, 0); px <= Math.min(x + 1, width - 1); px++) {
        const p = py * width + px;
        if ((mask[p]! & UNUSABLE) !== 0 || !(image[p]! > brightest)) continue;
        brightest = image[p]!;
        at = p;
      }
    }
    keep[n] = brightest - 3 * Math.sqrt(variance[at]!) <= SHARPEST * matched[n]! * peak ? 1 : 0;
  }
  return keep;
}

/** The basins without those whose `keep` is 0: labels renumbered, the pixels of the others set free. */
export function keepBasins(basins: Basins, keep: Uint8Array): Basins {
  const kept: number[] = [];
  const number = new Int32Array(basins.count + 1);
  for (let n = 0; n < basins.count; n++) {
    if (keep[n] === 0) continue;
    kept.push(n);
    number[n + 1] = kept.length;
  }
  if (kept.length === basins.count) return basins;
  const { labels, pixels } = basins;
  for (let k = 0; k < pixels.length; k++) labels[pixels[k]!] = number[labels[pixels[k]!]!]!;
  return {
    count: kept.length,
    pixels,
    labels,
    peakIndex: Int32Array.from(kept, (n) => basins.peakIndex[n]!),
    peakHeight: Float32Array.from(kept, (n) => basins.peakHeight[n]!),
    saddle: Float32Array.from(kept, (n) => basins.saddle[n]!),
  };
}
