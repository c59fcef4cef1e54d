import {
  buildPointGrid,
  type CircleFlux,
  type Compute,
  circleFluxes,
  MaskPlane,
  type MeasurableImage,
  medianOf,
} from '@colibri/numerics';
import type { Unit, UnitFrame } from '@colibri/pipeline';
import type { JointFit } from './joint-fit.ts';
import type { CommonFluxes } from './transparency.ts';

const MASKED = MaskPlane.BAD | MaskPlane.SATURATED | MaskPlane.COSMIC | MaskPlane.NO_FLAT | MaskPlane.NO_DATA | MaskPlane.TRAIL;
/** A star's FWHM lies within this of the frame's, relative: galaxies lose more light when the seeing worsens. */
const STAR_WIDTH = 0.15;
const LEAST_SNR = 20;

/**
 * Radii of the wide circles and of their sky ring, in FWHM. Profiles of frames differ by more than their width: the share of light in
 * 1.25 FWHM (FLUX_APER) by 0.2 to 0.4 %. Beyond the wide circle the light falls as in turbulent air, outside(r) ∝ r^(−5/3), by as much as the
 * light between the two circles says (Roddier 1981, Prog. Opt. 19, 281): what remains differs by 0.1 %. Empirical: simulated night, 1.2 to
 * 1.7 arcsec.
 */
const WIDE = 2;
const MIDDLE = 1.2;
const RING = [4, 6.5] as const;
const OUTSIDE = WIDE ** (-5 / 3) / (MIDDLE ** (-5 / 3) - WIDE ** (-5 / 3));
export const NARROW_SHARE_ERR = 0.003;
export const WIDE_SHARE_ERR = 0.001;
/** Stars measured at most in wide circles, the best of the unit. */
const MOST_WIDE = 300;
/** A neighbour within reach and above this share of a star's light spoils the wide circle. */
const NEIGHBOUR = 0.005;

/** Frames and the stars seen in them. */
export type Sightable = Pick<JointFit, 'frames' | 'stars'>;

interface Sighting {
  readonly frame: number;
  readonly star: number;
  readonly source: number;
  readonly snr: number;
}

/** Sightings of clean, single, unsaturated stars. */
function cleanSightings(unit: Unit, { frames, stars }: Sightable): Sighting[] {
  const { sightings } = stars;
  const kept: Sighting[] = [];
  const width = frames.map(({ index }) => widthOf(unit.frames[index]!));
  for (let k = 0; k < sightings.count; k++) {
    const frame = sightings.frame[k]!;
    const source = sightings.source[k]!;
    const { columns: c } = unit.frames[frames[frame]!.index]!.sources;
    const snr = c.fluxAper[source]! / c.fluxAperErr[source]!;
    if (c.flags[source] !== 0 || (c.maskFlags[source]! & MASKED) !== 0 || !(snr > LEAST_SNR)) continue;
    if (!(Math.abs(c.fwhm[source]! / width[frame]! - 1) < STAR_WIDTH)) continue;
    kept.push({ frame, star: sightings.star[k]!, source, snr });
  }
  return kept;
}

const widthOf = ({ metrics, sources }: UnitFrame): number => metrics.fwhmPix ?? medianOf(sources.columns.fwhm);

/** Fluxes in circles of 1.25 FWHM radius, from the catalogues. */
export function narrowFluxes(unit: Unit, fit: Sightable): CommonFluxes {
  return columnsOf(fit, cleanSightings(unit, fit), ({ frame, source }) => {
    const { meta, sources } = unit.frames[fit.frames[frame]!.index]!;
    const flux = sources.columns.fluxAper[source]!;
    return { perSec: flux / meta.exposureSec, err: sources.columns.fluxAperErr[source]! / flux };
  });
}

