import { add, D, hsum, ld, mad, mul, sp, st, sub } from './simd';

// What lies between two taps: a pixel, or a row of 16 values of the work space. Only their sizes count.
@unmanaged class Pixel { a: f32; }
@unmanaged class Line { a: v128; b: v128; c: v128; d: v128; }
const LINE: usize = 64;

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
 * Rows y0 … y1 − 1 of a Lanczos-3 resampled image; twin of src/resample/resample.ts. Cells that are turned little are done four pixels at a
 * time: along the rows of the input first, then across them.
 * lut: (4096 + 1) × 8 weights; gu, gv: f64 coordinates at every 16th pixel, gw of them per row. dvar: absent when nobody asks for variances.
 * scratch: 2 × MOST_LINES lines and 32 bytes.
 */
export function resample(src: usize, variance: usize, mask: usize, near: usize, sw: i32, sh: i32, lut: usize, gu: usize, gv: usize,
  gw: i32, scale: f64, most: f32, dst: usize, dvar: usize, dmask: usize, w: i32, scratch: usize, y0: i32, y1: i32): void {
  for (let top = y0; top < y1; top += 16) for (let x0 = 0; x0 < w; x0 += 16) {
    const k = (top >> 4) * gw + (x0 >> 4), n = k + gw, rows = min(16, y1 - top), columns = min(16, w - x0);
    const area = abs((D(gu, n + 1) - D(gu, k)) * (D(gv, n) - D(gv, k + 1)) - (D(gv, n + 1) - D(gv, k)) * (D(gu, n) - D(gu, k + 1))) / 512;
    const factor = <f32>(scale * area);
    const o = <usize>top * w + x0;
    const isFast = shearedCell(src, variance, sw, sh, lut, gu, gv, k, n, factor, dst + (o << 2), dvar ? dvar + (o << 2) : 0, w, rows, columns, scratch);
    if (isFast && !anyNear(near, sw, gu, gv, k, n)) {
      for (let y = 0; y < rows; y++) memory.fill(dmask + ((o + <usize>y * w) << 1), 0, <usize>columns << 1);
      continue;
    }
    for (let y = 0; y < rows; y++) {
      const fy = <f64>y / 16, u0 = D(gu, k) + fy * (D(gu, n) - D(gu, k)), v0 = D(gv, k) + fy * (D(gv, n) - D(gv, k));
      const du = (D(gu, k + 1) + fy * (D(gu, n + 1) - D(gu, k + 1)) - u0) / 16;
      const dv = (D(gv, k + 1) + fy * (D(gv, n + 1) - D(gv, k + 1)) - v0) / 16;
      pixels(src, variance, mask, near, sw, sh, lut, u0, v0, du, dv, factor, most, dst, dvar, dmask, o + <usize>y * w, columns, isFast);
    }
  }
}

