import type { Compute } from '../compute.ts';
import { MaskPlane } from '../mask-plane.ts';
import { fillBad } from '../resample/fill-bad.ts';
import type { Shape } from '../shape.ts';
import { blockKernels, blockMiddle } from './convolve-blocks.ts';
import { innerFilter, radiusWithin } from './filter-radius.ts';
import { kernelField, type MatchingKernel } from './matching-kernel.ts';
import { matchedNoiseFactor } from './score-filters.ts';
import type { DifferencePlanes } from './score-image.ts';
import type { SubtractImage } from './subtraction.ts';

/** Side of the blocks within which the kernel is constant [pix]. */
const KERNEL_BLOCK = 32;
/** Share of one pixel in the result from which its mask is handed on; saturated ones lack much light. */
const MOST_BAD = 0.006;
const MOST_SATURATED = 0.002;
/** Share of Σ K² that may be cut off where variances are convolved. */
const CUT_SQUARES = 1e-3;
/** Light, where the sky is not to be measured: above so many sigma of one pixel, which noise hardly reaches, and this near to it [FWHM]. */
const LIGHT_SIGMA = 4;
const LIGHT_REACH = 1;

/** Copies with bad pixels filled from their neighbours. */
export async function withoutBad({ data, variance, mask, width, height }: SubtractImage, compute: Compute) {
  const out = { data: compute.float32(data.length), variance: compute.float32(data.length) };
  out.data.set(data);
  out.variance.set(variance);
  fillBad(out.data, out.variance, mask, await compute.indicesWith(mask, 0xffff), 0, { width, height });
  return out;
}

/** `target − kernel ⊗ source`, the rest of the sky taken off, with its noise and its mask. `source` has no bad values. */
export async function matchImage(
  target: SubtractImage,
  source: SubtractImage,
  kernel: MatchingKernel,
  meshPix: number,
  compute: Compute,
): Promise<DifferencePlanes> {
  const { width, height } = target;
  const shape = { width, height };
  const size = width * height;
  const { filter, squares, middle } = imageFilters(kernel, matchedNoiseFactor(kernel, source.covarianceFactor), shape);
  const constant = await compute.convolveBlocks(source.data, filter, shape, compute.float32(size));
  const variance = await compute.convolveBlocks(source.variance, squares, shape, compute.float32(size));
  const mask = compute.uint16(size);
  mask.set(target.mask);
  spreadMask(source.mask, await compute.indicesWith(source.mask, 0xffff), middle, shape, mask);
  const difference = compute.float32(size);
  const light = compute.uint16(size);
  const bright: number[] = [];
  for (let i = 0; i < size; i++) {
    const isMasked = mask[i] !== 0;
    const t = target.data[i]!;
    const c = constant[i]!;
    const v = variance[i]! + target.variance[i]!;
    const most = t > c ? t : c;
    light[i] = isMasked ? 1 : 0;
    difference[i] = isMasked ? 0 : t - c;
    variance[i] = v;
    if (!isMasked && most > 0 && most * most > LIGHT_SIGMA * LIGHT_SIGMA * v) bright.push(i);
  }
  markAround(bright, Math.round(LIGHT_REACH * target.psf.fwhmPix), shape, light);
  const mesh = await compute.measureBackground(difference, light, { ...shape, meshPix });
  if (Number.isFinite(mesh.globalLevel)) await compute.subtractMesh(difference, mesh.level, mesh, shape, difference);
  const masked = await compute.indicesWith(mask, 0xffff);
  for (let k = 0; k < masked.length; k++) difference[masked[k]!] = 0;
  return { ...shape, difference, variance, mask, constant, light };
}

/** Filters of the matched image and of its variance, and the kernel in the middle, as a convolution. */
function imageFilters(kernel: MatchingKernel, factor: number, shape: Shape) {
  const at = kernelField(kernel);
  const side = 2 * kernel.basis.radius + 1;
  const middle = at(kernel.originX, kernel.originY).reverse();
  const inner = radiusWithin(
    middle.map((k) => k * k),
    CUT_SQUARES,
  );
  const filter = blockKernels(shape, KERNEL_BLOCK, side);
  const squares = blockKernels(shape, KERNEL_BLOCK, 2 * inner + 1);
  for (let block = 0; block < filter.columns * filter.rows; block++) {
    const k = at(...blockMiddle(filter, shape, block)).reverse();
    filter.data.set(k, block * side * side);
    const power = innerFilter(
      k.map((v) => factor * v * v),
      squares.size,
      { keepSum: true },
    );
    squares.data.set(power, block * squares.size ** 2);
  }
  return { filter, squares, middle };
}

/** Adds the bits of the convolved image's bad pixels where they have a share in the result. */
function spreadMask(mask: Uint16Array, bad: ArrayLike<number>, kernel: Float64Array, { width, height }: Shape, out: Uint16Array) {
  const side = Math.sqrt(kernel.length);
  const half = side >> 1;
  const sum = kernel.reduce((a, k) => a + Math.abs(k), 0);
  const reached = (share: number): Int32Array => {
    const offsets: number[] = [];
    for (let p = 0; p < kernel.length; p++)
      if (Math.abs(kernel[p]!) > share * sum || p === (kernel.length - 1) / 2)
        offsets.push(half - (p % side), half - Math.floor(p / side));
    return Int32Array.from(offsets);
  };
  const [near, far] = [reached(MOST_BAD), reached(MOST_SATURATED)];
  for (let i = 0; i < bad.length; i++) {
    const p = bad[i]!;
    const bits = mask[p]!;
    const x = p % width;
    const y = (p - x) / width;
    const offsets = (bits & MaskPlane.SATURATED) !== 0 ? far : near;
    for (let k = 0; k < offsets.length; k += 2) {
      const u = x + offsets[k]!;
      const v = y + offsets[k + 1]!;
      if (u >= 0 && v >= 0 && u < width && v < height) out[v * width + u]! |= bits;
    }
  }
}

/** Sets squares about pixels to 1. */
function markAround(pixels: readonly number[], reach: number, { width, height }: Shape, out: Uint16Array): void {
  for (const p of pixels) {
    const x = p % width;
    const y = (p - x) / width;
    const [x0, x1] = [Math.max(0, x - reach), Math.min(width - 1, x + reach)];
    for (let v = Math.max(0, y - reach); v <= Math.min(height - 1, y + reach); v++)
      out.fill(1, v * width + x0, v * width + x1 + 1);
  }
}
