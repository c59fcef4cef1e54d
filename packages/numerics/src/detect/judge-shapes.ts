import { cellAt, type MeshGrid } from '../background/background-mesh.ts';
import { type ObjectPlanes, UNUSABLE } from '../measure/object-planes.ts';
import { measureWindowed, Windowed } from '../measure/windowed.ts';
import type { MoffatProfile } from './moffat.ts';

export interface ShapeTestArgs {
  readonly planes: ObjectPlanes;
  readonly peakIndex: Int32Array;
  readonly peakHeight: Float32Array;
  readonly saddle: Float32Array;
  /** The sky's measured noise: no pixel has less, whatever its variance says. */
  readonly noise: MeshGrid & { readonly rms: Float32Array };
  readonly profile: MoffatProfile;
  readonly fwhmPix: number;
  /** Moment size of stars [pix]. */
  readonly starSize: number;
}

/** Brighter sources are not judged: real profiles depart from the fitted one by more than noise. */
const MOST_SNR = 60;
/** Mean squared residual in units of the noise. Of 2200 simulated stars none had 2; of galaxies only wide ones. Blends are allowed more. */
const MOST_MISFIT = 2;
const MOST_MISFIT_BLENDED = 3;
/** Sources wider than this share of a star's size may be galaxies and pass. */
const NARROW = 0.94;
/** The model's own error, as a share of the model. */
const MODEL_ERROR = 0.1;

/**
 * 1 for each source `from` … `to − 1` that may be real, 0 for what a star's profile does not fit although it is no wider than a star, or
 * has no centre: cosmic rays and other defects of a few pixels. A task of the pool.
 */
export function judgeShapes(args: ShapeTestArgs, from: number, to: number): Uint8Array {
  const { planes, peakIndex, peakHeight, saddle, noise, profile, fwhmPix, starSize } = args;
  const keep = new Uint8Array(to - from).fill(1);
  const out = new Float64Array(Windowed.LENGTH);
  const sigma = Math.min(Math.max(fwhmPix / 2.3548, 0.7), 15);
  for (let n = from; n < to; n++) {
    if (peakHeight[n]! > MOST_SNR) continue;
    const x = peakIndex[n]! % planes.width;
    const y = (peakIndex[n]! - x) / planes.width;
    measureWindowed(planes, n + 1, x, y, sigma, out);
    const size = (out[Windowed.XX]! * out[Windowed.YY]! - out[Windowed.XY]! ** 2) ** 0.25;
    const centred = out[Windowed.FAILED] === 0;
    if (centred && !(size < NARROW * starSize)) continue;
    const most = saddle[n]! > 0.3 * peakHeight[n]! ? MOST_MISFIT_BLENDED : MOST_MISFIT;
    const centre = centred ? { x: out[Windowed.X]!, y: out[Windowed.Y]! } : { x, y };
    const least = noise.rms[cellAt(noise, planes, peakIndex[n]!)]! ** 2;
    const misfit = profileMisfit(planes, n + 1, centre, least, profile, fwhmPix);
    if (misfit > most) keep[n - from] = 0;
  }
  return keep;
}

/** Mean of (data − flux · profile)² / variance within 0.8 FWHM, the flux fitted; 0 when fewer than six pixels are good. */
function profileMisfit(
  { image, variance, mask, labels, width, height }: ObjectPlanes,
  label: number,
  { x: cx, y: cy }: { readonly x: number; readonly y: number },
  leastVariance: number,
  { xx, xy, yy, beta }: MoffatProfile,
  fwhmPix: number,
): number {
  const limit = (0.8 * fwhmPix) ** 2 + 2;
  const reach = Math.ceil(Math.sqrt(limit));
  const y0 = Math.max(Math.round(cy) - reach, 0);
  const y1 = Math.min(Math.round(cy) + reach, height - 1);
  const x0 = Math.max(Math.round(cx) - reach, 0);
  const x1 = Math.min(Math.round(cx) + reach, width - 1);
  let flux = 0;
  for (let pass = 0; pass < 2; pass++) {
    let dm = 0;
    let mm = 0;
    let misfit = 0;
    let n = 0;
    for (let y = y0; y <= y1; y++) {
      for (let x = x0; x <= x1; x++) {
        const dx = x - cx;
        const dy = y - cy;
        const p = y * width + x;
        if (dx * dx + dy * dy > limit || (mask[p]! & UNUSABLE) !== 0 || !(variance[p]! > 0)) continue;
        if (labels[p] !== 0 && labels[p] !== label) continue;
        const model = (1 + xx * dx * dx + 2 * xy * dx * dy + yy * dy * dy) ** -beta;
        const v = Math.max(variance[p]!, leastVariance);
        dm += (model * image[p]!) / v;
        mm += (model * model) / v;
        misfit += (image[p]! - flux * model) ** 2 / (v + (MODEL_ERROR * flux * model) ** 2);
        n++;
      }
    }
    if (n < 6 || !(mm > 0)) return 0;
    if (pass === 1) return misfit / n;
    flux = dm / mm;
  }
  return 0;
}
