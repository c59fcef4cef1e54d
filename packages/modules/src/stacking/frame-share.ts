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
 * Weight ∝ (T t / (σ FWHM))²: a matched filter gathers noise from an area ∝ FWHM², and light of T t per electron/s at the reference.
 *
 * Source: Annis et al. 2014, ApJ 794, 120, section 3.3; pipeline.md §19.2, row 7.
 */
export async function frameShare(frame: UnitFrame, aligned: AlignedFrame, compute: Compute): Promise<StackFrame | null> {
  const wcs = aligned.wcs;
  if (!aligned.accepted || wcs === null) return null;
  const transparency = aligned.transparency > 0 ? aligned.transparency : 1;
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
