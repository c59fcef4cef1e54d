/** Raised by the decoders; the caller adds file, HDU and tile. */
export class TileDataError extends Error {}

const ended = (): never => {
  throw new TileDataError('the packed bytes end before the last pixel');
};

/** Bits that name the split, its largest value, and bits of a pixel, by bytes per pixel. */
const riceShape = {
  1: { fsBits: 3, fsMax: 6, bits: 8 },
  2: { fsBits: 4, fsMax: 14, bits: 16 },
  4: { fsBits: 5, fsMax: 25, bits: 32 },
};

/**
 * RICE_1 (FITS 4.0, section 10.4.1): differences of neighbours, in blocks of `blockSize` pixels that share a split of
 * each difference into a unary top and `fs` plain low bits. Values come sign-extended from their width (bytes per
 * pixel 2 and 4) or unsigned (1).
 *
 * @param src - packed bytes in `src[at]` to `src[end - 1]`; up to four bytes behind may be looked at, never used
 */
export function riceDecode(
  src: Uint8Array,
  at: number,
  end: number,
  dst: Int32Array,
  count: number,
  blockSize: number,
  bytePix: number,
): void {
  if (end - at < bytePix) ended();
  if (end + 4 > src.length) {
    // Reads beyond an array are slow in every engine: the last tile of a buffer gets room behind.
    const roomy = new Uint8Array(end - at + 8);
    roomy.set(src.subarray(at, end));
    decode(roomy, 0, end - at, dst, count, blockSize, bytePix);
  } else decode(src, at, end, dst, count, blockSize, bytePix);
  if (bytePix === 1) for (let i = 0; i < count; i++) dst[i]! &= 0xff;
}

function decode(
  src: Uint8Array,
  at: number,
  end: number,
  dst: Int32Array,
  count: number,
  blockSize: number,
  bytePix: number,
): void {
  const { fsBits, fsMax, bits } = riceShape[bytePix as 1 | 2 | 4];
  const shift = 32 - bits;
  let p = at;
  let last = 0;
  for (let k = 0; k < bytePix; k++) last = (last << 8) | src[p++]!;
  // window: the next nb bits of the stream, left-aligned, zeros below.
  let window = 0;
  let nb = 0;
  for (let i = 0; i < count; ) {
    if (nb <= 16) {
      window |= ((src[p]! << 8) | src[p + 1]!) << (16 - nb);
      p += 2;
      nb += 16;
    }
    const fs = (window >>> (32 - fsBits)) - 1;
    window <<= fsBits;
    nb -= fsBits;
    const stop = i + blockSize < count ? i + blockSize : count;
    if (fs < 0) {
      dst.fill((last << shift) >> shift, i, stop);
      i = stop;
    } else if (fs === fsMax) {
      for (; i < stop; i++) {
        let d = 0;
        for (let k = 0; k < bits; k += 8) {
          if (nb <= 16) {
            window |= ((src[p]! << 8) | src[p + 1]!) << (16 - nb);
            p += 2;
            nb += 16;
          }
          d = (d << 8) | (window >>> 24);
          window <<= 8;
          nb -= 8;
        }
        last = (last + ((d >>> 1) ^ -(d & 1))) | 0;
        dst[i] = (last << shift) >> shift;
      }
    } else if (fs > fsMax) {
      throw new TileDataError(`a block names the split ${fs}; at most ${fsMax} exists`);
    } else {
      for (; i < stop; i++) {
        if (nb <= 16) {
          window |= ((src[p]! << 8) | src[p + 1]!) << (16 - nb);
          p += 2;
          nb += 16;
        }
        const zeros = Math.clz32(window);
        const used = zeros + 1 + fs;
        let d: number;
        if (used <= nb) {
          const low = (window << zeros) << 1;
          d = (zeros << fs) | ((low >>> 1) >>> (31 - fs));
          window = low << fs;
          nb -= used;
        } else {
          // A long code: zeros over several refills, then the low bits, at most 16 at a time.
          let top = 0;
          for (;;) {
            const run = Math.clz32(window);
            if (run < nb) {
              top += run;
              window = (window << run) << 1;
              nb -= run + 1;
              break;
            }
            top += nb;
            if (p >= end) ended();
            window = (src[p]! << 24) | (src[p + 1]! << 16);
            p += 2;
            nb = 16;
          }
          d = top;
          for (let left = fs; left > 0; ) {
            if (nb <= 16) {
              window |= ((src[p]! << 8) | src[p + 1]!) << (16 - nb);
              p += 2;
              nb += 16;
            }
            const step = left < 16 ? left : 16;
            d = (d << step) | (window >>> (32 - step));
            window <<= step;
            nb -= step;
            left -= step;
          }
        }
        last = (last + ((d >>> 1) ^ -(d & 1))) | 0;
        dst[i] = (last << shift) >> shift;
      }
    }
    // Bits taken so far against bits there are.
    if (8 * p - nb > 8 * end) ended();
  }
}
