import { SURFACE_CELL, surfaceRow, surfaceTable } from './background';
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

/** Two output rows of a full kernel at once, each pixel loaded for both; sums in the order of fullRow. */
function fullRows(p: usize, stride: usize, k: usize, kw: i32, kh: i32, out: usize, next: usize, w: i32): void {
  const line = <usize>kw << 2;
  for (let x: usize = 0, bytes = <usize>w << 2; x < bytes; x += 64) {
    let a = sp(0), b = a, c = a, d = a, e = a, f = a, g = a, h = a, r = p + x;
    for (let j = 0, q = k; j <= kh; j++, r += stride) {
      const own = j < kh, above = j > 0, end = r + line;
      let s = r;
      if (own && above) for (; s < end; q += 4, s += 4) {
        const u = v128.load32_splat(q), v = v128.load32_splat(q - line), s0 = ld(s), s1 = v128.load(s, 16), s2 = v128.load(s, 32), s3 = v128.load(s, 48);
        a = mad(u, s0, a); b = mad(u, s1, b); c = mad(u, s2, c); d = mad(u, s3, d);
        e = mad(v, s0, e); f = mad(v, s1, f); g = mad(v, s2, g); h = mad(v, s3, h);
      } else if (own) for (; s < end; q += 4, s += 4) {
        const u = v128.load32_splat(q);
        a = mad(u, ld(s), a); b = mad(u, v128.load(s, 16), b); c = mad(u, v128.load(s, 32), c); d = mad(u, v128.load(s, 48), d);
      } else for (; s < end; q += 4, s += 4) {
        const v = v128.load32_splat(q - line);
        e = mad(v, ld(s), e); f = mad(v, v128.load(s, 16), f); g = mad(v, v128.load(s, 32), g); h = mad(v, v128.load(s, 48), h);
      }
    }
    st(out + x, a); v128.store(out + x, b, 16); v128.store(out + x, c, 32); v128.store(out + x, d, 48);
    st(next + x, e); v128.store(next + x, f, 16); v128.store(next + x, g, 32); v128.store(next + x, h, 48);
  }
}

/**
 * Two rows of a filtered image: by a full kernel, or by a separable one, whose row is `kernel`, down into two rows at `lines` and along them.
 */
function filterRows(p: usize, stride: usize, kernel: usize, column: usize, kw: i32, kh: i32, lines: usize, out: usize, w: i32): void {
  if (!column) { fullRows(p, stride, kernel, kw, kh, out, out + stride, w); return; }
  fullRows(p, stride, column, 1, kh, lines, lines + stride, w + kw - 1);
  fullRow(lines, 0, kernel, kw, 1, out, w);
  fullRow(lines + stride, 0, kernel, kw, 1, out + stride, w);
}

/**
 * Rows y0 … y1 − 1 of the filtered image. column absent: `kernel` has kw × kh weights; else kernel is the row of a separable one.
 * scratch: two lines, two output rows, padded band with one row more.
 */
export function convolve(src: usize, kernel: usize, column: usize, kw: i32, kh: i32, dst: usize, w: i32, h: i32,
  scratch: usize, y0: i32, y1: i32): void {
  const rx = kw >> 1, ry = kh >> 1, stride = bandStride(w, rx), bytes = <usize>w << 2;
  const lines = scratch, out = lines + 2 * stride, band = out + 2 * stride;
  padRows(src, w, h, rx, ry, band, stride, y0, y1 + 1);
  for (let y = y0; y < y1; y += 2) {
    filterRows(band + <usize>(y - y0) * stride, stride, kernel, column, kw, kh, lines, out, w);
    memory.copy(dst + <usize>y * bytes, out, bytes);
    if (y + 1 < y1) memory.copy(dst + <usize>(y + 1) * bytes, out + stride, bytes);
  }
}

/**
 * Rows y0 … y1 − 1 of the signal-to-noise image; twin of src/convolve/matched-filter.ts.
 * kernel, column: as in convolve; squares: the full squared kernel, each row reversed and padded to a multiple of 4 with zeros, for smooth
 * noise, or the squared kernel in the form of `kernel`, `column2` for a variance plane. sigmas, down, columns, rows: the noise mesh, or
 * absent with `sigma`.
 * scratch: two lines, output rows and rows of power, the surface's table, band of signal, band of weights (variance plane) or
 * lists of bad pixels (smooth noise), both with one row more.
 */
export function matchedFilter(src: usize, variance: usize, mask: usize, kernel: usize, column: usize, squares: usize, column2: usize,
  kw: i32, kh: i32, sigmas: usize, down: usize, columns: i32, rows: i32, sigma: f32, least: f32, dst: usize, w: i32, h: i32,
  scratch: usize, y0: i32, y1: i32): void {
  const rx = kw >> 1, ry = kh >> 1, stride = bandStride(w, rx);
  const lines = scratch, out = lines + 2 * stride, power = out + 2 * stride, table = power + 2 * stride;
  const band = align(table + SURFACE_CELL * columns + 16), weights = band + stride * <usize>(y1 - y0 + kh);
  if (variance) padWeighted(src, variance, mask, w, h, rx, ry, band, weights, stride, y0, y1);
  else padGood(src, mask, w, h, rx, ry, band, weights, stride, y0, y1);
  if (sigmas) surfaceTable(columns, w, table);
  const whole = variance ? <f32>-1 : wholePower(squares, kw, kh);
  for (let y = y0; y < y1; y += 2) {
    const skip = <usize>(y - y0) * stride, end = min(y + 2, y1);
    filterRows(band + skip, stride, kernel, column, kw, kh, lines, out, w);
    if (variance) filterRows(weights + skip, stride, squares, column2, kw, kh, lines, power, w);
    for (let k = y; k < end; k++) {
      const at = <usize>(k - y) * stride;
      let q = power + at;
      if (!variance) { powerRow(weights + skip + at, stride, squares, kw, kh, q, w, h, k, whole); q += <usize>rx << 2; }
      if (sigmas) surfaceRow(sigmas, down, columns, rows, w, h, k, table, lines);
      significance(out + at, q, sigmas ? lines : 0, sigma, least, whole, dst + (<usize>k * w << 2), w);
    }
  }
}

