import { add, F, ld, sp, st } from './simd';

// Twins of src/streaks/*.ts, to the last bit.

/** Lines whose S/N tells the scatter of all of one length. */
const SAMPLES: i32 = 4096;
const LINES_BESIDE: i32 = 5;

/**
 * Octants from … to − 1 of sums along lines; twin of src/streaks/line-sums.ts. found: for each octant and either length `most` entries of row, y
 * (i32) and S/N (f32); samples: 4096 f32 each; counts: length and number of entries (i32) each, length 0: none.
 * scratch: 4 × size × (size + the other side + 16) f32 and 64 bytes each, size the power of two that holds the larger side.
 */
export function sumLines(signal: usize, weight: usize, columns: i32, rows: i32, threshold: f64, found: usize, most: i32, samples: usize,
  counts: usize, scratch: usize, from: i32, to: i32): void {
  for (let o = from; o < to; o++) {
    const steep = (o >> 1) != 0, nx = steep ? rows : columns, ny = steep ? columns : rows;
    let size = 1;
    while (size < nx) size <<= 1;
    const stride = ny + size + 16, bytes = (<usize>size * stride << 2) + 64;
    let s = scratch, w = s + bytes, s2 = w + bytes, w2 = s2 + bytes, level = o << 1;
    lay(signal, columns, nx, ny, steep, (o & 1) != 0, s, size, stride);
    lay(weight, columns, nx, ny, steep, (o & 1) != 0, w, size, stride);
    store<i64>(counts + (<usize>level << 3), 0); store<i64>(counts + (<usize>level << 3) + 8, 0);
    const shortest = min(size, max(32, size >> 1));
    for (let half = 1; half < size; half <<= 1) {
      const width = half << 1;
      for (let strip = 0; strip < size; strip += width) for (let rise = 0; rise < width; rise++) {
        const near = rise >> 1, shift = rise - near, both = ny - shift;
        const a = <usize>((strip + near) * stride + size) << 2, b = <usize>((strip + half + near) * stride + size + shift) << 2;
        const t = <usize>((strip + rise) * stride + size) << 2;
        join(s + a, s + b, s2 + t, -rise, -near, both, ny);
        join(w + a, w + b, w2 + t, -rise, -near, both, ny);
      }
      let swap = s; s = s2; s2 = swap; swap = w; w = w2; w2 = swap;
      if (width < shortest) continue;
      const list = found + <usize>level * most * 12, count = collect(s, w, ny, size, width, stride, threshold, list, samples + <usize>level * SAMPLES * 4);
      store<i32>(counts + (<usize>level << 3), width); store<i32>(counts + (<usize>level << 3) + 4, count);
      level++;
    }
  }
}

/** Cells, x and y exchanged or upside down, with columns as rows from `size` on. */
function lay(from: usize, columns: i32, nx: i32, ny: i32, steep: bool, falling: bool, out: usize, size: i32, stride: i32): void {
  const dx = steep ? columns : 1, step = steep ? 1 : columns, dy = falling ? -step : step, first = falling ? (ny - 1) * step : 0;
  for (let x = 0; x < size; x++) {
    const p = out + (<usize>(x * stride + size) << 2);
    if (x >= nx) { memory.fill(p, 0, <usize>ny << 2); continue; }
    for (let y = 0, i = first + x * dx; y < ny; y++, i += dy) store<f32>(p + (<usize>y << 2), F(from, i));
  }
}

/** out = b from y0, a + b from y1 to y2, a to y3. */
// @ts-ignore: decorator
@inline function join(a: usize, b: usize, out: usize, y0: i32, y1: i32, y2: i32, y3: i32): void {
  const end = max(y0, min(y1, y2));
  memory.copy(out + (y0 << 2), b + (y0 << 2), (end - y0) << 2);
  memory.fill(out + (end << 2), 0, (y1 - end) << 2);
  let y = y1;
  for (; y + 8 <= y2; y += 8) {
    const i = y << 2, p = a + i, q = b + i, o = out + i;
    st(o, add(ld(p), ld(q))); v128.store(o, add(v128.load(p, 16), v128.load(q, 16)), 16);
  }
  for (; y < y2; y++) store<f32>(out + (y << 2), F(a, y) + F(b, y));
  memory.copy(out + (y << 2), a + (y << 2), max(0, y3 - y) << 2);
}

