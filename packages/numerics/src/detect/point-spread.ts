import { MaskPlane } from '../mask-plane.ts';
import { type ObjectPlanes, UNUSABLE } from '../measure/object-planes.ts';
import { measureWindowed, Windowed } from '../measure/windowed.ts';
import { medianOf } from '../stats/quantile.ts';
import { fitMoffat } from './fit-moffat.ts';
import { halfSampleMode } from './half-sample-mode.ts';
import { circularMoffat, type MoffatProfile, moffatElongation, moffatFwhm } from './moffat.ts';
import type { Basins } from './watershed.ts';

/** How a star looks in this frame. */
export interface PointSpread {
  readonly profile: MoffatProfile;
  /** [pix] */
  readonly fwhmPix: number;
  readonly elongation: number;
  /** Stars that it was fitted to; 0: assumed. */
  readonly starCount: number;
  /** Size of stars by windowed moments, (xx·yy − xy²)^¼ [pix]; what `fwhm` of sources is scaled with. */
  readonly momentSizePix: number;
}

/** Stars used at most: enough for 0.5 % in width. */
const MOST_STARS = 60;
/** Fewer that agree in size may be anything. */
const LEAST_STARS = 3;
const LEAST_SNR = 25;

/**
 * Finds the stars among the bright basins and fits a Moffat profile to them. Candidates are unsaturated, unblended and away from
 * bad pixels and borders; stars are those at the mode of the size distribution, within 12 % (galaxies are larger, cosmic rays
 * smaller); those that disagree with the common profile are dropped and the fit repeated.
 *
 * @param assumedFwhmPix - of the kernel the basins were found with; kept when there are fewer than three stars
 */
export function measurePointSpread(planes: ObjectPlanes, basins: Basins, assumedFwhmPix: number): PointSpread {
  const { width, height } = planes;
  const sigma = assumedFwhmPix / 2.3548;
  const border = Math.ceil(2.5 * assumedFwhmPix);
  const order = Array.from(basins.peakHeight.keys()).sort((a, b) => basins.peakHeight[b]! - basins.peakHeight[a]!);
  const out = new Float64Array(Windowed.LENGTH);
  const found: { x: number; y: number; label: number; size: number }[] = [];
  for (const i of order) {
    if (basins.peakHeight[i]! < LEAST_SNR || found.length >= 6 * MOST_STARS) break;
    const p = basins.peakIndex[i]!;
    const x = p % width;
    const y = (p - x) / width;
    if (x < border || y < border || x >= width - border || y >= height - border) continue;
    if (basins.saddle[i]! > 0.02 * basins.peakHeight[i]! || !isClean(planes, x, y, 3)) continue;
    measureWindowed(planes, i + 1, x, y, sigma, out);
    const size = (out[Windowed.XX]! * out[Windowed.YY]! - out[Windowed.XY]! ** 2) ** 0.25;
    if (out[Windowed.FAILED] === 1 || !(size > 0)) continue;
    found.push({ x: out[Windowed.X]!, y: out[Windowed.Y]!, label: i + 1, size });
  }
  const mode = halfSampleMode(Float64Array.from(found, (s) => s.size));
  let stars = found.filter((s) => Math.abs(s.size - mode) < 0.12 * mode).slice(0, MOST_STARS);
  if (stars.length < LEAST_STARS) {
    const profile = circularMoffat(assumedFwhmPix, 3);
    return {
      profile,
      fwhmPix: assumedFwhmPix,
      elongation: 1,
      starCount: 0,
      momentSizePix: assumedFwhmPix / 2.3548,
    };
  }
  const radius = Math.ceil(1.75 * 2.3548 * mode);
  let profile = circularMoffat(2.3548 * mode, 3);
  for (let pass = 0; pass < 2; pass++) {
    const fit = fitMoffat(
      planes,
      {
        x: Float64Array.from(stars, (s) => s.x),
        y: Float64Array.from(stars, (s) => s.y),
        label: Int32Array.from(stars, (s) => s.label),
        count: stars.length,
      },
      profile,
      radius,
    );
    profile = fit.profile;
    const limit = 2 * medianOf(fit.misfit);
    const kept = stars.filter((_, i) => fit.misfit[i]! <= limit);
    if (kept.length === stars.length || kept.length < LEAST_STARS) break;
    stars = kept;
  }
  return {
    profile,
    fwhmPix: moffatFwhm(profile),
    elongation: moffatElongation(profile),
    starCount: stars.length,
    momentSizePix: medianOf(Float64Array.from(stars, (s) => s.size)),
  };
}

/** No saturated or unusable pixel within `reach` of (x, y). */
function isClean({ mask, width }: ObjectPlanes, x: number, y: number, reach: number): boolean {
  for (let j = y - reach; j <= y + reach; j++) {
    for (let i = x - reach; i <= x + reach; i++)
      if ((mask[j * width + i]! & (UNUSABLE | MaskPlane.SATURATED)) !== 0) return false;
  }
  return true;
}