/** out = signal / (√power · sigma), 0 where the power is not above `least`. whole: the power of most pixels, whose root is known. */
function significance(signal: usize, power: usize, sigmas: usize, sigma: f32, least: f32, whole: f32, out: usize, w: i32): void {
  const zero = sp(0), vLeast = sp(least), vWhole = sp(whole), rootOfWhole = f32x4.sqrt(sp(max<f32>(whole, 0))), one = sp(sigma);
  let x: usize = 0;
  const bytes = <usize>w << 2;
  for (; x < bytes; x += 16) {
    const t = ld(power + x), s = sigmas ? ld(sigmas + x) : one, v = ld(signal + x);
    let snr: v128;
    if (i32x4.all_true(f32x4.eq(t, vWhole))) snr = f32x4.div(v, mul(rootOfWhole, s));
    else snr = v128.and(f32x4.gt(t, vLeast), f32x4.div(v, mul(f32x4.sqrt(f32x4.pmax(zero, t)), s)));
    if (x + 16 <= bytes) st(out + x, snr);
    else { st(signal + x, snr); memory.copy(out + x, signal + x, bytes - x); }
  }
}

/** Zeros at both ends of a padded row. */
// @ts-ignore: decorator
@inline function clearEnds(row: usize, rx: i32, w: i32, stride: usize): void {
  memory.fill(row, 0, <usize>rx << 2);
  memory.fill(row + (<usize>(rx + w) << 2), 0, stride - (<usize>(rx + w) << 2));
}

/** Padded rows of the good pixels, zero where there is none, and the list of bad columns of each row. */
function padGood(src: usize, mask: usize, w: i32, h: i32, rx: i32, ry: i32, band: usize, lists: usize, stride: usize, y0: i32, y1: i32): void {
  for (let y = y0 - ry; y <= y1 + ry; y++, band += stride, lists += stride) {
    store<i32>(lists, 0);
    if (y < 0 || y >= h) { memory.fill(band, 0, stride); continue; }
    let bad = lists + 4;
    const row = <usize>y * w, to = band + (<usize>rx << 2);
    for (let x = 0; x < w; x += 4) {
      const i = row + x, v = ld(src + (i << 2)), ok = v128.and(finite(v), isZero(mask4(mask, i)));
      st(to + (<usize>x << 2), v128.and(ok, v));
      if (!i32x4.all_true(ok))
        for (let m = i32x4.bitmask(ok), c = 0; c < 4 && x + c < w; c++) if (!(m >> c & 1)) { store<i32>(bad, x + c); bad += 4; }
    }
    clearEnds(band, rx, w, stride);
    store<i32>(lists, <i32>((bad - lists) >> 2) - 1);
  }
}

/** Padded rows of value × weight, zero where there is no good pixel, and of the weights, 1 / variance. */
function padWeighted(src: usize, variance: usize, mask: usize, w: i32, h: i32, rx: i32, ry: i32, band: usize, weights: usize,
  stride: usize, y0: i32, y1: i32): void {
  const one = sp(1), zero = sp(0);
  for (let y = y0 - ry; y <= y1 + ry; y++, band += stride, weights += stride) {
    if (y < 0 || y >= h) { memory.fill(band, 0, stride); memory.fill(weights, 0, stride); continue; }
    const row = <usize>y * w, q = <usize>rx << 2;
    for (let x = 0; x < w; x += 4) {
      const i = row + x, j = q + (<usize>x << 2), v = ld(src + (i << 2)), t = ld(variance + (i << 2));
      const ok = v128.and(v128.and(finite(v), isZero(mask4(mask, i))), v128.and(f32x4.gt(t, zero), finite(t)));
      const weight = v128.and(ok, f32x4.div(one, t));
      st(band + j, v128.and(ok, mul(weight, v)));
      st(weights + j, weight);
    }
    clearEnds(band, rx, w, stride);
    clearEnds(weights, rx, w, stride);
  }
}

/**
 * Σ k² over good pixels for one row, where bad pixels are few: what lies inside the image, minus the share of each bad pixel.
 * `lists` is that of row y − ry. The result starts at power + 4 · rx.
 */
function powerRow(lists: usize, stride: usize, squares: usize, kw: i32, kh: i32, power: usize, w: i32, h: i32, y: i32, whole: f32): void {
  const rx = kw >> 1, ry = kh >> 1, ks = <usize>((kw + 3) & ~3) << 2;
  const j0 = max(0, ry - y), j1 = min(kh, h - y + ry);
  for (let x = 0; x < w; x++) {
    if (x == rx && w - rx > rx) {                       // all columns of the kernel are inside from here on
      let sum: f32 = whole;
      if (j1 - j0 < kh) {
        sum = 0;
        for (let j = j0; j < j1; j++) for (let i = 0; i < kw; i++) sum += F(squares + <usize>j * ks, i);
      }
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

/** Σ k² of a kernel that lies on good pixels with all its weights. */
function wholePower(squares: usize, kw: i32, kh: i32): f32 {
  const ks = <usize>((kw + 3) & ~3) << 2;
  let sum: f32 = 0;
  for (let j = 0; j < kh; j++) for (let i = 0; i < kw; i++) sum += F(squares + <usize>j * ks, i);
  return sum;
}
