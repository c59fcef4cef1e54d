import { medianOf } from '@colibri/numerics';
import type { AlignedFrame, Unit, UnitAlignment } from '@colibri/pipeline';
import type { Wcs } from '@colibri/sky';

/** What was found of one frame, before it is judged. */
export interface FoundFrame {
  readonly wcs: Wcs | null;
  /** Why there is no WCS; null: there is one. */
  readonly problem: string | null;
  readonly scaleArcsec: number;
  readonly matched: number;
  readonly rmsArcsec: readonly [number, number] | null;
  readonly transparency: number;
  readonly transparencyErr: number;
}

export interface Demands {
  readonly fewestStars: number;
  readonly leastTransparency: number;
  /** Times the median of the unit. */
  readonly mostFwhm: number;
}

/** Stars of a frame that lies where it says scatter by less than this [pix], and less than so many times the unit's median. */
const WRONG_RMS_PIX = 0.7;
const WRONG_RMS_TIMES = 3;

/** Accepts each frame of the unit, or sets it aside for a reason. */
export function judgeFrames(unit: Unit, found: readonly FoundFrame[], demands: Demands): AlignedFrame[] {
  const fwhm = unit.frames.map((frame) => frame.metrics.fwhmPix ?? NaN);
  const usualFwhm = medianOf(Float64Array.from(fwhm.filter(Number.isFinite)));
  const rms = found.map(({ rmsArcsec }) => (rmsArcsec ? Math.hypot(...rmsArcsec) / Math.SQRT2 : NaN));
  const usualRms = medianOf(Float64Array.from(rms.filter(Number.isFinite)));
  return unit.frames.map((frame, f) => {
    const { wcs, problem, scaleArcsec, matched, rmsArcsec, transparency, transparencyErr } = found[f]!;
    const reasons: [boolean, () => string][] = [
      [problem !== null, () => problem!],
      [
        matched < demands.fewestStars,
        () =>
          `Only ${matched} of its stars ${matched === 1 ? 'is' : 'are'} in common with the catalogue or other frames, at least ${demands.fewestStars} are needed.`,
      ],
      [
        rms[f]! > WRONG_RMS_PIX * scaleArcsec && rms[f]! > WRONG_RMS_TIMES * usualRms,
        () =>
          `Its stars scatter by ${rms[f]!.toFixed(2)} arcsec about those of the other frames, which is ${(rms[f]! / usualRms).toFixed(0)} times the usual: its coordinates are not to be trusted.`,
      ],
      [
        transparency < demands.leastTransparency,
        () =>
          `Its transparency is ${transparency.toFixed(3)} of that of the clear frames, below the limit of ${demands.leastTransparency}.`,
      ],
      [
        fwhm[f]! > demands.mostFwhm * usualFwhm,
        () =>
          `Its FWHM of ${fwhm[f]!.toFixed(1)} pixels is above ${demands.mostFwhm} times the median of the unit, ${usualFwhm.toFixed(1)}.`,
      ],
    ];
    const reason = reasons.find(([applies]) => applies)?.[1]() ?? null;
    return {
      frameId: frame.meta.frameId,
      accepted: reason === null,
      reason,
      wcs,
      matched,
      rmsArcsec,
      transparency,
      transparencyErr,
    };
  });
}

/** Rms of all accepted frames by axis, each weighted by its stars [arcsec]. */
export function pooledRms(frames: readonly AlignedFrame[]): UnitAlignment['rmsArcsec'] {
  let [xi, eta, count] = [0, 0, 0];
  for (const { accepted, rmsArcsec, matched } of frames) {
    if (!accepted || !rmsArcsec) continue;
    xi += matched * rmsArcsec[0] ** 2;
    eta += matched * rmsArcsec[1] ** 2;
    count += matched;
  }
  return count > 0 ? [Math.sqrt(xi / count), Math.sqrt(eta / count)] : null;
}
