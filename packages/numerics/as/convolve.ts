import { surfaceRow } from './background';
import { add, align, clamp, F, finite, isZero, ld, mad, mask4, mul, sp, st } from './simd';

/** Bytes from row to row of the padded band: a multiple of 64 off the powers of two, with room for 16 pixels more. */
// @ts-ignore: decorator
@inline export function bandStride(w: i32, rx: i32): usize {
  const s = align(<usize>(w + 2 * rx + 16) << 2);
  return s & 1023 ? s : s + 64;
}

/** Copies rows y0 − ry … y1 + ry − 1 with rx more pixels on each side; beyond the image its edge is repeated. */
export function padRows(src: usize, w: i32, h: i32, rx: i32, ry: i32, band: usize, stride: usize, y0: i32, y1: i32): void {
  for (let y = y0 - ry; y < y1 + ry; y++, band += stride) {
    const p = src + (<usize>clamp(y, 0, h - 1) * w << 2), bytes = <usize>w << 2, left = F(p, 0), right = F(p, w - 1);
    const q = band + (<usize>rx << 2);
    memory.copy(q, p, bytes);
    for (let i = 0; i < rx; i++) { store<f32>(band + (<usize>i << 2), left); store<f32>(q + bytes + (<usize>i << 2), right); }
  }
}

/** One output row of a full kernel from the padded rows starting at `p`; 16 pixels at a time, may write past w up to 15 pixels. */
export function fullRow(p: usize, stride: usize, k: usize, kw: i32, kh: i32, out: usize, w: i32): void {
  for (let x: usize = 0, bytes = <usize>w << 2; x < bytes; x += 64) {
    let a = sp(0), b = a, c = a, d = a, q = k, r = p + x;
    for (let j = 0; j < kh; j++, r += stride) {
      let s = r;
      for (const e = q + (<usize>kw << 2); q < e; q += 4, s += 4) {
        const f = v128.load32_splat(q);
        a = mad(f, ld(s), a); b = mad(f, v128.load(s, 16), b); c = mad(f, v128.load(s, 32), c); d = mad(f, v128.load(s, 48), d);
      }
    }
    st(out + x, a); v128.store(out + x, b, 16); v128.store(out + x, c, 32); v128.store(out + x, d, 48);
  }
}

/** The same for a separable kernel: down into `line`, then along it. */
function separableRow(p: usize, stride: usize, row: usize, kw: i32, column: usize, kh: i32, line: usize, out: usize, w: i32): void {
  fullRow(p, stride, column, 1, kh, line, w + kw - 1);
  fullRow(line, 0, row, kw, 1, out, w);
}

/**
 * Rows y0 … y1 − 1 of the filtered image. column absent: `kernel` has kw × kh weights; else kernel is the row of a separable one.
 * scratch: padded band, line, output row.
 */
export function convolve(src: usize, kernel: usize, column: usize, kw: i32, kh: i32, dst: usize, w: i32, h: i32,
  scratch: usize, y0: i32, y1: i32): void {
  const rx = kw >> 1, ry = kh >> 1, stride = bandStride(w, rx), line = scratch, out = line + stride, band = out + stride;
  padRows(src, w, h, rx, ry, band, stride, y0, y1);
  for (let y = y0; y < y1; y++) {
    const p = band + <usize>(y - y0) * stride;
    if (column) separableRow(p, stride, kernel, kw, column, kh, line, out, w);
    else fullRow(p, stride, kernel, kw, kh, out, w);
    memory.copy(dst + (<usize>y * w << 2), out, <usize>w << 2);
  }
}

/**
 * Rows y0 … y1 − 1 of the signal-to-noise image; twin of src/convolve/matched-filter.ts.
 * kernel, column: as in convolve; squares: the full squared kernel, each row reversed and padded to a multiple of 4 with zeros, for smooth
 * noise, or the squared kernel in the form of `kernel`, `column2` for a variance plane. sigmas, down, columns, rows: the noise mesh, or
 * absent with `sigma`.
 * scratch: three lines, knots (3 × columns f64), band of signal, band of weights (variance plane) or lists of bad pixels (smooth noise).
 */
