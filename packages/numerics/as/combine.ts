import { add, F, finite, ld, mad, mul, sp, st, sub } from './simd';

/** Missing samples sort to the end as this; a limit of NONE keeps every real sample and none of them. */
const MISSING: f32 = 3.3e38, NONE: f32 = 1e38;

// @ts-ignore: decorator
@inline function exchange(p: usize, q: usize): void {
  const a = ld(p), b = ld(q);
  st(p, f32x4.pmin(a, b)); st(q, f32x4.pmax(a, b));
}
/** Sorts n rows of 16 values by columns with a network of `nc` pairs of u8. */
function sortRows(buf: usize, net: usize, nc: i32): void {
  for (let c = net, e = net + (<usize>nc << 1); c < e; c += 2) {
    const p = buf + (<usize>load<u8>(c) << 6), q = buf + (<usize>load<u8>(c, 1) << 6);
    exchange(p, q); exchange(p + 16, q + 16); exchange(p + 32, q + 32); exchange(p + 48, q + 48);
  }
}
/** Half the sum of the two middle ones of the first m values of lane `c` of four. */
// @ts-ignore: decorator
@inline function middle(rows: usize, c: usize, m: i32): f32 {
  return m < 1 ? 0 : 0.5 * (load<f32>(rows + (<usize>((m - 1) >> 1) << 6) + c) + load<f32>(rows + (<usize>(m >> 1) << 6) + c));
}
// @ts-ignore: decorator
@inline function middles(rows: usize, m: v128): v128 {
  return f32x4(middle(rows, 0, i32x4.extract_lane(m, 0)), middle(rows, 4, i32x4.extract_lane(m, 1)),
    middle(rows, 8, i32x4.extract_lane(m, 2)), middle(rows, 12, i32x4.extract_lane(m, 3)));
}

/**
 * Pixels from … to − 1 of the clipped mean; twin of src/combine/clipped-mean.ts.
 * frames: n byte offsets (u32); net: sorting network for n values; offsets, scales: f32 per frame.
 * scratch: two blocks of n × 64 bytes, then 192 bytes.
 */
export function clippedMean(frames: usize, n: i32, net: usize, nc: i32, offsets: usize, scales: usize, clip: f32, iterations: i32,
  noise: f32, mean: usize, variance: usize, count: usize, scratch: usize, from: i32, to: i32): void {
  const buf = scratch, dev = buf + (<usize>n << 6), tail = dev + (<usize>n << 6), top = buf + (<usize>n << 6);
  const missing = sp(MISSING), none = sp(NONE), zero = sp(0), vClip = sp(clip), vNoise = sp(noise);
  const two = i32x4.splat(2), one = i32x4.splat(1), nan = sp(NaN), noise2 = noise > 0 ? sp(noise * noise) : nan;
  for (let i = from; i < to; i += 16) {
    for (let k = 0, b = buf; k < n; k++, b += 64) {
      const p = <usize>load<u32>(frames + (<usize>k << 2)) + (<usize>i << 2), o = sp(F(offsets, k)), s = sp(F(scales, k));
      for (let j: usize = 0; j < 64; j += 16) {
        const v = mul(sub(ld(p + j), o), s);
        st(b + j, v128.bitselect(v, missing, finite(v)));
      }
    }
    sortRows(buf, net, nc);
    for (let j: usize = 0; j < 64; j += 16) {
      let m = i32x4.splat(0);
      for (let b = buf + j; b < top; b += 64) m = i32x4.sub(m, f32x4.lt(ld(b), missing));
      if (n > 1) {                                      // of two that disagree, the lower
        const second = ld(buf + 64 + j), far = f32x4.gt(sub(second, ld(buf + j)), sp(noise > 0 ? clip * <f32>1.4142135 * noise : NONE));
        const alone = v128.and(i32x4.eq(m, two), far);
        m = v128.bitselect(one, m, alone);
        st(buf + 64 + j, v128.bitselect(missing, second, alone));
      }
      st(tail + j, m);
      const c = middles(buf + j, m);
      st(tail + 64 + j, c);
      for (let b = buf + j, d = dev + j; b < top; b += 64, d += 64) {
        const v = ld(b);
        st(d, v128.bitselect(f32x4.abs(sub(v, c)), missing, f32x4.lt(v, missing)));
      }
    }
    sortRows(dev, net, nc);
    for (let j: usize = 0; j < 64; j += 16) {
      const m = ld(tail + j), few = i32x4.lt_s(m, i32x4.splat(3));
      let center = ld(tail + 64 + j), limit = mul(vClip, f32x4.pmax(mul(sp(1.4826022), middles(dev + j, m)), vNoise));
      limit = v128.bitselect(limit, none, v128.andnot(f32x4.gt(limit, zero), few));
      let kept = i32x4.splat(0), s2 = zero;
      for (let round = 0; round <= iterations; round++) {
        let k = i32x4.splat(0), s1 = zero, q = zero;
        for (let b = buf + j; b < top; b += 64) {
          let d = sub(ld(b), center);
          const ok = f32x4.le(f32x4.abs(d), limit);
          d = v128.and(ok, d); k = i32x4.sub(k, ok); s1 = add(s1, d); q = mad(d, d, q);
        }
        const fk = f32x4.convert_i32x4_s(k), some = i32x4.gt_s(k, i32x4.splat(0));
        const shift = v128.and(some, f32x4.div(s1, fk)), same = i32x4.eq(k, kept);
        center = add(center, shift);
        s2 = f32x4.pmax(zero, sub(q, mul(fk, mul(shift, shift))));
        kept = v128.bitselect(k, kept, some);
        if (i32x4.all_true(same)) break;
        const sigma = f32x4.sqrt(f32x4.pmax(zero, f32x4.div(s2, f32x4.convert_i32x4_s(i32x4.sub(k, one)))));
        const next = mul(vClip, f32x4.pmax(v128.and(i32x4.gt_s(k, one), sigma), vNoise));
        limit = v128.bitselect(next, limit, v128.andnot(f32x4.gt(next, zero), few));
      }
      const fk = f32x4.convert_i32x4_s(kept);
      let v = f32x4.div(noise2, fk);
      v = v128.bitselect(f32x4.div(f32x4.div(s2, sub(fk, sp(1))), fk), v, i32x4.gt_s(kept, one));
      const empty = i32x4.eq(m, i32x4.splat(0));
      center = v128.bitselect(nan, center, empty); v = v128.bitselect(nan, v, empty);
      const at = i + <i32>(j >> 2), left = to - at, words = i16x8.narrow_i32x4_u(kept, kept);
      if (left >= 4) {
        st(mean + (<usize>at << 2), center); st(variance + (<usize>at << 2), v);
        v128.store64_lane(count + (<usize>at << 1), words, 0);
      } else if (left > 0) {
        st(dev, center); st(dev + 16, v); st(dev + 32, words);
        memory.copy(mean + (<usize>at << 2), dev, <usize>left << 2);
        memory.copy(variance + (<usize>at << 2), dev + 16, <usize>left << 2);
        memory.copy(count + (<usize>at << 1), dev + 32, <usize>left << 1);
      }
    }
  }
}
