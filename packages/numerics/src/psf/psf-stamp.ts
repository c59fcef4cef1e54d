import type { PsfModel } from './psf-model.ts';
import { type PsfSpline, psfAt, psfSpline, splineStamp } from './psf-spline.ts';

/**
 * The image of a star of unit flux at (x, y): a stamp of (2 radius + 1)² pixels, row-major, whose middle pixel is
 * (round(x), round(y)). Stamps that reach `model.radiusPix` sum to 1.
 *
 * @param x, y - place of the star, 0-based [pix]
 * @param out - filled when given
 */
export function psfStamp(model: PsfModel, x: number, y: number, radius: number, out?: Float64Array): Float64Array {
  const value = out ?? new Float64Array((2 * radius + 1) ** 2);
  const spline = splineOf(model);
  splineStamp(psfAt(spline, x, y), model.size, model.stepPix, x - Math.round(x), y - Math.round(y), radius, { value });
  return value;
}

/** Σ P² of a star in the middle of a pixel [1/pix]: the inverse of the area whose noise a matched filter sees. */
export function psfPower(model: PsfModel, x: number, y: number): number {
  let sum = 0;
  for (const p of psfStamp(model, Math.round(x), Math.round(y), Math.ceil(model.radiusPix))) sum += p * p;
  return sum;
}

const ready = new WeakMap<PsfModel, PsfSpline>();

/** Of each model made once. */
export function splineOf(model: PsfModel): PsfSpline {
  let spline = ready.get(model);
  if (spline === undefined) {
    spline = psfSpline(model);
    ready.set(model, spline);
  }
  return spline;
}
