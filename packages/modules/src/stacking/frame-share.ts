import { type Compute, measureBackground } from '@colibri/numerics';
import type { AlignedFrame, UnitFrame } from '@colibri/pipeline';
import { localGeometry, type Wcs } from '@colibri/sky';

/** One frame that goes into the stack, and how much it counts. */
export interface StackFrame {
  readonly frame: UnitFrame;
  readonly wcs: Wcs;
  /** Electron to electron/s at transparency 1. */
  readonly scale: number;
  readonly transparency: number;
  /** Sky noise per pixel [electron], FWHM [pix of the frame]. */
  readonly noiseElectron: number;
  readonly fwhmPix: number;
  /** FWHM on the sky [arcsec]. */
  readonly fwhmArcsec: number;
  /** (σ · FWHM)⁻² of the scaled frame: the weight of the best S/N of point sources [1/((electron/s)² arcsec²)]. */
  readonly weight: number;
}

/** FWHM of frames whose stars say nothing [pix]. */
const ASSUMED_FWHM_PIX = 3.5;

/**
 * The frames that can be stacked. A frame that can't is left out with a sentence to `warn`: one whose transparency is not known beside others that is,
 * too; where none is known all count as equally clear, and the sentence says that.
 */
export async function frameShares(
  frames: readonly UnitFrame[],
  aligned: readonly AlignedFrame[],
  compute: Compute,
  warn: (sentence: string) => void,
): Promise<StackFrame[]> {
  const accepted = frames.flatMap((frame, i) => {
    const { accepted: isAccepted, wcs, transparency } = aligned[i]!;
    return isAccepted && wcs !== null ? [{ frame, wcs, transparency }] : [];
  });
  const isKnown = accepted.some(({ transparency }) => transparency > 0);
  if (!isKnown && accepted.length > 1) warn('No transparency is known: all frames count as equally clear.');
  const shares: StackFrame[] = [];
  for (const { frame, wcs, transparency } of accepted) {
    if (isKnown && !(transparency > 0)) {
      warn(`${frame.meta.frameId} is left out of the stack: nobody knows how clear its sky was.`);
      continue;
    }
    const share = await shareOf(frame, wcs, isKnown ? transparency : 1, compute);
    if (share === null)
      warn(`${frame.meta.frameId} is left out of the stack: it has no exposure time, or no noise to weigh it by.`);
    else shares.push(share);
  }
  return shares;
}

/**
 * Weight ∝ (T t / (σ FWHM))²: a matched filter gathers noise from an area ∝ FWHM², and light of T t per electron/s at the reference.
 *
 * Source: Annis et al. 2014, ApJ 794, 120, section 3.3; pipeline.md §19.2, row 7.
 */
async function shareOf(frame: UnitFrame, wcs: Wcs, transparency: number, compute: Compute): Promise<StackFrame | null> {
  const scale = 1 / (frame.meta.exposureSec * transparency);
  if (!(scale > 0 && scale < Infinity)) return null;
  const noiseElectron = frame.metrics.skyRmsElectron ?? (await measuredNoise(frame, compute));
  const fwhmPix = frame.metrics.fwhmPix ?? ASSUMED_FWHM_PIX;
  const fwhmArcsec = fwhmPix * localGeometry(wcs, frame.width / 2, frame.height / 2).pixelScaleArcsec;
  const weight = 1 / (noiseElectron * scale * fwhmArcsec) ** 2;
  if (!(weight > 0 && weight < Infinity)) return null;
  return { frame, wcs, scale, transparency, noiseElectron, fwhmPix, fwhmArcsec, weight };
}

const measuredNoise = (frame: UnitFrame, compute: Compute): Promise<number> =>
  compute.scope(async () => {
    const { data, mask, width, height } = await frame.load();
    return measureBackground(data, mask, { width, height }).globalRms;
  });