/** `count` pixels from `o`, one by one; with `maskOnly` data and variance are there. */
function pixels(src: usize, variance: usize, mask: usize, near: usize, sw: i32, sh: i32, lut: usize, u0: f64, v0: f64, du: f64, dv: f64,
  factor: f32, most: f32, dst: usize, dvar: usize, dmask: usize, o: usize, count: i32, maskOnly: bool): void {
  const s = <usize>sw << 2;
  for (let j = 0; j < count; j++, o++) {
    const u = u0 + <f64>j * du, v = v0 + <f64>j * dv;
    if (!(u >= 2 && v >= 2 && u < <f64>(sw - 6) && v < <f64>(sh - 6))) {
      store<f32>(dst + (o << 2), 0); store<u16>(dmask + (o << 1), 16);
      if (dvar) store<f32>(dvar + (o << 2), 0);
      continue;
    }
    const iu = <i32>u, iv = <i32>v;                   // positive: truncation is floor
    const isNear = load<u8>(near + <usize>(iv * sw + iu)) != 0;
    if (maskOnly && !isNear) { store<u16>(dmask + (o << 1), 0); continue; }
    const a = lut + (<usize>((u - <f64>iu) * 4096 + 0.5) << 5), b = lut + (<usize>((v - <f64>iv) * 4096 + 0.5) << 5);
    const xa = ld(a), xb = v128.load(a, 16), ya = ld(b), yb = v128.load(b, 16);
    store<u16>(dmask + (o << 1), isNear ? badBits(mask, sw, iu, iv, xa, xb, ya, yb, most) : 0);
    if (maskOnly) continue;
    let p = src + (<usize>((iv - 2) * sw + iu - 2) << 2), r = sp(lane(ya, yb, 0));
    let A = mul(r, ld(p)), B = mul(r, v128.load64_zero(p, 16));
    p += s; r = sp(lane(ya, yb, 1)); A = mad(r, ld(p), A); B = mad(r, v128.load64_zero(p, 16), B);
    p += s; r = sp(lane(ya, yb, 2)); A = mad(r, ld(p), A); B = mad(r, v128.load64_zero(p, 16), B);
    p += s; r = sp(lane(ya, yb, 3)); A = mad(r, ld(p), A); B = mad(r, v128.load64_zero(p, 16), B);
    p += s; r = sp(lane(ya, yb, 4)); A = mad(r, ld(p), A); B = mad(r, v128.load64_zero(p, 16), B);
    p += s; r = sp(lane(ya, yb, 5)); A = mad(r, ld(p), A); B = mad(r, v128.load64_zero(p, 16), B);
    store<f32>(dst + (o << 2), factor * hsum(mad(B, xb, mul(A, xa))));
    if (!dvar) continue;
    const q = variance + (<usize>(iv * sw + iu) << 2);
    const V = mad(sp(f32x4.extract_lane(yb, 3)), v128.load64_zero(q + s), mul(sp(f32x4.extract_lane(yb, 2)), v128.load64_zero(q)));
    store<f32>(dvar + (o << 2), factor * factor *
      (f32x4.extract_lane(V, 0) * f32x4.extract_lane(xb, 2) + f32x4.extract_lane(V, 1) * f32x4.extract_lane(xb, 3)));
  }
}

/** Whether the places of a cell, to the next pixel, hold a mark. */
function anyNear(near: usize, sw: i32, gu: usize, gv: usize, k: i32, n: i32): bool {
  const u = <i32>min(min(D(gu, k), D(gu, k + 1)), min(D(gu, n), D(gu, n + 1))), v = <i32>min(min(D(gv, k), D(gv, k + 1)), min(D(gv, n), D(gv, n + 1)));
  const bytes = <i32>max(max(D(gu, k), D(gu, k + 1)), max(D(gu, n), D(gu, n + 1))) - u + 1;
  const last = <i32>max(max(D(gv, k), D(gv, k + 1)), max(D(gv, n), D(gv, n + 1)));
  let any: u64 = 0;
  for (let y = v; y <= last; y++) {
    const p = near + <usize>(y * sw + u);
    for (let x = 0; x < bytes; x += 8) any |= load<u64>(p + x);
  }
  return any != 0;
}

// A square of four by four values is turned by the first two, then by the others.
// @ts-ignore: decorator
@inline function low(a: v128, b: v128): v128 { return v128.shuffle<i32>(a, b, 0, 4, 1, 5); }
// @ts-ignore: decorator
@inline function high(a: v128, b: v128): v128 { return v128.shuffle<i32>(a, b, 2, 6, 3, 7); }
// @ts-ignore: decorator
@inline function lower(a: v128, b: v128): v128 { return v128.shuffle<i64>(a, b, 0, 2); }
// @ts-ignore: decorator
@inline function upper(a: v128, b: v128): v128 { return v128.shuffle<i64>(a, b, 1, 3); }
/** Tap j for lanes whose first pixel is the group's, the one before it for lanes that are a pixel further. */
// @ts-ignore: decorator
@inline function either(mine: v128, before: v128, further: v128): v128 { return v128.bitselect(before, mine, further); }

/**
 * Four values by the six or seven taps from p, the size of T apart: `f` is how far each lies beyond the third of them, 0 … 2, so lanes may begin one
 * tap later. With `q`, the first tap of the variances, these too.
 */
