import { add, align, clamp, D, F, finite, hsum, isum, isZero, ld, mad, mask4, mul, setD, sp, st, sub } from './simd';

const BINS = 512;
const LEAST_BELOW = 50;

/** Start of cell i of n along an axis: the integer division of cellStart. */
// @ts-ignore: decorator
@inline function cellStart(i: i32, n: i32, size: i32): i32 { return <i32>(<i64>i * size / n); }

/** Cells that are gathered together: rows are then read in pieces long enough to be fetched ahead. */
const GROUP = 8;

/**
 * Raw level and rms of the cells of mesh rows cy0 … cy1 − 1; NaN for cells with too few good pixels.
 * room: bytes for the pixels of one cell and 16 more.
 * scratch: histogram (i32 × 514), three prefix sums (f64 × 513), state of the cells of a group, their pixels (f32).
 */
export function meshCells(image: usize, mask: usize, w: i32, h: i32, columns: i32, rows: i32, clip: f64, truncation: f64,
  level: usize, rms: usize, room: usize, scratch: usize, cy0: i32, cy1: i32): void {
  const cells = scratch + 4 * (BINS + 2) + 24 * (BINS + 8), values = cells + CELL * GROUP;
  for (let cy = cy0; cy < cy1; cy++) for (let cx0 = 0; cx0 < columns; cx0 += GROUP) {
    const count = min(GROUP, columns - cx0), y0 = cellStart(cy, rows, h), y1 = cellStart(cy + 1, rows, h);
    for (let c = 0; c < count; c++) {
      const cell = cells + CELL * c;
      store<i32>(cell, cellStart(cx0 + c, columns, w)); store<i32>(cell, cellStart(cx0 + c + 1, columns, w), 4);
      store<i32>(cell, 0, 8); store<usize>(cell, values + room * c, 12);
    }
    for (let y = y0; y < y1; y++) for (let c = 0; c < count; c++) gatherRow(image, mask, <usize>y * w, cells + CELL * c);
    for (let c = 0; c < count; c++) {
      const cell = cells + CELL * c, at = <usize>(cy * columns + cx0 + c) << 2, end = load<usize>(cell, 12);
      const area = (load<i32>(cell, 4) - load<i32>(cell)) * (y1 - y0);
      if (load<i32>(cell, 8) < max(1, <i32>(0.2 * <f64>area))) { store<f32>(level + at, NaN); store<f32>(rms + at, NaN); continue; }
      st(end, sp(NaN));
      cellStatistics(values + room * c, end, scratch, clip, truncation, level + at, rms + at);
    }
  }
}

/** State of a cell: first column, the one behind its last, good pixels, where the next pixels go. */
const CELL: usize = 16;

/** Appends the cell's part of the image row that begins at pixel `row` to its pixels, NaN for those that don't count. */
function gatherRow(image: usize, mask: usize, row: usize, cell: usize): void {
  const x1 = load<i32>(cell, 4);
  let x = load<i32>(cell), n = load<i32>(cell, 8), end = load<usize>(cell, 12), good = i32x4.splat(0);
  for (; x + 4 <= x1; x += 4, end += 16) {
    const i = row + x, v = ld(image + (i << 2)), ok = v128.and(finite(v), isZero(mask4(mask, i)));
    good = i32x4.sub(good, ok);
    st(end, v128.bitselect(v, sp(NaN), ok));
  }
  for (; x < x1; x++) {
    const i = row + x, v = load<f32>(image + (i << 2));
    if (abs(v) <= 3e38 && (!mask || !load<u16>(mask + (i << 1)))) { store<f32>(end, v); end += 4; n++; }
  }
  store<i32>(cell, n + isum(good), 8); store<usize>(cell, end, 12);
}

// @ts-ignore: decorator
@inline function count1(p: usize): void { store<i32>(p, load<i32>(p) + 1); }

