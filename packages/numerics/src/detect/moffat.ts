import type { FullKernel } from '../convolve/convolution-kernel.ts';

/**
 * Elliptical Moffat profile of unit flux, `I = (β − 1) √(xx·yy − xy²) / π · (1 + q)^−β` with `q = xx·dx² + 2·xy·dx·dy + yy·dy²`.
 * Coefficients [1/pix²]. Source: Moffat 1969, A&A 3, 455.
 */
export interface MoffatProfile {
  readonly xx: number;
  readonly xy: number;
  readonly yy: number;
  readonly beta: number;
}

export function circularMoffat(fwhmPix: number, beta: number): MoffatProfile {
  const alpha = fwhmPix / (2 * Math.sqrt(2 ** (1 / beta) - 1));
  return { xx: alpha ** -2, xy: 0, yy: alpha ** -2, beta };
}

/** Geometric mean of the full widths at half maximum along both axes [pix]. */
export function moffatFwhm({ xx, xy, yy, beta }: MoffatProfile): number {
  return 2 * Math.sqrt(2 ** (1 / beta) - 1) * (xx * yy - xy * xy) ** -0.25;
}

/** Major over minor axis. */
export function moffatElongation({ xx, xy, yy }: MoffatProfile): number {
  const mean = 0.5 * (xx + yy);
  const half = Math.hypot(0.5 * (xx - yy), xy);
  return Math.sqrt((mean + half) / (mean - half));
}

/** The profile sampled at pixel centres, sum 1, out to `radius` pixels. */
export function moffatKernel({ xx, xy, yy, beta }: MoffatProfile, radius: number): FullKernel {
  const size = 2 * radius + 1;
  const data = new Float32Array(size * size);
  let sum = 0;
  for (let j = -radius, i = 0; j <= radius; j++) {
    for (let k = -radius; k <= radius; k++, i++) {
      data[i] = (1 + xx * k * k + 2 * xy * k * j + yy * j * j) ** -beta;
      sum += data[i]!;
    }
  }
  for (let i = 0; i < data.length; i++) data[i] = data[i]! / sum;
  return { width: size, height: size, data };
}