export function matchedFilter(src: usize, variance: usize, mask: usize, kernel: usize, column: usize, squares: usize, column2: usize,
  kw: i32, kh: i32, sigmas: usize, down: usize, columns: i32, rows: i32, sigma: f32, least: f32, dst: usize, w: i32, h: i32,
  scratch: usize, y0: i32, y1: i32): void {
  const rx = kw >> 1, ry = kh >> 1, stride = bandStride(w, rx), bytes = <usize>w << 2;
  const line = scratch, out = line + stride, power = out + stride, knots = power + stride;
  const band = align(knots + 24 * <usize>columns), weights = band + stride * <usize>(y1 - y0 + kh - 1);
  padWeighted(src, variance, mask, w, h, rx, ry, band, weights, stride, y0, y1);
  const inv = sp(1 / sigma), zero = sp(0), one = sp(1), vLeast = sp(least);
  for (let y = y0; y < y1; y++) {
    const skip = <usize>(y - y0) * stride, p = band + skip;
    if (column) separableRow(p, stride, kernel, kw, column, kh, line, out, w);
    else fullRow(p, stride, kernel, kw, kh, out, w);
    let q = power;
    if (variance) {
      if (column) separableRow(weights + skip, stride, squares, kw, column2, kh, line, power, w);
      else fullRow(weights + skip, stride, squares, kw, kh, power, w);
    } else {
      powerRow(weights + skip, stride, squares, kw, kh, power, w, h, y);
      q = power + (<usize>rx << 2);
    }
    if (sigmas) surfaceRow(sigmas, down, columns, rows, w, h, y, knots, line);
    for (let x: usize = 0; x < bytes; x += 16) {
      const t = ld(q + x), s = sigmas ? f32x4.div(one, ld(line + x)) : inv;
      st(out + x, v128.and(f32x4.gt(t, vLeast), mul(f32x4.div(ld(out + x), f32x4.sqrt(f32x4.pmax(zero, t))), s)));
    }
    memory.copy(dst + <usize>y * bytes, out, bytes);
  }
}

/** Padded rows of value × weight, zero where there is no good pixel, and of the weights, or the list of bad columns of each row. */
function padWeighted(src: usize, variance: usize, mask: usize, w: i32, h: i32, rx: i32, ry: i32, band: usize, weights: usize,
  stride: usize, y0: i32, y1: i32): void {
  const one = sp(1), zero = sp(0);
  for (let y = y0 - ry; y < y1 + ry; y++, band += stride, weights += stride) {
    memory.fill(band, 0, stride);
    if (variance) memory.fill(weights, 0, stride); else store<i32>(weights, 0);
    if (y < 0 || y >= h) continue;
    let bad = weights + 4;
    const row = <usize>y * w, q = <usize>rx << 2;
    for (let x = 0; x < w; x += 4) {
      const i = row + x, j = <usize>x << 2, v = ld(src + (i << 2));
      let ok = v128.and(finite(v), isZero(mask4(mask, i))), wt = one;
      if (variance) {
        const t = ld(variance + (i << 2));
        ok = v128.and(ok, v128.and(f32x4.gt(t, zero), finite(t)));
        wt = v128.and(ok, f32x4.div(one, t));
      }
      if (x + 4 > w) ok = v128.and(ok, i32x4.lt_s(i32x4.add(i32x4.splat(x), i32x4(0, 1, 2, 3)), i32x4.splat(w)));
      wt = v128.and(ok, wt);
      st(band + q + j, v128.and(ok, mul(wt, v)));
      if (variance) st(weights + q + j, wt);
      else if (i32x4.bitmask(ok) != 15) {
        const m = i32x4.bitmask(ok);
        for (let c = 0; c < 4 && x + c < w; c++) if (!(m >> c & 1)) { store<i32>(bad, x + c); bad += 4; }
      }
    }
    if (!variance) store<i32>(weights, <i32>((bad - weights) >> 2) - 1);
  }
}

/**
 * Σ k² over good pixels for one row, where bad pixels are few: what lies inside the image, minus the share of each bad pixel.
 * `lists` is that of row y − ry. The result starts at power + 4 · rx.
 */
function powerRow(lists: usize, stride: usize, squares: usize, kw: i32, kh: i32, power: usize, w: i32, h: i32, y: i32): void {
  const rx = kw >> 1, ry = kh >> 1, ks = <usize>((kw + 3) & ~3) << 2;
  const j0 = max(0, ry - y), j1 = min(kh, h - y + ry);
  for (let x = 0; x < w; x++) {
    if (x == rx && w - rx > rx) {                       // all columns of the kernel are inside from here on
      let sum: f32 = 0;
      for (let j = j0; j < j1; j++) for (let i = 0; i < kw; i++) sum += F(squares + <usize>j * ks, i);
      const v = sp(sum), e = power + (<usize>(w) << 2);
      for (let p = power + (<usize>(2 * rx) << 2); p < e; p += 16) st(p, v);
      x = w - rx;
      if (x >= w) break;
    }
    let sum: f32 = 0;                                   // squares are reversed: column i of the kernel is kw − 1 − i
    for (let j = j0; j < j1; j++)
      for (let i = max(0, rx - x), e = min(kw, w - x + rx); i < e; i++) sum += F(squares + <usize>j * ks, kw - 1 - i);
    store<f32>(power + (<usize>(x + rx) << 2), sum);
  }
  for (let j = j0; j < j1; j++) {
    const list = lists + <usize>j * stride, k = squares + <usize>j * ks;
    for (let p = list + 4, e = p + (<usize>load<i32>(list) << 2); p < e; p += 4) {
      const o = power + (<usize>load<i32>(p) << 2);
      for (let i: usize = 0; i < ks; i += 16) st(o + i, f32x4.sub(ld(o + i), ld(k + i)));
    }
  }
}