/** Twin of src/background/cell-statistics.ts on f32 values in [values, end), NaN among them, 16 bytes of NaN behind. */
function cellStatistics(values: usize, end: usize, scratch: usize, clip: f64, truncation: f64, level: usize, rms: usize): void {
  let first = values;
  while (isNaN(load<f32>(first))) first += 4;
  let lo: f32 = -3e38, hi: f32 = 3e38, mean = <f64>load<f32>(first), sd = 0.0;
  for (let pass = 0, before = 0; pass < 8; pass++) {
    const pivot = <f32>mean, vp = sp(pivot), vlo = sp(lo), vhi = sp(hi);
    let s1 = sp(0), s2 = sp(0), n = i32x4.splat(0);
    for (let p = values; p < end; p += 16) {
      const v = ld(p), ok = v128.and(f32x4.ge(v, vlo), f32x4.le(v, vhi)), d = v128.and(ok, sub(v, vp));
      n = i32x4.sub(n, ok); s1 = add(s1, d); s2 = mad(d, d, s2);
    }
    const k = isum(n), m = <f64>hsum(s1) / <f64>k;
    mean = <f64>pivot + m; sd = sqrt(max(<f64>hsum(s2) / <f64>k - m * m, 0));
    lo = <f32>(mean - 3 * sd); hi = <f32>(mean + 3 * sd);
    if (sd == 0 || (pass > 0 && before - k <= k >> 6)) break;
    before = k;
  }
  if (!(sd > 1e-7 * abs(mean))) { store<f32>(level, <f32>mean); store<f32>(rms, 0); return; }

  const hist = scratch, count = scratch + 4 * (BINS + 2), one = count + 8 * (BINS + 1), two = one + 8 * (BINS + 1);
  const start = mean - 5 * sd, scale = <f64>BINS / (10 * sd), l0 = <f32>start, sc = <f32>scale;
  // One bin more at each end takes what is out of range, and NaN.
  memory.fill(hist, 0, 4 * (BINS + 2));
  const vl0 = sp(l0), vsc = sp(sc), below = sp(-1), above = sp(<f32>BINS);
  for (let p = values; p < end; p += 16) {
    const b = f32x4.pmin(f32x4.pmax(below, f32x4.floor(mul(sub(ld(p), vl0), vsc))), above);
    const j = i32x4.shl(i32x4.trunc_sat_f32x4_s(b), 2);
    count1(hist + 4 + i32x4.extract_lane(j, 0)); count1(hist + 4 + i32x4.extract_lane(j, 1));
    count1(hist + 4 + i32x4.extract_lane(j, 2)); count1(hist + 4 + i32x4.extract_lane(j, 3));
  }
  let c0 = 0.0, c1 = 0.0, c2 = 0.0;
  setD(count, 0, 0); setD(one, 0, 0); setD(two, 0, 0);
  for (let b = 0; b < BINS; b++) {
    const c = <f64>load<i32>(hist + (<usize>b << 2), 4), at = <f64>b + 0.5;
    c0 += c; c1 += c * at; c2 += c * at * at;
    setD(count, b + 1, c0); setD(one, b + 1, c1); setD(two, b + 1, c2);
  }
  let a = 0, z = BINS, median = 0.0, mu = 0.0, sigma = 0.0;
  for (let i = 0; i < 30; i++) {
    const k = D(count, z) - D(count, a), half = D(count, a) + 0.5 * k;
    let low = a, high = z - 1;
    while (low < high) {
      const m = (low + high) >> 1;
      if (D(count, m + 1) >= half) high = m; else low = m + 1;
    }
    const inBin = D(count, low + 1) - D(count, low);
    median = <f64>low + (inBin > 0 ? (half - D(count, low)) / inBin : 0.5);
    mu = (D(one, z) - D(one, a)) / k;
    sigma = sqrt(max((D(two, z) - D(two, a)) / k - mu * mu, 0));
    const na = max(0, <i32>floor(median - clip * sigma)), nz = min(BINS, <i32>ceil(median + clip * sigma));
    if ((na == a && nz == z) || nz <= na) break;
    a = na; z = nz;
  }
  const mode = abs(mu - median) < 0.3 * sigma ? 2.5 * median - 1.5 * mu : median;
  const from = max(0, <i32>floor(mode - 4 * sigma)), to = min(max(<i32>floor(mode), from), BINS);
  const part = to < BINS ? max(mode - <f64>to, 0) : 0, inBin = to < BINS ? D(count, to + 1) - D(count, to) : 0;
  const whole = D(count, to) - D(count, from), k = whole + part * inBin, s1 = D(one, to) - D(one, from);
  const square = (D(two, to) - D(two, from) - 2 * mode * s1 + mode * mode * whole + inBin * part * part * part / 3) / k;
  store<f32>(level, <f32>(start + mode / scale));
  store<f32>(rms, <f32>((k >= LEAST_BELOW ? sqrt(max(square, 0)) : sigma / truncation) / scale));
}

/** Value between (or, along the tangent, outside of) two knots; twin of splineValue. */
// @ts-ignore: decorator
@inline function splineValue(v0: f64, v1: f64, e0: f64, e1: f64, t: f64): f64 {
  const slope = v1 - v0 - 2 * e0 - e1;
  if (t < 0) return v0 + t * slope;
  if (t > 1) return v1 + (t - 1) * (v1 - v0 + e0 + 2 * e1);
  return v0 + t * (slope + t * (3 * e0 + t * (e1 - e0)));
}

/** Bytes of the table of `surfaceTable`, work space of `surfaceRow` included. */
export const SURFACE_CELL: usize = 40;

/**
 * What all rows of a surface share, once per band: factors of the spline along a row (f64 per column), then three rows of f64 as work
 * space, then first pixels of the pieces between cell centres (i32 per column, and the end). table: 40 × columns + 16 bytes.
 */
