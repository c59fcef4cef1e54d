import { add, D, finite, isZero, ld, mad, mask4, mul, sp, st, sub } from './simd';

// Pixels from … to − 1 of planes on one grid. Twins of src/stack/*.ts. Planes may be read past their end, so tails are done one by one.

/** Σ w·d, Σ w, and the highest value with its weight. */
export function addReference(data: usize, mask: usize, w: f32, sum: usize, weight: usize, top: usize, topWeight: usize,
  scratch: usize, from: i32, to: i32): void {
  const vw = sp(w);
  let i = from;
  for (; i + 4 <= to; i += 4) {
    const j = <usize>i << 2, d = ld(data + j), ok = isZero(mask4(mask, i)), was = ld(topWeight + j);
    st(sum + j, mad(v128.and(ok, vw), d, ld(sum + j)));
    st(weight + j, add(v128.and(ok, vw), ld(weight + j)));
    const higher = v128.and(ok, v128.or(f32x4.eq(was, sp(0)), f32x4.gt(d, ld(top + j))));
    st(top + j, v128.bitselect(d, ld(top + j), higher));
    st(topWeight + j, v128.bitselect(vw, was, higher));
  }
  for (; i < to; i++) {
    const j = <usize>i << 2;
    if (load<u16>(mask + (<usize>i << 1))) continue;
    const d = load<f32>(data + j);
    store<f32>(sum + j, load<f32>(sum + j) + w * d);
    store<f32>(weight + j, load<f32>(weight + j) + w);
    if (load<f32>(topWeight + j) == 0 || d > load<f32>(top + j)) { store<f32>(top + j, d); store<f32>(topWeight + j, w); }
  }
}

/** Mean of all but the highest, and the weight in it; NaN and 0 where fewer than two frames have a value. */
export function reference(sum: usize, weight: usize, top: usize, topWeight: usize, mean: usize, rest: usize,
  scratch: usize, from: i32, to: i32): void {
  for (let i = from; i < to; i++) {
    const j = <usize>i << 2, tw = load<f32>(topWeight + j), w = load<f32>(weight + j), left = w - tw;
    if (left > 1e-4 * w) {
      store<f32>(mean + j, (load<f32>(sum + j) - tw * load<f32>(top + j)) / left);
      store<f32>(rest + j, left);
    } else { store<f32>(mean + j, NaN); store<f32>(rest + j, 0); }
  }
}

/** Indices of good pixels further than k sigma from the reference, as i32 from list + 4 · from; returns their number. */
export function outliers(data: usize, variance: usize, mask: usize, mean: usize, noise: f32, k: f32, list: usize,
  scratch: usize, from: i32, to: i32): i32 {
  const first = list + (<usize>from << 2), k2 = sp(k * k * (1 + noise));
  let out = first;
  for (let i = from; i < to; i += 4) {
    const j = <usize>i << 2, r = sub(ld(data + j), ld(mean + j));
    const limit = mul(k2, ld(variance + j));
    const hit = v128.and(f32x4.gt(mul(r, r), limit), isZero(mask4(mask, i)));
    let bits = i32x4.bitmask(hit);
    if (i + 4 > to) bits &= (1 << (to - i)) - 1;
    for (; bits; bits &= bits - 1) { store<i32>(out, i + ctz(bits)); out += 4; }
  }
  return <i32>(out - first) >> 2;
}

/** Σ w·d, Σ w, Σ w²·v, seconds and the bits seen; saturated pixels with a millionth of the weight. */
export function addFrame(data: usize, variance: usize, mask: usize, w: f32, seconds: f32, sum: usize, weight: usize, noise: usize,
  coverage: usize, bits: usize, scratch: usize, from: i32, to: i32): void {
  const vw = sp(w), faint = sp(w * <f32>1e-6), sec = sp(seconds), two = i32x4.splat(2);
  let i = from;
  for (; i + 4 <= to; i += 4) {
    const j = <usize>i << 2, m = mask4(mask, i), ok = isZero(m);
    const wt = v128.or(v128.and(ok, vw), v128.and(i32x4.eq(m, two), faint));
    st(sum + j, mad(wt, ld(data + j), ld(sum + j)));
    st(weight + j, add(wt, ld(weight + j)));
    st(noise + j, mad(mul(wt, wt), ld(variance + j), ld(noise + j)));
    st(coverage + j, add(v128.and(ok, sec), ld(coverage + j)));
    const b = bits + <usize>i, words = v128.load64_zero(mask + (<usize>i << 1));
    store<u32>(b, load<u32>(b) | i32x4.extract_lane(i8x16.narrow_i16x8_u(words, words), 0));
  }
  for (; i < to; i++) {
    const j = <usize>i << 2, m = load<u16>(mask + (<usize>i << 1));
    const wt: f32 = m == 0 ? w : m == 2 ? w * <f32>1e-6 : 0;
    store<f32>(sum + j, load<f32>(sum + j) + wt * load<f32>(data + j));
    store<f32>(weight + j, load<f32>(weight + j) + wt);
    store<f32>(noise + j, load<f32>(noise + j) + wt * wt * load<f32>(variance + j));
    if (m == 0) store<f32>(coverage + j, load<f32>(coverage + j) + seconds);
    store<u8>(bits + <usize>i, load<u8>(bits + <usize>i) | <u8>m);
  }
}

/** Adds NO_DATA where a value or its variance cannot be used. */
export function flagUnusable(data: usize, variance: usize, mask: usize, scratch: usize, from: i32, to: i32): void {
  const most = sp(3e38), none = sp(0);
  for (let i = from; i < to; i += 4) {
    const j = <usize>i << 2, v = ld(variance + j);
    const good = v128.and(f32x4.lt(f32x4.abs(ld(data + j)), most), v128.and(f32x4.gt(v, none), f32x4.lt(v, most)));
    let bits = ~i32x4.bitmask(good) & 15;
    if (i + 4 > to) bits &= (1 << (to - i)) - 1;
    for (; bits; bits &= bits - 1) {
      const m = mask + (<usize>(i + ctz(bits)) << 1);
      store<u16>(m, load<u16>(m) | 16);
    }
  }
}

/** Rows y0 … y1 − 1 of a frame: `bit` where the nearest pixel of another image (u8) is not 0; gu, gv as in resample. */
export function markObjects(plane: usize, sw: i32, sh: i32, gu: usize, gv: usize, gw: i32, bit: i32, mask: usize, w: i32,
  scratch: usize, y0: i32, y1: i32): void {
  for (let y = y0; y < y1; y++) for (let x = 0; x < w; x += 16) {
    const k = (y >> 4) * gw + (x >> 4), n = k + gw, fy = <f64>(y & 15) / 16;
    const u = D(gu, k) + fy * (D(gu, n) - D(gu, k)), v = D(gv, k) + fy * (D(gv, n) - D(gv, k));
    const du = (D(gu, k + 1) + fy * (D(gu, n + 1) - D(gu, k + 1)) - u) / 16, dv = (D(gv, k + 1) + fy * (D(gv, n + 1) - D(gv, k + 1)) - v) / 16;
    let o = mask + (<usize>(y * w + x) << 1);
    for (let j = 0, e = min(16, w - x); j < e; j++, o += 2) {
      const px = <i32>floor(u + <f64>j * du + 0.5), py = <i32>floor(v + <f64>j * dv + 0.5);
      if (px < 0 || py < 0 || px >= sw || py >= sh) continue;
      if (load<u8>(plane + <usize>(py * sw + px))) store<u16>(o, load<u16>(o) | <u16>bit);
    }
  }
}
