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
 */
export function riceDecode(src: Uint8Array, dst: Int32Array, count: number, blockSize: number, bytePix: number): void {
  const { fsBits, fsMax, bits } = riceShape[bytePix as 1 | 2 | 4];
  const end = src.length;
  if (end < bytePix) ended();
  const shift = 32 - bits;
  const isSigned = bytePix > 1;
  let p = 0;
  let last = 0;
  for (; p < bytePix; p++) last = (last << 8) | src[p]!;
  last = isSigned ? (last << shift) >> shift : last;
  // buf: the low nb bits are valid, the rest zero. Reads past the end give zeros and are found out below.
  let buf = 0;
  let nb = 0;
  for (let i = 0; i < count; ) {
    while (nb < fsBits) {
      buf = (buf << 8) | src[p++]!;
      nb += 8;
    }
    nb -= fsBits;
    const fs = (buf >>> nb) - 1;
    buf &= (1 << nb) - 1;
    const stop = i + blockSize < count ? i + blockSize : count;
    if (p > end) ended();
    if (fs < 0) {
      dst.fill(last, i, stop);
      i = stop;
    } else if (fs === fsMax) {
      for (; i < stop; i++) {
        let need = bits - nb;
        let d = nb === 0 ? 0 : buf;
        while (need >= 8) {
          d = (d << 8) | src[p++]!;
          need -= 8;
        }
        if (need > 0) {
          const byte = src[p++]!;
          d = (d << need) | (byte >>> (8 - need));
          nb = 8 - need;
          buf = byte & ((1 << nb) - 1);
        } else {
          nb = 0;
          buf = 0;
        }
        last = last + ((d >>> 1) ^ -(d & 1));
        last = isSigned ? (last << shift) >> shift : last & 0xff;
        dst[i] = last;
      }
      if (p > end) ended();
    } else if (fs > fsMax) {
      throw new TileDataError(`a block names the split ${fs}; at most ${fsMax} exists`);
    } else {
      for (; i < stop; i++) {
        let top = 0;
        while (buf === 0) {
          if (p >= end) ended();
          top += nb;
          nb = 8;
          buf = src[p++]!;
        }
        const zeros = Math.clz32(buf) - (32 - nb);
        top += zeros;
        nb -= zeros + 1;
        buf &= (1 << nb) - 1;
        while (nb < fs) {
          buf = (buf << 8) | src[p++]!;
          nb += 8;
        }
        nb -= fs;
        const d = (top << fs) | (buf >>> nb);
        buf &= (1 << nb) - 1;
        last = last + ((d >>> 1) ^ -(d & 1));
        last = isSigned ? (last << shift) >> shift : last & 0xff;
        dst[i] = last;
      }
      if (p > end) ended();
    }
  }
}
