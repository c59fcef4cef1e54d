import { add, D, F, hsum, ld, mad, mul, sp, sub } from './simd';

/** Weights of four taps between two phases of the table. */
// @ts-ignore: decorator
@inline function taps(row: usize, rest: v128): v128 {
  const a = ld(row);
  return mad(rest, sub(v128.load(row, 32), a), a);
}
// @ts-ignore: decorator
@inline function lane(a: v128, b: v128, j: i32): f32 {
  switch (j) {
    case 0: return f32x4.extract_lane(a, 0);
    case 1: return f32x4.extract_lane(a, 1);
    case 2: return f32x4.extract_lane(a, 2);
    case 3: return f32x4.extract_lane(a, 3);
    case 4: return f32x4.extract_lane(b, 0);
    default: return f32x4.extract_lane(b, 1);
  }
}

/**
 * Rows y0 … y1 − 1 of a Lanczos-3 resampled image; twin of src/resample/resample.ts.
 * lut: (1024 + 2) × 8 weights; gu, gv: f64 coordinates at every 16th pixel, gw of them per row.
 */
export function resample(src: usize, variance: usize, mask: usize, near: usize, sw: i32, sh: i32, lut: usize, gu: usize, gv: usize,
  gw: i32, scale: f64, most: f32, dst: usize, dvar: usize, dmask: usize, w: i32, scratch: usize, y0: i32, y1: i32): void {
  const s = <usize>sw << 2, cells = (w + 15) >> 4;
  for (let y = y0; y < y1; y++) for (let c = 0; c < cells; c++) {
    const k = (y >> 4) * gw + c, n = k + gw, fy = <f64>(y & 15) / 16;
    const u0 = D(gu, k) + fy * (D(gu, n) - D(gu, k)), v0 = D(gv, k) + fy * (D(gv, n) - D(gv, k));
    const du = (D(gu, k + 1) + fy * (D(gu, n + 1) - D(gu, k + 1)) - u0) / 16;
    const dv = (D(gv, k + 1) + fy * (D(gv, n + 1) - D(gv, k + 1)) - v0) / 16;
    const area = abs((D(gu, n + 1) - D(gu, k)) * (D(gv, n) - D(gv, k + 1)) - (D(gv, n + 1) - D(gv, k)) * (D(gu, n) - D(gu, k + 1))) / 512;
    const factor = <f32>(scale * area), factor2 = factor * factor;
    let o = <usize>y * w + (c << 4);
    for (let j = 0, e = min(16, w - (c << 4)); j < e; j++, o++) {
      const u = u0 + <f64>j * du, v = v0 + <f64>j * dv;
      if (!(u >= 2 && v >= 2 && u < <f64>(sw - 6) && v < <f64>(sh - 6))) {
        store<f32>(dst + (o << 2), 0); store<f32>(dvar + (o << 2), 0); store<u16>(dmask + (o << 1), 16);
        continue;
      }
      const iu = <i32>u, iv = <i32>v;                   // positive: truncation is floor
      const tu = <f32>((u - <f64>iu) * 1024), tv = <f32>((v - <f64>iv) * 1024), ku = <i32>tu, kv = <i32>tv;
      const a = lut + (<usize>ku << 5), b = lut + (<usize>kv << 5), ru = sp(tu - <f32>ku), rv = sp(tv - <f32>kv);
      const xa = taps(a, ru), xb = taps(a + 16, ru), ya = taps(b, rv), yb = taps(b + 16, rv);
      const at = <usize>((iv - 2) * sw + iu - 2) << 2;
      let p = src + at, r = sp(lane(ya, yb, 0));
      let A = mul(r, ld(p)), B = mul(r, v128.load64_zero(p, 16));
      p += s; r = sp(lane(ya, yb, 1)); A = mad(r, ld(p), A); B = mad(r, v128.load64_zero(p, 16), B);
      p += s; r = sp(lane(ya, yb, 2)); A = mad(r, ld(p), A); B = mad(r, v128.load64_zero(p, 16), B);
      p += s; r = sp(lane(ya, yb, 3)); A = mad(r, ld(p), A); B = mad(r, v128.load64_zero(p, 16), B);
      p += s; r = sp(lane(ya, yb, 4)); A = mad(r, ld(p), A); B = mad(r, v128.load64_zero(p, 16), B);
      p += s; r = sp(lane(ya, yb, 5)); A = mad(r, ld(p), A); B = mad(r, v128.load64_zero(p, 16), B);
      store<f32>(dst + (o << 2), factor * hsum(mad(B, xb, mul(A, xa))));
      const q = variance + (<usize>(iv * sw + iu) << 2);
      const V = mad(sp(f32x4.extract_lane(yb, 3)), v128.load64_zero(q + s), mul(sp(f32x4.extract_lane(yb, 2)), v128.load64_zero(q)));
      store<f32>(dvar + (o << 2), factor2 *
        (f32x4.extract_lane(V, 0) * f32x4.extract_lane(xb, 2) + f32x4.extract_lane(V, 1) * f32x4.extract_lane(xb, 3)));
      store<u16>(dmask + (o << 1), load<u8>(near + <usize>(iv * sw + iu)) ? badBits(mask, sw, iu, iv, xa, xb, ya, yb, most) : 0);
    }
  }
}

function badBits(mask: usize, sw: i32, iu: i32, iv: i32, xa: v128, xb: v128, ya: v128, yb: v128, most: f32): u16 {
  let bad: f32 = 0, all: f32 = 0, bits: u16 = 0;
  for (let b = 0; b < 6; b++) for (let a = 0; a < 6; a++) {
    const w = abs(lane(xa, xb, a) * lane(ya, yb, b));
    const m = load<u16>(mask + (<usize>((iv - 2 + b) * sw + iu - 2 + a) << 1));
    all += w;
    if (m) { bad += w; bits |= m; }
  }
  return bad > most * all ? bits : 0;
}
