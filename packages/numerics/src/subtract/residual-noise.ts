import { madSigma } from '../stats/quantile.ts';
import type { DifferencePlanes } from './score-image.ts';

/** Every so manieth pixel of the sky: of 2048², 10⁵, for a sigma to 0.3 %. */
const SKY_STEP = 41;

/** Robust sigma of difference / √variance over pixels of the stars (within a FWHM), and over those without light. */
export function residualNoise(
  { width, height, difference, variance, mask, light }: DifferencePlanes,
  stars: readonly { readonly x: number; readonly y: number }[],
  fwhmPix: number,
): { residualAtStars: number; residualOnSky: number } {
  const radius = Math.round(fwhmPix);
  const at: number[] = [];
  for (const star of stars) {
    const [cx, cy] = [Math.round(star.x), Math.round(star.y)];
    for (let y = Math.max(0, cy - radius); y <= Math.min(height - 1, cy + radius); y++)
      for (let x = Math.max(0, cx - radius); x <= Math.min(width - 1, cx + radius); x++) {
        const i = y * width + x;
        if ((x - cx) ** 2 + (y - cy) ** 2 <= radius * radius && mask[i] === 0) at.push(difference[i]! / Math.sqrt(variance[i]!));
      }
  }
  const sky: number[] = [];
  for (let i = 0; i < light.length; i += SKY_STEP) if (light[i] === 0) sky.push(difference[i]! / Math.sqrt(variance[i]!));
  const sigma = (values: number[]): number => (values.length < 20 ? NaN : madSigma(Float64Array.from(values)));
  return { residualAtStars: sigma(at), residualOnSky: sigma(sky) };
}
