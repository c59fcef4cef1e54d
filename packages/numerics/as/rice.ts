// Rice decoding of 16-bit integers and of floats on steps of 32-bit integers; twin of src/rice/unpack-rice.ts, where the format is described.
// A tile's bits come through a window of 64, the next bit on top. Bits below the `nb` that are counted are the stream's own or 0, so that
// a refill may lay the next bytes over them.

// Bits that name the split, and the split that stands for differences as they are, of 16 and of 32 bits.
// @ts-ignore: decorator
@inline function fsBits<T>(): i32 { return sizeof<T>() == 4 ? 5 : 4; }
// @ts-ignore: decorator
@inline function fsMax<T>(): i32 { return sizeof<T>() == 4 ? 25 : 14; }
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
    if (!unpackTile<u16>(p, p + <usize>load<u32>(lengths + at), out + (<usize>first << 1), n, blockSize, flip, 1, 0, 0)) return tile;
  }
  return -1;
}

/** The same of 32-bit integers, to f32: value · scale + zero of each tile (f64), NaN for `blank`. */
export function unpackRiceFloats(packed: usize, offsets: usize, lengths: usize, tilePixels: i32, count: i32, blockSize: i32, scales: usize,
  zeros: usize, blank: i32, out: usize, scratch: usize, from: i32, to: i32): i32 {
  for (let tile = from; tile < to; tile++) {
    const at = <usize>tile << 2, first = tile * tilePixels, n = min(tilePixels, count - first);
    const p = packed + <usize>load<u32>(offsets + at), scale = load<f64>(scales + (at << 1)), zero = load<f64>(zeros + (at << 1));
    if (!unpackTile<f32>(p, p + <usize>load<u32>(lengths + at), out + (<usize>first << 2), n, blockSize, 0, scale, zero, blank)) return tile;
  }
  return -1;
}

// @ts-ignore: decorator
@inline function put<T>(o: usize, value: u32, scale: f64, zero: f64, blank: i32): void {
  if (sizeof<T>() == 2) store<u16>(o, <u16>value);
  else store<f32>(o, <i32>value == blank ? NaN : <f32>(<f64><i32>value * scale + zero));
}

function unpackTile<T>(start: usize, end: usize, dst: usize, n: i32, blockSize: i32, flip: i32, scale: f64, zero: f64, blank: i32): bool {
  const bits: i32 = sizeof<T>() << 3;
  if (end < start + sizeof<T>()) return false;
  let p = start + sizeof<T>(), last = sizeof<T>() == 2 ? <u32>load<u8>(start) << 8 | <u32>load<u8>(start, 1) : bswap(load<u32>(start));
  let window: u64 = 0, nb = 0;
  last ^= flip;                      // (a ^ 0x8000) + d = (a + d) ^ 0x8000 in 16 bits
  const limit = end + AHEAD, stop = dst + <usize>n * sizeof<T>(), block = <usize>blockSize * sizeof<T>();
  for (let o = dst; o < stop;) {
    if (p > limit) return false;
    window |= bytes8(p) >> nb; p += (63 - nb) >> 3; nb |= 56;
    const fs = <i32>(window >> (64 - fsBits<T>())) - 1, e = min(o + block, stop);
    window <<= fsBits<T>(); nb -= fsBits<T>();
    if (fs < 0) { for (; o < e; o += sizeof<T>()) put<T>(o, last, scale, zero, blank); continue; }
    if (fs > fsMax<T>()) return false;
    const low = <u64>(63 - fs);
    if (fs == fsMax<T>()) {
      for (; o < e; o += sizeof<T>()) {
        if (nb < bits) { if (p > limit) return false; window |= bytes8(p) >> nb; p += (63 - nb) >> 3; nb |= 56; }
        const d = <u32>(window >> (64 - bits));
        window <<= bits; nb -= bits; last += (d >> 1) ^ -(d & 1); put<T>(o, last, scale, zero, blank);
      }
      continue;
    }
    while (o < e) {
      if (p > limit) return false;
      window |= bytes8(p) >> nb; p += (63 - nb) >> 3; nb |= 56;
      // Up to six codes of what the window holds whole; one that is longer than the window is read in pieces.
      const most = min(o + 6 * sizeof<T>(), e);
      do {
        const z = <i32>clz(window), used = z + 1 + fs;
        if (used > nb) break;
        const d = <u32>(z << fs) | <u32>((window << z << 1) >> 1 >> low);
        window <<= used; nb -= used;
        last += (d >> 1) ^ -(d & 1); put<T>(o, last, scale, zero, blank);
        o += sizeof<T>();
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
        last += (d >> 1) ^ -(d & 1); put<T>(o, last, scale, zero, blank); o += sizeof<T>();
      }
    }
  }
  // Bits taken so far against bits there are.
  return <i64>(p - start) * 8 - nb <= <i64>(end - start) * 8;
}
