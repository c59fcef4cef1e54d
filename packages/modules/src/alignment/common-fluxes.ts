import { MaskPlane, medianOf } from '@colibri/numerics';
import type { Unit } from '@colibri/pipeline';
import type { JointFit } from './joint-fit.ts';
import type { CommonFluxes } from './transparency.ts';

const MASKED = MaskPlane.BAD | MaskPlane.SATURATED | MaskPlane.COSMIC | MaskPlane.NO_FLAT | MaskPlane.NO_DATA | MaskPlane.TRAIL;
/** A star's FWHM lies within this of the frame's, relative: galaxies lose more light when the seeing worsens. */
const STAR_WIDTH = 0.15;
const LEAST_SNR = 20;

/** Fluxes of clean, single, unsaturated stars in circles of 2.5 FWHM of their frame, which catch nearly the same share of their light. */
export function commonFluxes(unit: Unit, { frames, stars }: JointFit): { fluxes: CommonFluxes; shareErr: Float64Array } {
  const { sightings } = stars;
  const kept: { frame: number; star: number; ln: number; err: number }[] = [];
  const width = frames.map(({ index }) => {
    const { metrics, sources } = unit.frames[index]!;
    return metrics.fwhmPix ?? medianOf(sources.columns.fwhm);
  });
  for (let k = 0; k < sightings.count; k++) {
    const f = sightings.frame[k]!;
    const { meta, sources } = unit.frames[frames[f]!.index]!;
    const { columns: c } = sources;
    const s = sightings.source[k]!;
    const flux = c.fluxAper[s]!;
    const err = c.fluxAperErr[s]! / flux;
    if (c.flags[s] !== 0 || (c.maskFlags[s]! & MASKED) !== 0 || !(flux > 0) || !(err < 1 / LEAST_SNR)) continue;
    if (!(Math.abs(c.fwhm[s]! / width[f]! - 1) < STAR_WIDTH) || !(meta.exposureSec > 0)) continue;
    kept.push({ frame: f, star: sightings.star[k]!, ln: Math.log(flux / meta.exposureSec), err });
  }
  return {
    fluxes: {
      frames: frames.length,
      stars: stars.count,
      frame: Int32Array.from(kept, (k) => k.frame),
      star: Int32Array.from(kept, (k) => k.star),
      lnFlux: Float64Array.from(kept, (k) => k.ln),
      lnErr: Float64Array.from(kept, (k) => k.err),
    },
    shareErr: new Float64Array(frames.length).fill(0.002),
  };
}