// @ts-ignore: decorator
@inline function four<T>(p: usize, q: usize, f: v128, lut: usize, out: usize, outVar: usize, by: v128, byVar: v128): void {
  const further = f32x4.ge(f, sp(1));
  // The nearest integer stands in the last bits of a sum with 2^23.
  const phase = i32x4.shl(v128.and(mad(sub(f, v128.and(sp(1), further)), sp(4096), sp(8388608)), i32x4.splat(0x1fff)), 5);
  const r0 = lut + i32x4.extract_lane(phase, 0), r1 = lut + i32x4.extract_lane(phase, 1);
  const r2 = lut + i32x4.extract_lane(phase, 2), r3 = lut + i32x4.extract_lane(phase, 3);
  let a0 = ld(r0), a1 = ld(r1), a2 = ld(r2), a3 = ld(r3);
  let l = low(a0, a1), m = low(a2, a3), h = high(a0, a1), k = high(a2, a3);
  const w0 = lower(l, m), w1 = upper(l, m), w2 = lower(h, k), w3 = upper(h, k);
  a0 = v128.load(r0, 16); a1 = v128.load(r1, 16); a2 = v128.load(r2, 16); a3 = v128.load(r3, 16);
  l = low(a0, a1); m = low(a2, a3);
  const w4 = lower(l, m), w5 = upper(l, m);
  if (!v128.any_true(further)) {
    let a = mul(w0, ld(p));
    a = mad(w1, v128.load(p, offsetof<T>()), a); a = mad(w2, v128.load(p, 2 * offsetof<T>()), a); a = mad(w3, v128.load(p, 3 * offsetof<T>()), a);
    a = mad(w4, v128.load(p, 4 * offsetof<T>()), a); a = mad(w5, v128.load(p, 5 * offsetof<T>()), a);
    st(out, mul(a, by));
  } else {
    const none = sp(0);
    let a = mul(either(w0, none, further), ld(p));
    a = mad(either(w1, w0, further), v128.load(p, offsetof<T>()), a); a = mad(either(w2, w1, further), v128.load(p, 2 * offsetof<T>()), a);
    a = mad(either(w3, w2, further), v128.load(p, 3 * offsetof<T>()), a); a = mad(either(w4, w3, further), v128.load(p, 4 * offsetof<T>()), a);
    a = mad(either(w5, w4, further), v128.load(p, 5 * offsetof<T>()), a); a = mad(either(none, w5, further), v128.load(p, 6 * offsetof<T>()), a);
    st(out, mul(a, by));
  }
  if (!q) return;
  h = high(a0, a1); k = high(a2, a3);
  const s0 = lower(h, k), s1 = upper(h, k);
  let v: v128;
  if (!v128.any_true(further)) v = mad(s1, v128.load(q, offsetof<T>()), mul(s0, ld(q)));
  else {
    const none = sp(0);
    v = mad(either(s1, s0, further), v128.load(q, offsetof<T>()), mul(either(s0, none, further), ld(q)));
    v = mad(either(none, s1, further), v128.load(q, 2 * offsetof<T>()), v);
  }
  st(outVar, mul(v, byVar));
}

/** Rows of the input that one cell may need. */
const MOST_LINES: i32 = 40;

/**
 * A cell whose columns lie nearly along those of the input (or upside down), and all of whose support is inside it: rows of the input are interpolated
 * where columns of the cell cross them, then those values along the columns. false: it is no such cell, and nothing was done.
 */
