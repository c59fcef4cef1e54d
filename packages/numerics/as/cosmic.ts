import { add, finite, isZero, ld, mask4, mul, sp, sub } from './simd';

/** max(0, 2 v − a − b), 0 where a or b is NaN. */
// @ts-ignore: decorator
@inline function corner(twice: v128, a: v128, b: v128): v128 { return f32x4.pmax(sp(0), sub(twice, add(a, b))); }

/**
 * Indices of good pixels of rows y0 … y1 − 1 (the outermost pixels of the image excepted) whose Laplacian exceeds `threshold` sigma,
 * as i32 from `list + 4 · y0 · w`; returns their number. Twin of src/cosmic/laplacian.ts.
 */
export function laplacianCandidates(data: usize, variance: usize, mask: usize, threshold: f32, list: usize, w: i32, h: i32,
  scratch: usize, y0: i32, y1: i32): i32 {
  const first = list + (<usize>y0 * w << 2), s = <usize>w << 2, t2 = sp(64 * threshold * threshold), quarter = sp(0.25);
  let out = first;
  for (let y = max(y0, 1), e = min(y1, h - 1); y < e; y++) {
    for (let x = 1; x < w - 1; x += 4) {
      const i = <usize>y * w + x, p = data + (i << 2), q = variance + (i << 2), v = ld(p), twice = add(v, v);
      const l = v128.load(p - 4), r = v128.load(p, 4), u = ld(p + s), d = ld(p - s);
      const sum = add(add(corner(twice, l, u), corner(twice, u, r)), add(corner(twice, r, d), corner(twice, d, l)));
      const around = mul(quarter, add(add(v128.load(q - 4), v128.load(q, 4)), add(ld(q + s), ld(q - s))));
      const noise2 = f32x4.pmin(ld(q), around);        // the first one where `around` is NaN
      const hit = v128.and(f32x4.gt(mul(sum, sum), mul(t2, noise2)), v128.and(isZero(mask4(mask, i)), finite(v)));
      let bits = i32x4.bitmask(hit);
      if (x + 4 > w - 1) bits &= (1 << (w - 1 - x)) - 1;
      for (; bits; bits &= bits - 1) { store<i32>(out, <i32>i + ctz(bits)); out += 4; }
    }
  }
  return <i32>(out - first) >> 2;
}