export function surfaceTable(columns: i32, w: i32, table: usize): void {
  const last = columns - 1, starts = table + (<usize>columns << 5), perPixel = <f64>columns / <f64>w;
  let e = 0.0;
  setD(table, 0, 0); setD(table, last, 0);
  for (let i = 1; i < last; i++) { e = -1 / (e + 4); setD(table, i, e); }
  for (let c = 0; c <= columns; c++)
    store<i32>(starts + (<usize>c << 2), c == columns ? w : clamp(<i32>ceil((<f64>c + 0.5) / perPixel - 0.5), 0, w));
}

/**
 * One image row of the mesh surface into `row` (f32, room for 32 bytes more than w).
 * down: second derivatives / 6 along columns (f64). table: as `surfaceTable` left it.
 */
export function surfaceRow(values: usize, down: usize, columns: i32, rows: i32, w: i32, h: i32, y: i32, table: usize, row: usize): void {
  const fy = (<f64>y + 0.5) * <f64>rows / <f64>h - 0.5, j = clamp(<i32>floor(fy), 0, max(rows - 2, 0)), last = columns - 1;
  const knots = table + (<usize>columns << 3), e = knots + (<usize>columns << 3), starts = table + (<usize>columns << 5);
  for (let i = 0; i < columns; i++) {
    const a = j * columns + i, b = min(j + 1, rows - 1) * columns + i;
    setD(knots, i, splineValue(<f64>F(values, a), <f64>F(values, b), D(down, a), D(down, b), rows == 1 ? 0 : fy - <f64>j));
  }
  // Down the tridiagonal matrix and up again; e: second derivatives / 6.
  let u = 0.0;
  setD(e, 0, 0);
  for (let i = 1; i < last; i++) { u = D(table, i) * (u - (D(knots, i + 1) + D(knots, i - 1) - 2 * D(knots, i))); setD(e, i, u); }
  setD(e, last, 0);
  for (let i = last - 1; i > 0; i--) setD(e, i, D(table, i) * D(e, i + 1) + D(e, i));
  const perPixel = <f64>columns / <f64>w, within = mul(sp(<f32>perPixel), f32x4(0, 1, 2, 3)), step = sp(<f32>(4 * perPixel)), twice = sp(<f32>(8 * perPixel));
  for (let c = -1; c < columns; c++) {
    const x0 = c < 0 ? 0 : load<i32>(starts + (<usize>c << 2)), x1 = load<i32>(starts + (<usize>(c + 1) << 2));
    const i = max(c, 0), v0 = D(knots, i), inner = c >= 0 && c < last;
    let c1 = 0.0, c2 = 0.0, c3 = 0.0;
    if (columns > 1) {
      if (c < last) {
        const e0 = D(e, i), e1 = D(e, i + 1);
        c1 = D(knots, i + 1) - v0 - 2 * e0 - e1;
        if (inner) { c2 = 3 * e0; c3 = e1 - e0; }
      } else c1 = v0 - D(knots, last - 1) + D(e, last - 1) + 2 * D(e, last);
    }
    const k0 = sp(<f32>v0), k1 = sp(<f32>c1), k2 = sp(<f32>c2), k3 = sp(<f32>c3);
    let t = add(sp(<f32>((<f64>x0 + 0.5) * perPixel - 0.5 - <f64>i)), within);
    let t2 = add(t, step);
    for (let o = row + (<usize>x0 << 2), z = row + (<usize>x1 << 2); o < z; o += 32) {
      st(o, mad(t, mad(t, mad(t, k3, k2), k1), k0));
      v128.store(o, mad(t2, mad(t2, mad(t2, k3, k2), k1), k0), 16);
      t = add(t, twice); t2 = add(t2, twice);
    }
  }
}

/** Rows y0 … y1 − 1 of the surface (image absent), or of image − surface. scratch: table of the surface, then one row. */
export function expandMesh(values: usize, down: usize, columns: i32, rows: i32, image: usize, out: usize, w: i32, h: i32,
  scratch: usize, y0: i32, y1: i32): void {
  const row = align(scratch + SURFACE_CELL * columns + 16), bytes = <usize>w << 2;
  surfaceTable(columns, w, scratch);
  for (let y = y0; y < y1; y++) {
    surfaceRow(values, down, columns, rows, w, h, y, scratch, row);
    const o = out + <usize>y * bytes;
    if (!image) { memory.copy(o, row, bytes); continue; }
    const p = image + <usize>y * bytes;
    let x: usize = 0;
    for (; x + 16 <= bytes; x += 16) st(o + x, sub(ld(p + x), ld(row + x)));
    for (; x < bytes; x += 4) store<f32>(o + x, load<f32>(p + x) - load<f32>(row + x));
  }
}
