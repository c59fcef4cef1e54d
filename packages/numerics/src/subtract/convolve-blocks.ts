import { assertPlane, type Shape } from '../shape.ts';

/** Square filters, one for each block of an image: blocks of `blockPix` pixels from the lower left, `columns` of them in a row. */
export interface BlockKernels {
  /** Pixels per side of a block; a multiple of 16. */
  readonly blockPix: number;
  readonly columns: number;
  readonly rows: number;
  /** Weights per side of a filter, odd, at most 31. */
  readonly size: number;
  /** Filter after filter, each row-major. */
  readonly data: Float32Array;
}

/** Room for the filters of an image. */
export function blockKernels({ width, height }: Shape, blockPix: number, size: number): BlockKernels {
  const columns = Math.ceil(width / blockPix);
  const rows = Math.ceil(height / blockPix);
  return { blockPix, columns, rows, size, data: new Float32Array(columns * rows * size * size) };
}

/** Middle of a block, cut at the border of the image [pix]. */
export function blockMiddle({ blockPix, columns }: BlockKernels, { width, height }: Shape, block: number): [number, number] {
  const bx = block % columns;
  const by = (block - bx) / columns;
  const middle = (b: number, size: number): number => (b * blockPix + Math.min(size, (b + 1) * blockPix) - 1) / 2;
  return [middle(bx, width), middle(by, height)];
}

/**
 * Filters an image with another filter in each block: `out(x, y) = Σ k(i, j) · image(x + i − r, y + j − r)`, as `convolve` does with one.
 * Beyond the border the image continues with its edge value. `out` must be another array than `image`.
 */
export function convolveBlocks(image: Float32Array, kernels: BlockKernels, shape: Shape, out: Float32Array): Float32Array {
  assertPlane(image, shape, 'The image');
  assertPlane(out, shape, 'The output image');
  const { width, height } = shape;
  const { blockPix, columns, rows, size, data } = kernels;
  const radius = size >> 1;
  const line = new Float64Array(blockPix);
  const source = new Float32Array(blockPix + 2 * radius);
  for (let by = 0; by < rows; by++) {
    for (let y = by * blockPix; y < Math.min(height, (by + 1) * blockPix); y++) {
      for (let bx = 0; bx < columns; bx++) {
        const x0 = bx * blockPix;
        const n = Math.min(blockPix, width - x0);
        const from = (by * columns + bx) * size * size;
        line.fill(0);
        for (let j = 0; j < size; j++) {
          const row = Math.min(Math.max(y + j - radius, 0), height - 1) * width;
          for (let i = 0; i < n + 2 * radius; i++) source[i] = image[row + Math.min(Math.max(x0 + i - radius, 0), width - 1)]!;
          for (let i = 0; i < size; i++) {
            const c = data[from + j * size + i]!;
            for (let x = 0; x < n; x++) line[x] = line[x]! + c * source[x + i]!;
          }
        }
        for (let x = 0; x < n; x++) out[y * width + x0 + x] = line[x]!;
      }
    }
  }
  return out;
}
