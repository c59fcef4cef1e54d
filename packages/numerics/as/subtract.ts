import { bandStride, fullRow, padRows } from './convolve';

/**
 * Rows y0 … y1 − 1, which all lie in one row of blocks, of an image filtered with another size × size kernel in each block of `block`
 * pixels, a multiple of 16. scratch: output row, padded band.
 */
export function convolveBlocks(src: usize, kernels: usize, size: i32, block: i32, columns: i32, dst: usize, w: i32, h: i32,
  scratch: usize, y0: i32, y1: i32): void {
  const r = size >> 1, stride = bandStride(w, r), out = scratch, band = out + stride, one = <usize>(size * size) << 2;
  padRows(src, w, h, r, r, band, stride, y0, y1);
  const first = kernels + <usize>(y0 / block * columns) * one;
  for (let y = y0; y < y1; y++) {
    const p = band + <usize>(y - y0) * stride;
    for (let b = 0, k = first; b < columns; b++, k += one) {
      const x = <usize>(b * block) << 2;
      fullRow(p + x, stride, k, size, size, out + x, min(block, w - b * block));
    }
    memory.copy(dst + (<usize>y * w << 2), out, <usize>w << 2);
  }
}
