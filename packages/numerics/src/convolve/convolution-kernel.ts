import { numericsArgument } from '../errors.ts';

/** Weights of a filter, row-major, odd width and height up to 31; the centre is the middle pixel. Not flipped, not normalised. */
export interface FullKernel {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

/** A kernel that is the product `row[i] · column[j]`: two short passes instead of one long. */
export interface SeparableKernel {
  readonly row: Float32Array;
  readonly column: Float32Array;
}

export type ConvolutionKernel = FullKernel | SeparableKernel;

export function isSeparable(kernel: ConvolutionKernel): kernel is SeparableKernel {
  return 'row' in kernel;
}

/** The kernel with all weights written out, sizes checked. */
export function fullKernel(kernel: ConvolutionKernel): FullKernel {
  if (!isSeparable(kernel)) {
    checkSize(kernel.width, kernel.height, kernel.data.length);
    return kernel;
  }
  const width = kernel.row.length;
  const height = kernel.column.length;
  checkSize(width, height, width * height);
  const data = new Float32Array(width * height);
  for (let j = 0; j < height; j++) for (let i = 0; i < width; i++) data[j * width + i] = kernel.column[j]! * kernel.row[i]!;
  return { width, height, data };
}

function checkSize(width: number, height: number, length: number): void {
  if (width % 2 === 1 && height % 2 === 1 && width <= 31 && height <= 31 && length === width * height) return;
  throw numericsArgument({
    what: 'The convolution kernel',
    found: `${width} x ${height} with ${length} weights`,
    expected: 'odd sizes up to 31 and one weight per pixel',
  });
}

/**
 * Circular Gaussian with weights averaged over pixels is not needed for filtering: sampled at pixel centres, sum 1.
 *
 * @param fwhmPix - full width at half maximum [pix]
 * @param radius  - half size [pix]; default: where the weight falls below 1 % of the peak, at least 1
 */
export function gaussianKernel(fwhmPix: number, radius = Math.min(15, Math.max(1, Math.ceil(1.29 * fwhmPix)))): SeparableKernel {
  const sigma = fwhmPix / 2.3548200450309493;
  const row = Float32Array.from({ length: 2 * radius + 1 }, (_, i) => Math.exp(-0.5 * ((i - radius) / sigma) ** 2));
  const sum = row.reduce((a, b) => a + b, 0);
  const unit = row.map((v) => v / sum);
  return { row: unit, column: unit };
}
