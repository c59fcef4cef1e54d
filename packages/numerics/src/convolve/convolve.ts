import { assertPlane, type Shape } from '../shape.ts';
import { type ConvolutionKernel, fullKernel, isSeparable } from './convolution-kernel.ts';

/**
 * Filters an image: `out(x, y) = Σ kernel(i, j) · image(x + i − rx, y + j − ry)`. The kernel is not flipped (a correlation, as
 * source-extractor's FILTER) nor normalised. Beyond the border the image continues with its edge value; NaN spreads over the kernel.
 * `out` must be another array than `image`.
 */
export function convolve(image: Float32Array, kernel: ConvolutionKernel, shape: Shape, out: Float32Array): Float32Array {
  assertPlane(image, shape, 'The image');
  assertPlane(out, shape, 'The output image');
  const { width: kw, height: kh } = fullKernel(kernel);
  return correlate(padImage(image, shape, kw >> 1, kh >> 1), kernel, shape, out);
}

/** Copy with `rx`, `ry` more pixels on each side, which repeat the edge. */
function padImage(image: Float32Array, { width, height }: Shape, rx: number, ry: number): Float32Array {
  const stride = width + 2 * rx;
  const padded = new Float32Array(stride * (height + 2 * ry));
  for (let y = -ry; y < height + ry; y++) {
    const from = Math.min(Math.max(y, 0), height - 1) * width;
    const to = (y + ry) * stride;
    padded.set(image.subarray(from, from + width), to + rx);
    padded.fill(image[from]!, to, to + rx);
    padded.fill(image[from + width - 1]!, to + rx + width, to + stride);
  }
  return padded;
}

/** Correlation of an image that already carries its border (see `padImage`). */
export function correlate(
  padded: Float32Array,
  kernel: ConvolutionKernel,
  { width, height }: Shape,
  out: Float32Array,
): Float32Array {
  const { width: kw, height: kh, data } = fullKernel(kernel);
  const stride = width + kw - 1;
  if (isSeparable(kernel)) {
    const line = new Float64Array(stride);
    for (let y = 0; y < height; y++) {
      line.fill(0);
      for (let j = 0; j < kh; j++) {
        const c = kernel.column[j]!;
        for (let x = 0, p = (y + j) * stride; x < stride; x++, p++) line[x] = line[x]! + c * padded[p]!;
      }
      for (let x = 0; x < width; x++) {
        let sum = 0;
        for (let i = 0; i < kw; i++) sum += kernel.row[i]! * line[x + i]!;
        out[y * width + x] = sum;
      }
    }
    return out;
  }
  const line = new Float64Array(width);
  for (let y = 0; y < height; y++) {
    line.fill(0);
    for (let j = 0; j < kh; j++) {
      for (let i = 0; i < kw; i++) {
        const c = data[j * kw + i]!;
        for (let x = 0, p = (y + j) * stride + i; x < width; x++, p++) line[x] = line[x]! + c * padded[p]!;
      }
    }
    out.set(line, y * width);
  }
  return out;
}
