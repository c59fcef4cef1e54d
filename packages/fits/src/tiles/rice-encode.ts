const riceShape = {
  1: { fsBits: 3, fsMax: 6, bits: 8 },
  2: { fsBits: 4, fsMax: 14, bits: 16 },
  4: { fsBits: 5, fsMax: 25, bits: 32 },
};
const BLOCK_SIZE = 32;

/** Bytes that `riceEncode` may need at most for `count` pixels. */
export const riceRoom = (count: number, bytePix: number): number => count * (bytePix + 2) + 64;

/**
 * RICE_1 with blocks of 32 pixels, byte for byte as cfitsio packs. `src` holds the values sign-extended (bytes per
 * pixel 2 and 4) or unsigned (1).
 *
 * @param zigzag - scratch of 32 entries
 * @returns the number of bytes written at `dst[at…]`
 */
export function riceEncode(
  src: Int32Array,
  count: number,
  bytePix: number,
  dst: Uint8Array,
  at: number,
  zigzag: Int32Array,
): number {
  const { fsBits, fsMax, bits } = riceShape[bytePix as 1 | 2 | 4];
  const shift = 32 - bits;
  let p = at;
  let last = src[0]!;
  for (let k = bits - 8; k >= 0; k -= 8) dst[p++] = last >> k;
  // buf: its low nb bits wait to be written (fewer than 16 between codes); what is above them is already out.
  let buf = 0;
  let nb = 0;
  for (let i = 0; i < count; i += BLOCK_SIZE) {
    const m = count - i < BLOCK_SIZE ? count - i : BLOCK_SIZE;
    let sum = 0;
    for (let j = 0; j < m; j++) {
      const value = src[i + j]!;
      const d = ((value - last) << shift) >> shift;
      const z = (d << 1) ^ (d >> 31);
      zigzag[j] = z;
      sum += z >>> 0;
      last = value;
    }
    // The split: about the logarithm of half the mean difference.
    let mean = Math.max(0, (sum - (m >> 1) - 1) / m);
    if (bits < 32) mean &= bits === 16 ? 0xffff : 0xff;
    const fs = 32 - Math.clz32(mean >>> 1);
    const isPlain = fs >= fsMax;
    const code = isPlain ? fsMax + 1 : fs === 0 && sum === 0 ? 0 : fs + 1;
    buf = (buf << fsBits) | code;
    nb += fsBits;
    if (nb >= 16) {
      dst[p] = buf >>> (nb - 8);
      dst[p + 1] = buf >>> (nb - 16);
      p += 2;
      nb -= 16;
    }
    if (code === 0) continue;
    if (isPlain) {
      for (let j = 0; j < m; j++) {
        const z = zigzag[j]!;
        for (let k = bits - 8; k >= 0; k -= 8) {
          buf = (buf << 8) | ((z >>> k) & 255);
          dst[p++] = buf >>> nb;
        }
      }
      continue;
    }
    const mask = (1 << fs) - 1;
    const one = 1 << fs;
    for (let j = 0; j < m; j++) {
      const z = zigzag[j]!;
      let top = z >>> fs;
      if (top + fs < 16) {
        buf = (buf << (top + 1 + fs)) | one | (z & mask);
        nb += top + 1 + fs;
        if (nb >= 16) {
          dst[p] = buf >>> (nb - 8);
          dst[p + 1] = buf >>> (nb - 16);
          p += 2;
          nb -= 16;
        }
        continue;
      }
      // Long codes: zeros, the one, then the low bits, at most 8 at a time.
      for (; top >= 8; top -= 8) {
        buf <<= 8;
        dst[p++] = buf >>> nb;
      }
      buf = (buf << (top + 1)) | 1;
      nb += top + 1;
      for (; nb >= 8; nb -= 8) dst[p++] = buf >>> (nb - 8);
      for (let k = fs; k > 0; ) {
        const step = k > 8 ? 8 : k;
        k -= step;
        buf = (buf << step) | ((z >>> k) & ((1 << step) - 1));
        nb += step;
        for (; nb >= 8; nb -= 8) dst[p++] = buf >>> (nb - 8);
      }
    }
  }
  for (; nb >= 8; nb -= 8) dst[p++] = buf >>> (nb - 8);
  if (nb > 0) dst[p++] = buf << (8 - nb);
  return p - at;
}
