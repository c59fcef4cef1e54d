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

/**
 * Stars of a frame that lies where it says scatter by less than this [pix], or less than so many times the unit's median. Chance neighbours
 * within the first radius of 1.5 pix scatter by 0.75 pix per axis.
 */
const WRONG_RMS_PIX = 0.4;
const WRONG_RMS_TIMES = 3;

/** The frames (of those found) whose stars are hardly those of the others. */
export function misfits(
  found: readonly Pick<FoundFrame, 'matched' | 'rmsArcsec' | 'scaleArcsec'>[],
  fewestStars: number,
): boolean[] {
  const rms = found.map(({ rmsArcsec }) => rmsOf(rmsArcsec));
  const usual = medianOf(Float64Array.from(rms.filter(Number.isFinite)));
  return found.map(({ matched, scaleArcsec }, f) => matched < fewestStars || isWrong(rms[f]!, usual, scaleArcsec));
}

const rmsOf = (rms: FoundFrame['rmsArcsec']): number => (rms ? Math.hypot(...rms) / Math.SQRT2 : NaN);
const isWrong = (rms: number, usual: number, scale: number): boolean =>
  rms > WRONG_RMS_PIX * scale && rms > WRONG_RMS_TIMES * usual;

/** Accepts each frame of the unit, or sets it aside for a reason. */
export function judgeFrames(unit: Unit, seen: readonly FoundFrame[], demands: Demands): AlignedFrame[] {
  const found = withZeroPoints(unit, seen);
  const isAnyKnown = found.some(({ transparency }) => Number.isFinite(transparency));
  const fwhm = unit.frames.map((frame) => frame.metrics.fwhmPix ?? NaN);
  const usualFwhm = medianOf(Float64Array.from(fwhm.filter(Number.isFinite)));
  const rms = found.map(({ rmsArcsec }) => rmsOf(rmsArcsec));
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
        isWrong(rms[f]!, usualRms, scaleArcsec),
        () =>
          `Its stars scatter by ${rms[f]!.toFixed(2)} arcsec about those of the other frames, which is ${(rms[f]! / usualRms).toFixed(0)} times the usual: its coordinates are not to be trusted.`,
      ],
      [
        isAnyKnown && Number.isNaN(transparency),
        () => 'It has no clean stars in common with the others and no zero point, so nobody knows how clear its sky was.',
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

/**
 * Where no clean star is in common with other frames, the frame's own zero point stands in, beside those of the frames whose
 * transparency is known.
 */
function withZeroPoints(unit: Unit, found: readonly FoundFrame[]): readonly FoundFrame[] {
  const clear: number[] = [];
  for (const [f, { transparency }] of found.entries()) {
    const zeroPoint = unit.frames[f]!.metrics.zeroPointMag;
    if (zeroPoint !== null && transparency > 0) clear.push(zeroPoint - 2.5 * Math.log10(transparency));
  }
  const reference = medianOf(Float64Array.from(clear));
  return found.map((frame, f) => {
    const { zeroPointMag, zeroPointErrMag } = unit.frames[f]!.metrics;
    if (frame.problem !== null || zeroPointMag === null || !Number.isNaN(frame.transparency) || clear.length === 0) return frame;
    const transparency = 10 ** (0.4 * (zeroPointMag - reference));
    return { ...frame, transparency, transparencyErr: (transparency * (zeroPointErrMag ?? 0.1) * Math.LN10) / 2.5 };
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
