import type { Shape } from '../shape.ts';
import { madSigma, medianOf, quantileInPlace } from '../stats/quantile.ts';

/** How far stars that did not change still show: as a share of their light, and as a shift [pix]; what noise explains is taken off. */
export function imperfections(
  stars: readonly { readonly x: number; readonly y: number }[],
  { snr, power, expected, near }: { snr: Float32Array; power: Float32Array; expected: Float32Array; near: Float32Array },
  fwhmPix: number,
  { width, height }: Shape,
): { modelErr: number; shiftErrPix: number } {
  const share: number[] = [];
  const noise: number[] = [];
  const shifts: number[] = [];
  const shiftNoise: number[] = [];
  const reach = Math.ceil(fwhmPix) + 3;
  for (const star of stars) {
    const x = Math.round(star.x);
    const y = Math.round(star.y);
    if (x < reach || y < reach || x >= width - reach || y >= height - reach) continue;
    const i = y * width + x;
    const q = expected[i]!;
    if (!(q > 30 * Math.sqrt(power[i]!)) || snr[i] === 0) continue;
    for (let k = 0; k < 9; k++) {
      // The middle, and a ring about it.
      const ring = k === 8 ? 0 : 0.7 * fwhmPix;
      const p = i + Math.round(ring * Math.sin((k * Math.PI) / 4)) * width + Math.round(ring * Math.cos((k * Math.PI) / 4));
      if (snr[p] === 0 || !(near[p]! > 0)) continue;
      share.push(snr[p]! / Math.sqrt(near[p]!));
      noise.push(power[p]! / near[p]!);
    }
    let [sx, sy, gx, gy] = [0, 0, 0, 0];
    for (let j = -2; j <= 2; j++)
      for (let k = -2; k <= 2; k++) {
        const p = i + j * width + k;
        const dx = (expected[p + 1]! - expected[p - 1]!) / 2;
        const dy = (expected[p + width]! - expected[p - width]!) / 2;
        sx += snr[p]! * dx;
        sy += snr[p]! * dy;
        gx += dx * dx;
        gy += dy * dy;
      }
    shifts.push(sx / gx, sy / gy);
    const centroid = (fwhmPix / 2.3548) ** 2 * 2 * (power[i]! / (q * q));
    shiftNoise.push(centroid, centroid);
  }
  if (shifts.length < 10) return { modelErr: 0.01, shiftErrPix: 0.03 };
  const shiftExcess = madSigma(Float64Array.from(shifts)) ** 2 - medianOf(Float64Array.from(shiftNoise));
  return {
    modelErr: Math.max(0.001, excessError(share, noise)),
    shiftErrPix: Math.sqrt(Math.max(0.003 ** 2, shiftExcess)),
  };
}

/** Samples of the brightest stars that the error is judged by: nine of each. */
const BRIGHTEST = 135;

/**
 * The relative error that, beside the noise, explains the scatter of the brightest stars: both its middle (half within 0.67 sigma) and its
 * wings (nine tenths within 1.64 sigma).
 */
function excessError(share: readonly number[], noise: readonly number[]): number {
  const order = noise.map((_, i) => i).sort((a, b) => noise[a]! - noise[b]! || a - b);
  const used = order.slice(0, BRIGHTEST);
  const quantileAt = (error: number, level: number): number => {
    const values = Float64Array.from(used, (i) => Math.abs(share[i]!) / Math.sqrt(noise[i]! + error * error));
    return quantileInPlace(values, level);
  };
  let [low, high] = [0, 0.2];
  for (let k = 0; k < 20; k++) {
    const middle = (low + high) / 2;
    if (quantileAt(middle, 0.5) > 0.6745 || quantileAt(middle, 0.9) > 1.645) low = middle;
    else high = middle;
  }
  return high;
}
