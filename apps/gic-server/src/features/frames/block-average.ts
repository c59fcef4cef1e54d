/** Pixels and shape of an image, row-major from the lower left. */
export interface Image {
  readonly data: Float32Array;
  readonly width: number;
  readonly height: number;
}

/**
 * Averages blocks of `factor` × `factor` pixels. Pixel (i, j) of the result is the mean of the finite pixels without mask in columns
 * i·factor … i·factor + factor − 1, and rows likewise; the last column and row may cover less. A block in which every pixel is masked is
 * the mean of its finite pixels (a saturated star stays bright), NaN where there is none.
 *
 * @param image - any unit
 * @param mask  - same shape, or null; non-zero: not to be trusted
 */
export function blockAverage({ data, width, height }: Image, mask: Uint16Array | null, factor: number): Image {
  const outWidth = Math.ceil(width / factor),
    outHeight = Math.ceil(height / factor);
  const out = new Float32Array(outWidth * outHeight);
  const good = new Float64Array(outWidth),
    goodCount = new Uint32Array(outWidth),
    any = new Float64Array(outWidth),
    anyCount = new Uint32Array(outWidth);
  for (let j = 0; j < outHeight; j++) {
    for (const sums of [good, goodCount, any, anyCount]) sums.fill(0);
    const lastRow = Math.min(height, (j + 1) * factor);
    for (let y = j * factor; y < lastRow; y++) {
      const row = y * width;
      for (let x = 0, i = 0, left = factor; x < width; x++) {
        const value = data[row + x]!;
        if (value - value === 0) {
          any[i]! += value;
          anyCount[i]!++;
          if (mask === null || mask[row + x] === 0) {
            good[i]! += value;
            goodCount[i]!++;
          }
        }
        if (--left === 0) {
          i++;
          left = factor;
        }
      }
    }
    for (let i = 0; i < outWidth; i++) {
      out[j * outWidth + i] = goodCount[i]! > 0 ? good[i]! / goodCount[i]! : any[i]! / anyCount[i]!; // 0/0 is NaN
    }
  }
  return { data: out, width: outWidth, height: outHeight };
}
