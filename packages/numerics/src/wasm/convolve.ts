import { meshColumns } from '../background/expand-mesh.ts';
import type { Compute } from '../compute.ts';
import { type ConvolutionKernel, type FullKernel, fullKernel, isSeparable } from '../convolve/convolution-kernel.ts';
import { LEAST_POWER, squareKernel } from '../convolve/matched-filter.ts';
import { assertPlane } from '../shape.ts';
import type { Lease } from './lease.ts';
import { BAND, type Runtime } from './wasm-compute.ts';

export function wasmConvolve(runtime: Runtime): Pick<Compute, 'convolve' | 'matchedFilter'> {
  return {
    convolve: (image, kernel, shape, out) => {
      assertPlane(image, shape, 'The image');
      assertPlane(out, shape, 'The output image');
      const { width, height } = shape;
      const { width: kw, height: kh } = fullKernel(kernel);
      return runtime.lend(async (lease) => {
        const [weights, column] = lendKernel(lease, kernel);
        await runtime.kernel(lease, {
          name: 'convolve',
          args: [lease.input(image), weights, column, kw, kh, lease.output(out), width, height],
          scratchBytes: bandStride(width, kw) * (BAND + kh + 4),
          count: height,
          chunk: BAND,
        });
        return out;
      });
    },
    matchedFilter: (image, noise, mask, kernel, shape, out) => {
      assertPlane(image, shape, 'The image');
      assertPlane(mask, shape, 'The mask');
      assertPlane(out, shape, 'The output image');
      const plane = noise instanceof Float32Array ? noise : null;
      assertPlane(plane, shape, 'The variance');
      const mesh =
        plane === null && noise !== null && typeof noise === 'object' ? (noise as Exclude<typeof noise, Float32Array>) : null;
      const { width, height } = shape;
      const full = fullKernel(kernel);
      const least = plane === null ? LEAST_POWER * full.data.reduce((sum, k) => sum + k * k, 0) : 0;
      return runtime.lend(async (lease) => {
        const [weights, column] = lendKernel(lease, kernel);
        const [squares, column2] =
          plane === null ? [lease.input(reversedSquares(full)), 0] : lendKernel(lease, squareKernel(kernel));
        const surface =
          mesh === null
            ? [0, 0, 0, 0]
            : [lease.input(mesh.rms), lease.input(meshColumns(mesh.rms, mesh)), mesh.columns, mesh.rows];
        await runtime.kernel(lease, {
          name: 'matchedFilter',
          args: [
            ...[lease.input(image), lease.input(plane), lease.input(mask), weights, column, squares, column2],
            ...[full.width, full.height, ...surface, typeof noise === 'number' ? noise : 1, least],
            ...[lease.output(out), width, height],
          ],
          scratchBytes: bandStride(width, full.width) * (6 + 2 * (BAND + full.height)) + 40 * (mesh?.columns ?? 0) + 160,
          count: height,
          chunk: BAND,
        });
        return out;
      });
    },
  };
}

/** Offsets of the weights: of a full kernel and 0, or of the row and the column. */
function lendKernel(lease: Lease, kernel: ConvolutionKernel): [number, number] {
  if (isSeparable(kernel)) return [lease.input(kernel.row), lease.input(kernel.column)];
  return [lease.input(kernel.data), 0];
}

/** Squares of the weights, each row backwards and padded with zeros to a multiple of 4. */
function reversedSquares({ width, height, data }: FullKernel): Float32Array {
  const stride = (width + 3) & ~3;
  const squares = new Float32Array(stride * height);
  for (let j = 0; j < height; j++)
    for (let i = 0; i < width; i++) squares[j * stride + width - 1 - i] = data[j * width + i]! ** 2;
  return squares;
}

/** Bytes from row to row of a padded band; the same rule as in as/convolve.ts, rounded up. */
function bandStride(width: number, kernelWidth: number): number {
  return Math.ceil((4 * (width + kernelWidth + 16)) / 64) * 64 + 64;
}
