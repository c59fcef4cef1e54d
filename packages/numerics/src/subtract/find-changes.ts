import type { Shape } from '../shape.ts';

/** A place where the score is extreme. */
export interface Peak {
  /** Pixel. */
  readonly x: number;
  readonly y: number;
  /** Signed [sigma]. */
  readonly snr: number;
}

/**
 * Places where the score of a difference rises above `threshold` or falls below its negative: local extremes, and within `separationPix` of a
 * stronger one of the same sign none. Strongest first; equal ones by pixel.
 */
export function findPeaks(snr: Float32Array, threshold: number, separationPix: number, { width, height }: Shape): Peak[] {
  const found: Peak[] = [];
  for (let y = 0; y < height; y++) {
    for (let x = 0, i = y * width; x < width; x++, i++) {
      const value = snr[i]!;
      if (Math.abs(value) >= threshold && isExtreme(snr, x, y, { width, height })) found.push({ x, y, snr: value });
    }
  }
  found.sort((a, b) => Math.abs(b.snr) - Math.abs(a.snr) || a.y - b.y || a.x - b.x);
  const kept: Peak[] = [];
  for (const peak of found) {
    const taken = kept.some(
      (k) => k.snr * peak.snr > 0 && (k.x - peak.x) ** 2 + (k.y - peak.y) ** 2 < separationPix * separationPix,
    );
    if (!taken) kept.push(peak);
  }
  return kept;
}

function isExtreme(snr: Float32Array, x: number, y: number, { width, height }: Shape): boolean {
  const sign = Math.sign(snr[y * width + x]!);
  const value = sign * snr[y * width + x]!;
  for (let v = Math.max(0, y - 1); v <= Math.min(height - 1, y + 1); v++) {
    for (let u = Math.max(0, x - 1); u <= Math.min(width - 1, x + 1); u++) {
      const other = sign * snr[v * width + u]!;
      const before = v < y || (v === y && u < x);
      if (other > value || (before && other === value)) return false;
    }
  }
  return true;
}
