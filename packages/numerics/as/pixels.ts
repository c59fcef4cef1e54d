import { ld, sp } from './simd';

// Pixels from … to − 1; `from` is a multiple of 16.

/** Turns the bytes of 32-bit words around, in place. */
export function swapWords(words: usize, scratch: usize, from: i32, to: i32): void {
  let i = from;
  for (; i + 4 <= to; i += 4) {
    const p = words + (<usize>i << 2), v = ld(p);
    v128.store(p, i8x16.shuffle(v, v, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12));
  }
  for (; i < to; i++) store<u32>(words + (<usize>i << 2), bswap<u32>(load<u32>(words + (<usize>i << 2))));
}

/** out = mask & keep. */
export function keepBits(mask: usize, keep: i32, out: usize, scratch: usize, from: i32, to: i32): void {
  const k = i16x8.splat(<i16>keep);
  let i = from;
  for (; i + 8 <= to; i += 8) v128.store(out + (<usize>i << 1), v128.and(v128.load(mask + (<usize>i << 1)), k));
  for (; i < to; i++) store<u16>(out + (<usize>i << 1), load<u16>(mask + (<usize>i << 1)) & <u16>keep);
}

/** out = value > level ? 1 : mask. */
export function flagAbove(values: usize, level: f32, mask: usize, out: usize, scratch: usize, from: i32, to: i32): void {
  const l = sp(level), one = i16x8.splat(1);
  let i = from;
  for (; i + 8 <= to; i += 8) {
    const p = values + (<usize>i << 2), j = <usize>i << 1;
    const above = i16x8.narrow_i32x4_s(f32x4.gt(ld(p), l), f32x4.gt(v128.load(p, 16), l));
    v128.store(out + j, v128.bitselect(one, v128.load(mask + j), above));
  }
  for (; i < to; i++) {
    const j = <usize>i << 1;
    store<u16>(out + j, load<f32>(values + (<usize>i << 2)) > level ? 1 : load<u16>(mask + j));
  }
}

/** Indices of values above `level`, as i32 from list + 4 · from; returns their number. */
export function indicesAbove(values: usize, level: f32, list: usize, scratch: usize, from: i32, to: i32): i32 {
  const first = list + (<usize>from << 2), l = sp(level);
  let out = first;
  for (let i = from; i < to; i += 16) {
    const p = values + (<usize>i << 2);
    const a = f32x4.gt(ld(p), l), b = f32x4.gt(v128.load(p, 16), l), c = f32x4.gt(v128.load(p, 32), l), d = f32x4.gt(v128.load(p, 48), l);
    if (!v128.any_true(v128.or(v128.or(a, b), v128.or(c, d)))) continue;
    let bits = i32x4.bitmask(a) | i32x4.bitmask(b) << 4 | i32x4.bitmask(c) << 8 | i32x4.bitmask(d) << 12;
    if (i + 16 > to) bits &= (1 << (to - i)) - 1;
    for (; bits; bits &= bits - 1) { store<i32>(out, i + ctz(bits)); out += 4; }
  }
  return <i32>(out - first) >> 2;
}

/** Indices of words that share a bit with `wanted`, as i32 from list + 4 · from; returns their number. */
export function indicesWith(mask: usize, wanted: i32, list: usize, scratch: usize, from: i32, to: i32): i32 {
  const first = list + (<usize>from << 2), w = i16x8.splat(<i16>wanted), none = i16x8.splat(0);
  let out = first;
  for (let i = from; i < to; i += 16) {
    const p = mask + (<usize>i << 1), a = v128.and(v128.load(p), w), b = v128.and(v128.load(p, 16), w);
    if (!v128.any_true(v128.or(a, b))) continue;
    let bits = (i16x8.bitmask(i16x8.ne(a, none)) | i16x8.bitmask(i16x8.ne(b, none)) << 8) & 0xffff;
    if (i + 16 > to) bits &= (1 << (to - i)) - 1;
    for (; bits; bits &= bits - 1) { store<i32>(out, i + ctz(bits)); out += 4; }
  }
  return <i32>(out - first) >> 2;
}
