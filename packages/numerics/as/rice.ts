// Rice decoding of 16-bit integers; twin of src/rice/unpack-rice.ts, where the format is described.
// A tile's bits come through a window of 64, the next bit on top. Bits below the `nb` that are counted are the stream's own or 0, so that
// a refill may lay the next bytes over them.

const FS_BITS = 4, FS_MAX = 14;
/** A stream that is whole never asks for bytes further behind its end. */
const AHEAD = 8;

/** Eight bytes, the first on top. */
// @ts-ignore: decorator
@inline function bytes8(p: usize): u64 {
  const v = v128.load64_zero(p);
  return <u64>i64x2.extract_lane(i8x16.shuffle(v, v, 7, 6, 5, 4, 3, 2, 1, 0, 8, 8, 8, 8, 8, 8, 8, 8), 0);
}

/**
 * Tiles `from` … `to` − 1 of `tilePixels` each, the last one of what is left of `count`, to their places in `out` (u16).
 * offsets, lengths: i32 per tile, bytes from `packed`. flip: xor of each value. Returns the first tile that ends too early, or −1.
 */
export function unpackRice(packed: usize, offsets: usize, lengths: usize, tilePixels: i32, count: i32, blockSize: i32, flip: i32,
  out: usize, scratch: usize, from: i32, to: i32): i32 {
  for (let tile = from; tile < to; tile++) {
    const at = <usize>tile << 2, first = tile * tilePixels, n = min(tilePixels, count - first);
    const p = packed + <usize>load<u32>(offsets + at);
    if (!unpackTile(p, p + <usize>load<u32>(lengths + at), out + (<usize>first << 1), n, blockSize, flip)) return tile;
  }
  return -1;
}

function unpackTile(start: usize, end: usize, dst: usize, n: i32, blockSize: i32, flip: i32): bool {
  if (end < start + 2) return false;
  let p = start + 2, last = <u32>load<u8>(start) << 8 | <u32>load<u8>(start, 1), window: u64 = 0, nb = 0;
  last ^= flip;                      // (a ^ 0x8000) + d = (a + d) ^ 0x8000 in 16 bits
  const limit = end + AHEAD, stop = dst + (<usize>n << 1), block = <usize>blockSize << 1;
  for (let o = dst; o < stop;) {
    if (p > limit) return false;
    window |= bytes8(p) >> nb; p += (63 - nb) >> 3; nb |= 56;
    const fs = <i32>(window >> (64 - FS_BITS)) - 1, e = min(o + block, stop);
    window <<= FS_BITS; nb -= FS_BITS;
    if (fs < 0) { for (; o < e; o += 2) store<u16>(o, <u16>last); continue; }
    const low = <u64>(63 - fs);
    if (fs == FS_MAX) {
      for (; o < e; o += 2) {
        if (nb < 16) { if (p > limit) return false; window |= bytes8(p) >> nb; p += (63 - nb) >> 3; nb |= 56; }
        const d = <u32>(window >> 48);
        window <<= 16; nb -= 16; last += (d >> 1) ^ -(d & 1); store<u16>(o, <u16>last);
      }
      continue;
    }
    while (o < e) {
      if (p > limit) return false;
      window |= bytes8(p) >> nb; p += (63 - nb) >> 3; nb |= 56;
      // Up to six codes of what the window holds whole; one that is longer than the window is read in pieces.
      const most = min(o + 12, e);
      do {
        const z = <i32>clz(window), used = z + 1 + fs;
        if (used > nb) break;
        const d = <u32>(z << fs) | <u32>((window << z << 1) >> 1 >> low);
        window <<= used; nb -= used;
        last += (d >> 1) ^ -(d & 1); store<u16>(o, <u16>last);
        o += 2;
      } while (o < most);
      if (o < most && nb >= 48) {
        let z = 0;
        for (;;) {
          const run = <i32>clz(window);
          if (run < nb) { z += run; window = window << run << 1; nb -= run + 1; break; }
          z += nb; window = 0; nb = 0;
          if (p > limit) return false;
          window = bytes8(p); p += 7; nb = 56;
        }
        if (nb < fs) { if (p > limit) return false; window |= bytes8(p) >> nb; p += (63 - nb) >> 3; nb |= 56; }
        const d = <u32>(z << fs) | <u32>(window >> 1 >> low);
        window <<= fs; nb -= fs;
        last += (d >> 1) ^ -(d & 1); store<u16>(o, <u16>last); o += 2;
      }
    }
  }
  // Bits taken so far against bits there are.
  return <i64>(p - start) * 8 - nb <= <i64>(end - start) * 8;
}
