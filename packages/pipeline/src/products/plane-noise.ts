import { quantileInPlace } from '@colibri/numerics';

const ROWS = 32;

/** Median |2a − b − c| of normal noise, b and c two pixels away, to its sigma. Source: Stoehr et al. 2007, ST-ECF Newsletter 42, 4. */
const TO_SIGMA = 0.6052697;

/**
 * Noise of a plane as packing needs it: that of its quieter rows, from the differences of pixels two apart, which stars and gradients
 * hardly touch. The lower quartile of 32 rows; null where no row has noise (blank, or one value throughout).
 */
export function planeNoise(plane: Float32Array, width: number): number | null {
  const height = Math.floor(plane.length / width);
  const count = Math.min(ROWS, height);
  const differences = new Float32Array(width);
  const sigmas: number[] = [];
  for (let k = 0; k < count; k++) {
    const row = Math.floor(((k + 0.5) * height) / count) * width;
    let n = 0;
    for (let i = row + 2; i < row + width - 2; i++) {
      const d = Math.abs(2 * plane[i]! - plane[i - 2]! - plane[i + 2]!);
      if (d > 0) differences[n++] = d; // neither NaN nor the same value thrice
    }
    if (n < 8) continue;
    sigmas.push(TO_SIGMA * quantileInPlace(differences, 0.5, n));
  }
  sigmas.sort((a, b) => a - b);
  const sigma = sigmas[sigmas.length >> 2];
  return sigma !== undefined && Number.isFinite(sigma) ? sigma : null;
}
