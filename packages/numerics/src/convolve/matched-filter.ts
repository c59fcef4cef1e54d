import type { MeshGrid } from '../background/background-mesh.ts';
import { expandMesh } from '../background/expand-mesh.ts';
import { assertPlane, type Shape } from '../shape.ts';
import { type ConvolutionKernel, fullKernel, isSeparable } from './convolution-kernel.ts';
import { correlate } from './convolve.ts';

/** Noise that varies slowly: 1 sigma per pixel on a mesh, as `measureBackground` gives it. */
export interface NoiseMesh extends MeshGrid {
  readonly rms: Float32Array;
}

/**
 * What the noise is known from: a variance per pixel [unit²]; a mesh of sigmas; one sigma for all pixels [unit]; null for sigma 1.
 * The last three need one convolution only.
 */
export type PixelNoise = Float32Array | NoiseMesh | number | null;

/** Below this share of the kernel's power on good pixels nothing is said (0) where noise is smooth. */
export const LEAST_POWER = 0.01;

/**
 * Signal-to-noise of a point source centred on each pixel: `Σ k·d/v / sqrt(Σ k²/v)` over good pixels, k the point-spread function.
 * The result has sigma 1 where the sky is empty, whatever the mask. Masked, NaN and outside pixels don't count; a pixel with
 * (almost) none of the kernel on good pixels gets 0. With smooth noise, v is that of the central pixel.
 *
 * @param image - background already subtracted
 * @param out   - another array than `image` [1]
 * Source: North 1943 (RCA report PTR-6C); for images Zackay & Ofek 2017, ApJ 836, 187, equation 6.
 */
export function matchedFilter(
  image: Float32Array,
  noise: PixelNoise,
  mask: Uint16Array | null,
  kernel: ConvolutionKernel,
  shape: Shape,
  out: Float32Array,
): Float32Array {
  assertPlane(image, shape, 'The image');
  assertPlane(mask, shape, 'The mask');
  assertPlane(out, shape, 'The output image');
  const plane = noise instanceof Float32Array ? noise : null;
  assertPlane(plane, shape, 'The variance');
  const { width, height } = shape;
  const full = fullKernel(kernel);
  const stride = width + full.width - 1;
  const signal = new Float32Array(stride * (height + full.height - 1));
  const weight = new Float32Array(signal.length);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0, p = (y + (full.height >> 1)) * stride + (full.width >> 1); x < width; x++, i++, p++) {
      const w = goodWeight(image[i]!, plane === null ? 1 : plane[i]!, mask === null ? 0 : mask[i]!);
      weight[p] = w;
      signal[p] = w === 0 ? 0 : w * image[i]!;
    }
  }
  correlate(signal, kernel, shape, out);
  const power = correlate(weight, squareKernel(kernel), shape, new Float32Array(out.length));
  const sigma = sigmaPlane(noise, shape);
  const least = plane === null ? LEAST_POWER * full.data.reduce((sum, k) => sum + k * k, 0) : 0;
  for (let i = 0; i < out.length; i++) out[i] = power[i]! > least ? out[i]! / Math.sqrt(power[i]!) / (sigma?.[i] ?? 1) : 0;
  return out;
}

/** 1 / variance of a pixel that counts, else 0. */
function goodWeight(value: number, variance: number, mask: number): number {
  return mask === 0 && Math.abs(value) <= 3e38 && variance > 0 && variance <= 3e38 ? 1 / variance : 0;
}

export function squareKernel(kernel: ConvolutionKernel): ConvolutionKernel {
  const square = (a: Float32Array): Float32Array => a.map((k) => k * k);
  if (isSeparable(kernel)) return { row: square(kernel.row), column: square(kernel.column) };
  return { width: kernel.width, height: kernel.height, data: square(kernel.data) };
}

function sigmaPlane(noise: PixelNoise, shape: Shape): Float32Array | null {
  if (noise === null || noise instanceof Float32Array) return null;
  const plane = new Float32Array(shape.width * shape.height);
  return typeof noise === 'number' ? plane.fill(noise) : expandMesh(noise.rms, noise, shape, plane);
}