/** S/N of a line above the mean of those beside it. */
function snrAt(s: usize, w: usize, row: i32, y: i32, rise: i32, ny: i32): f64 {
  const p = row + y, mine = <f64>F(w, p);
  if (!(mine > 0)) return 0;
  let sum: f64 = 0, weight: f64 = 0;
  for (let d = -LINES_BESIDE; d <= LINES_BESIDE; d++) {
    if (abs(d) < 3 || y + d < -rise || y + d >= ny) continue;
    sum += <f64>F(s, p + d); weight += <f64>F(w, p + d);
  }
  return weight > 0 ? (<f64>F(s, p) / mine - sum / weight) / sqrt(1 / mine + 1 / weight) : 0;
}

function collect(s: usize, w: usize, ny: i32, size: i32, width: i32, stride: i32, threshold: f64, list: usize, samples: usize): i32 {
  for (let k = 0; k < SAMPLES; k++) {
    const strip = ((((k * 7) & 63) * (size / width)) >> 6) * width, rise = (k * 31) % width, y = (k * 101) % ny;
    store<f32>(samples + (<usize>k << 2), <f32>abs(snrAt(s, w, (strip + rise) * stride + size, y, rise, ny)));
  }
  let out = list;
  const least = sp(<f32>(0.49 * threshold * threshold)), zero = sp(0);
  for (let strip = 0; strip < size; strip += width) for (let rise = 0; rise < width; rise++) {
    const row = (strip + rise) * stride + size;
    for (let y = -rise; y < ny; y += 4) {
      const v = ld(s + ((row + y) << 2)), limit = f32x4.mul(least, ld(w + ((row + y) << 2)));
      let bits = i32x4.bitmask(v128.and(f32x4.gt(v, zero), f32x4.gt(f32x4.mul(v, v), limit)));
      if (y + 4 > ny) bits &= (1 << (ny - y)) - 1;
      for (; bits; bits &= bits - 1) {
        const at = y + ctz(bits), snr = snrAt(s, w, row, at, rise, ny);
        if (snr < threshold || (at > -rise && snrAt(s, w, row, at - 1, rise, ny) > snr) ||
          (at + 1 < ny && snrAt(s, w, row, at + 1, rise, ny) >= snr)) continue;
        store<i32>(out, strip + rise); store<i32>(out + 4, at); store<f32>(out + 8, <f32>snr);
        out += 12;
      }
    }
  }
  return <i32>(out - list) / 12;
}

/** Rows from … to − 1 of cells: residuals over σ² and 1/σ² of their good pixels; twin of sumCells in src/streaks/streak-cells.ts. */
export function sumCells(data: usize, mask: usize, rms: usize, meshColumns: i32, meshRows: i32, width: i32, height: i32, cell: i32,
  signal: usize, weight: usize, columns: i32, scratch: usize, from: i32, to: i32): void {
  for (let r = from; r < to; r++) {
    const row = <usize>r * columns << 2;
    memory.fill(signal + row, 0, <usize>columns << 2); memory.fill(weight + row, 0, <usize>columns << 2);
    for (let y = r * cell, e = min(y + cell, height); y < e; y++) {
      const mesh = <i32>((<i64>y * meshRows) / height) * meshColumns;
      for (let c = 0; c < columns; c++) {
        const x0 = c * cell, end = y * width + min(x0 + cell, width), sigma = <f64>F(rms, mesh + <i32>((<i64>x0 * meshColumns) / width));
        let sum: f64 = 0, count = 0;
        for (let p = y * width + x0; p < end; p++) {
          if (load<u16>(mask + (<usize>p << 1))) continue;
          sum += <f64>F(data, p); count++;
        }
        if (!(sigma > 0)) continue;
        const i = row + (<usize>c << 2);
        store<f32>(signal + i, <f32>(<f64>load<f32>(signal + i) + sum / (sigma * sigma)));
        store<f32>(weight + i, <f32>(<f64>load<f32>(weight + i) + <f64>count / (sigma * sigma)));
      }
    }
  }
}
