import type { FullKernel } from '@colibri/numerics';
import type { StackFrame } from './frame-share.ts';

/** Half a side of the kernels [pix], and points of the integral over frequencies. */
const RADIUS = 15;
const STEPS = 400;

/**
 * The proper coadd: each frame is convolved with a kernel of its own, then all are added with weights 1/σ². In frequencies
 * `k_j = P_j √(Σ 1/σ²) / √(Σ P²/σ²)`: where the sharp frames alone still see something, they alone count. No other sum of the frames has more S/N for
 * sources of any shape, and its noise is white. With PSFs that are equal it is the weighted mean. The PSFs are Gaussians of the frames' FWHM; kernels add up
 * to 1, so fluxes are right whatever the PSFs truly are.
 *
 * Source: Zackay & Ofek 2017, ApJ 836, 188, equations 7 and 11.
 */
export function properKernels(frames: readonly StackFrame[]): FullKernel[] {
  const spread = spreadOf(frames);
  return frames.map((frame) => {
    const pixel = frame.fwhmArcsec / frame.fwhmPix;
    return kernelOf((f) => gaussian(frame.fwhmArcsec, f) / spread(f), pixel);
  });
}

/** FWHM of stars in the proper coadd [arcsec]. */
export function properFwhmArcsec(frames: readonly StackFrame[]): number {
  const spread = spreadOf(frames);
  const most = 1.5 / Math.min(...frames.map((f) => f.fwhmArcsec));
  const at = (r: number): number => radial(spread, most, r);
  const half = at(0) / 2;
  let [low, high] = [0, 2 * Math.max(...frames.map((f) => f.fwhmArcsec))];
  for (let round = 0; round < 40; round++) {
    const middle = (low + high) / 2;
    if (at(middle) > half) low = middle;
    else high = middle;
  }
  return low + high;
}

/** Transform of the coadd's PSF: √(Σ P²/σ² / Σ 1/σ²), by frequency [1/arcsec]. */
function spreadOf(frames: readonly StackFrame[]): (f: number) => number {
  const total = frames.reduce((sum, { weight }) => sum + weight, 0);
  return (f) => Math.sqrt(frames.reduce((sum, { weight, fwhmArcsec }) => sum + weight * gaussian(fwhmArcsec, f) ** 2, 0) / total);
}

const gaussian = (fwhm: number, f: number): number => Math.exp((-2 * (Math.PI * fwhm * f) ** 2) / 5.545177);

/** Kernel on pixels of the frame from its transform, by the sum over the frequencies of a grid of pixels. */
function kernelOf(transform: (f: number) => number, pixelArcsec: number): FullKernel {
  const n = 64;
  const response = new Float64Array(n * n);
  const axis = Array.from({ length: n }, (_, k) => (k < n / 2 ? k : k - n) / n);
  for (let j = 0; j < n; j++)
    for (let i = 0; i < n; i++) response[j * n + i] = transform(Math.min(Math.hypot(axis[i]!, axis[j]!), 0.5) / pixelArcsec);
  const side = 2 * RADIUS + 1;
  const cosine = (k: number, x: number): number => Math.cos((2 * Math.PI * k * x) / n);
  const rows = new Float64Array(n * (RADIUS + 1));
  for (let j = 0; j < n; j++)
    for (let x = 0; x <= RADIUS; x++) {
      let sum = 0;
      for (let i = 0; i < n; i++) sum += response[j * n + i]! * cosine(i, x);
      rows[j * (RADIUS + 1) + x] = sum;
    }
  const data = new Float32Array(side * side);
  let total = 0;
  for (let y = -RADIUS; y <= RADIUS; y++)
    for (let x = -RADIUS; x <= RADIUS; x++) {
      let sum = 0;
      for (let j = 0; j < n; j++) sum += rows[j * (RADIUS + 1) + Math.abs(x)]! * cosine(j, Math.abs(y));
      data[(y + RADIUS) * side + x + RADIUS] = sum;
      total += sum;
    }
  return { width: side, height: side, data: data.map((v) => v / total) };
}

/** Value at radius r [arcsec] of the image whose transform is given: the Hankel integral up to the frequency `most`. */
function radial(transform: (f: number) => number, most: number, r: number): number {
  let sum = 0;
  for (let k = 0; k < STEPS; k++) {
    const f = ((k + 0.5) / STEPS) * most;
    sum += transform(f) * f * bessel0(2 * Math.PI * f * r);
  }
  return sum;
}

/** J₀ by its integral over 32 angles: exact to 1e-6 for arguments below 40. */
function bessel0(x: number): number {
  let sum = 0;
  for (let k = 0; k < 64; k++) sum += Math.cos(x * Math.sin((Math.PI * (k + 0.5)) / 64));
  return sum / 64;
}