function shearedCell(src: usize, variance: usize, sw: i32, sh: i32, lut: usize, gu: usize, gv: usize, k: i32, n: i32, factor: f32,
  dst: usize, dvar: usize, w: i32, rows: i32, columns: i32, scratch: usize): bool {
  const u00 = D(gu, k), u10 = D(gu, k + 1), u01 = D(gu, n), u11 = D(gu, n + 1), v00 = D(gv, k), v10 = D(gv, k + 1), v01 = D(gv, n), v11 = D(gv, n + 1);
  const shear = shearOf(u00, u10, u01, u11, v00, v10, v01, v11, <f64>sw, <f64>sh);
  if (shear > 1) return false;
  const ux = (u10 - u00 + (u11 - u01)) / 32, vx = (v10 - v00 + (v11 - v01)) / 32;
  const along = ux - shear * vx, um = (u00 + u10 + (u01 + u11)) / 4 - 8 * along, vm = (v00 + v10 + (v01 + v11)) / 4;
  const vl = v00 + (v01 - v00) * 15 / 16, vr = v10 + (v11 - v10) * 15 / 16; // of the last row
  const first = <i32>min(min(v00, v10), min(vl, vr)) - 2, last = <i32>max(max(v00, v10), max(vl, vr)) + 3;
  const one = sp(1), lines = scratch + LINE * MOST_LINES;
  const isBack = along < 0, step = <f32>(abs(along) - 1);
  const spread = mul(sp(step), f32x4(0, 1, 2, 3)), least = min(<f64>0, 3 * <f64>step);
  for (let v = first; v <= last; v++) {
    const u0 = um + shear * (<f64>v - vm), to = scratch + LINE * <usize>(v - first), toVar = lines + LINE * <usize>(v - first), row = v * sw;
    for (let g = 0; g < 4; g++) {
      // Lanes in the order of the input: the last pixel of the four first when the cell is upside down.
      const u = u0 + along * <f64>(isBack ? 4 * g + 3 : 4 * g), i = <i32>(u + least);
      const f = add(sp(<f32>(u - <f64>i)), spread), p = <usize>(row + i) << 2, at = <usize>g << 4;
      four<Pixel>(src + p - 8, dvar ? variance + p : 0, f, lut, to + at, toVar + at, one, one);
      if (!isBack) continue;
      let a = ld(to + at);
      st(to + at, v128.shuffle<i32>(a, a, 3, 2, 1, 0));
      if (dvar) { a = ld(toVar + at); st(toVar + at, v128.shuffle<i32>(a, a, 3, 2, 1, 0)); }
    }
  }
  const by = sp(factor), byVar = sp(factor * factor), end = lines + LINE * MOST_LINES;
  for (let y = 0; y < rows; y++) {
    const fy = <f64>y / 16, v0 = v00 + fy * (v01 - v00), dv = (v10 + fy * (v11 - v10) - v0) / 16, least = min(<f64>0, 3 * dv);
    const slope = mul(sp(<f32>dv), f32x4(0, 1, 2, 3));
    const o = <usize>(y * w) << 2;
    for (let g = 0; g << 2 < columns; g++) {
      const v = v0 + dv * <f64>(4 * g), i = <i32>(v + least), f = add(sp(<f32>(v - <f64>i)), slope);
      const p = scratch + LINE * <usize>(i - first) + (<usize>g << 4), whole = (g << 2) + 4 <= columns, at = o + (<usize>g << 4);
      const to = whole ? dst + at : end, toVar = whole ? dvar + at : end + 16;
      four<Line>(p - 2 * LINE, dvar ? p + LINE * MOST_LINES : 0, f, lut, to, toVar, by, byVar);
      if (whole) continue;
      memory.copy(dst + at, end, <usize>(columns & 3) << 2);
      if (dvar) memory.copy(dvar + at, end + 16, <usize>(columns & 3) << 2);
    }
  }
  return true;
}

/** As cellShear in src/resample/shear.ts; 2: none. */
function shearOf(u00: f64, u10: f64, u01: f64, u11: f64, v00: f64, v10: f64, v01: f64, v11: f64, sw: f64, sh: f64): f64 {
  const ux = (u10 - u00 + (u11 - u01)) / 32, uy = (u01 - u00 + (u11 - u10)) / 32, vx = (v10 - v00 + (v11 - v01)) / 32, vy = (v01 - v00 + (v11 - v10)) / 32;
  const shear = uy / vy, along = ux - shear * vx;
  if (!(abs(shear) <= 0.1 && abs(vx) <= 0.1 && abs(abs(vy) - 1) <= 0.2 && abs(abs(along) - 1) <= 0.2)) return 2;
  if (!(min(min(u00, u10), min(u01, u11)) >= 5 && min(min(v00, v10), min(v01, v11)) >= 5)) return 2;
  if (!(max(max(u00, u10), max(u01, u11)) < sw - 9 && max(max(v00, v10), max(v01, v11)) < sh - 9)) return 2;
  return shear;
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