/** Total fluxes from the pixels; one frame is in memory at a time. */
export async function wideFluxes(unit: Unit, fit: JointFit, compute: Compute): Promise<CommonFluxes> {
  const clean = cleanSightings(unit, fit);
  const best = new Float64Array(fit.stars.count);
  for (const { star, snr } of clean) best[star] = Math.max(best[star]!, snr);
  const limit = [...best].sort((a, b) => b - a)[MOST_WIDE] ?? 0;
  const byFrame: Sighting[][] = fit.frames.map(() => []);
  for (const sighting of clean) if (best[sighting.star]! > limit) byFrame[sighting.frame]!.push(sighting);
  const found = new Map<Sighting, { perSec: number; err: number }>();
  for (const [f, those] of byFrame.entries()) {
    const frame = unit.frames[fit.frames[f]!.index]!;
    const fwhm = widthOf(frame);
    const { columns: c } = frame.sources;
    const isAlone = isolation(frame, (WIDE + 1) * fwhm);
    const alone = those.filter(({ source }) => isAlone(source));
    if (alone.length === 0) continue;
    await compute.scope(async () => {
      const image = await frame.load();
      for (const sighting of alone) {
        const { flux, err } = totalFlux(image, c.x[sighting.source]!, c.y[sighting.source]!, fwhm);
        if (flux > 0 && err < flux / 10) found.set(sighting, { perSec: flux / frame.meta.exposureSec, err: err / flux });
      }
    });
  }
  return columnsOf(fit, [...found.keys()], (sighting) => found.get(sighting)!);
}

/** All light of a star, from two circles. */
function totalFlux(image: MeasurableImage, x: number, y: number, fwhm: number): { flux: number; err: number } {
  const ring = [RING[0] * fwhm, RING[1] * fwhm] as const;
  const [wide, middle] = circleFluxes(image, x, y, [WIDE * fwhm, MIDDLE * fwhm], ring) as [CircleFlux, CircleFlux];
  const flux = wide.flux + OUTSIDE * (wide.flux - middle.flux);
  const between = Math.max(0, wide.err ** 2 - middle.err ** 2);
  return { flux, err: Math.sqrt(middle.err ** 2 + (1 + OUTSIDE) ** 2 * between) };
}

/** True where no other source of the frame within `reach` [pix] has more than a trace of the light of this one. */
function isolation({ sources: { columns: c } }: UnitFrame, reach: number): (source: number) => boolean {
  const grid = buildPointGrid(c.x, c.y, reach);
  return (source) => {
    const i = Math.floor((c.x[source]! - grid.x0) / grid.cell);
    const j = Math.floor((c.y[source]! - grid.y0) / grid.cell);
    const least = NEIGHBOUR * c.fluxAuto[source]!;
    for (let row = Math.max(0, j - 1); row <= Math.min(grid.rows - 1, j + 1); row++)
      for (let column = Math.max(0, i - 1); column <= Math.min(grid.columns - 1, i + 1); column++) {
        const cell = row * grid.columns + column;
        for (let k = grid.start[cell]!; k < grid.start[cell + 1]!; k++) {
          const other = grid.order[k]!;
          if (other === source || !(c.fluxAuto[other]! > least)) continue;
          if (Math.hypot(c.x[other]! - c.x[source]!, c.y[other]! - c.y[source]!) < reach) return false;
        }
      }
    return true;
  };
}

function columnsOf(
  { frames, stars }: Sightable,
  sightings: readonly Sighting[],
  measure: (sighting: Sighting) => { perSec: number; err: number },
): CommonFluxes {
  const measured = sightings.map(measure);
  return {
    frames: frames.length,
    stars: stars.count,
    frame: Int32Array.from(sightings, (s) => s.frame),
    star: Int32Array.from(sightings, (s) => s.star),
    lnFlux: Float64Array.from(measured, ({ perSec }) => (perSec > 0 && Number.isFinite(perSec) ? Math.log(perSec) : NaN)),
    lnErr: Float64Array.from(measured, ({ err }) => err),
  };
}
