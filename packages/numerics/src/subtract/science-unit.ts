import type { PsfModel } from '../psf/psf-model.ts';
import { psfStamp } from '../psf/psf-stamp.ts';
import { kernelAt, kernelScale, type MatchingKernel } from './matching-kernel.ts';
import type { DifferencePlanes } from './score-image.ts';

/**
 * Light of a star in `kernel ⊗ source`, measured with the target's star image, over the kernel's sum, in the middle: below 1 or above where
 * the kernel leaves the wings out.
 */
export function starScale(kernel: MatchingKernel, target: PsfModel, source: PsfModel): number {
  const [x, y] = [Math.round(kernel.originX), Math.round(kernel.originY)];
  const { radius } = kernel.basis;
  const half = Math.ceil(1.5 * target.fwhmPix);
  const star = psfStamp(target, x, y, half);
  const wide = half + radius;
  const other = psfStamp(source, x, y, wide);
  const k = kernelAt(kernel, x, y);
  let [product, norm] = [0, 0];
  for (let j = -half, p = 0; j <= half; j++)
    for (let i = -half; i <= half; i++, p++) {
      let sum = 0;
      for (let v = -radius, q = 0; v <= radius; v++)
        for (let u = -radius; u <= radius; u++, q++) sum += k[q]! * other[(j - v + wide) * (2 * wide + 1) + i - u + wide]!;
      product += sum * star[p]!;
      norm += star[p]! ** 2;
    }
  const ratio = product / norm / kernelScale(kernel, x, y);
  return ratio > 0.8 && ratio < 1.25 ? ratio : 1;
}

/** Side of the squares within which the flux scale is taken as constant [pix]. */
const CELL = 16;

/** Turns `reference − kernel ⊗ science` round, and divides by the light that a star has in it. */
export function inScienceUnit(
  kernel: MatchingKernel,
  perSum: number,
  { width, height, difference, variance, constant }: DifferencePlanes,
): void {
  const scales = new Float64Array(Math.ceil(width / CELL));
  for (let y = 0, i = 0; y < height; y++) {
    if (y % CELL === 0)
      for (let c = 0; c < scales.length; c++)
        scales[c] = perSum * kernelScale(kernel, c * CELL + (CELL - 1) / 2, y + (CELL - 1) / 2);
    for (let x = 0; x < width; x++, i++) {
      const scale = scales[x >> 4]!;
      difference[i] = -difference[i]! / scale;
      variance[i] = variance[i]! / (scale * scale);
      constant[i] = constant[i]! / scale;
    }
  }
}
