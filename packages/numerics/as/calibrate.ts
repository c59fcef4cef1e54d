import { clamp, isum, isZero, ld, mad, mask4, mul, sp, st, sub } from './simd';

const SATURATED = 2, NO_FLAT = 8, NO_DATA = 16;

/** Row of a plane of f32, or a row of constants where there is none. */
// @ts-ignore: decorator
@inline function rowOf(plane: usize, row: usize, absent: usize): usize { return plane ? plane + (row << 2) : absent; }

/**
 * Rows y0 … y1 − 1 of the calibrated frame; twin of src/calibrate/calibrate-frame.ts. isFloat: `raw` is f32, else u16.
 * levels: left and right of column `split`, per row. counts: four i32 per 64 rows: saturated, noFlat, noData, masked.
 * scratch: 64 bytes, a row of zeros, a row of ones.
 *
 * Four pixels at a time, beyond the row's end where its width is no multiple of four: the next row overwrites what is too much, and
 * at the end of the band it is cut. Whatever is not in order (any bit of the mask) is looked at apart.
 */
export function calibrateFrame(raw: usize, isFloat: i32, bias: usize, biasVar: usize, dark: usize, darkVar: usize, flat: usize,
  flatVar: usize, masterMask: usize, levels: usize, split: i32, t: f32, gain: f32, readVar: f32, saturation: f32, minFlat: f32,
  data: usize, variance: usize, mask: usize, counts: usize, w: i32, scratch: usize, y0: i32, y1: i32): void {
  const vt = sp(t), vt2 = sp(t * t), g = sp(gain), g2 = sp(gain * gain), rv = sp(readVar), sat = sp(saturation), least = sp(minFlat);
  const zero = sp(0), one = sp(1), nan = sp(NaN);
  const bSat = i32x4.splat(SATURATED), bFlat = i32x4.splat(NO_FLAT), bData = i32x4.splat(NO_DATA);
  const bytes = (<usize>w << 2) + 64, zeros = scratch + 64, ones = zeros + bytes;
  memory.fill(zeros, 0, bytes);
  for (let p = ones; p < ones + bytes; p += 4) store<f32>(p, 1);
  const middle = clamp(split, 0, w), last = <usize>y1 * w;
  let nSat = i32x4.splat(0), nFlat = nSat, nData = nSat, nMask = nSat;
  for (let y = y0; y < y1; y++) {
    const row = <usize>y * w, counted = raw + (row << (isFloat ? 2 : 1));
    const b = rowOf(bias, row, zeros), bv = rowOf(biasVar, row, zeros), d = rowOf(dark, row, zeros), dv = rowOf(darkVar, row, zeros);
    const f = rowOf(flat, row, ones), fv = rowOf(flatVar, row, zeros), m = masterMask ? masterMask + (row << 1) : zeros;
    const e = data + (row << 2), s = variance + (row << 2), q = mask + (row << 1);
    for (let side = 0, x = 0; side < 2; side++) {
      const level = sp(load<f32>(levels + (<usize>y << 3) + (<usize>side << 2)));
      // What a vector does beyond the split is done again from there.
      const end = side ? w : middle;
      if (side) x = middle;
      for (; x < end; x += 4) {
        const i = <usize>x << 2, h = <usize>x << 1;
        const v = isFloat ? ld(counted + i) : f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(v128.load64_zero(counted + h)));
        const charge = mul(g, sub(sub(v, level), ld(b + i)));
        const response = ld(f + i), inv = f32x4.div(one, response);
        let light = mul(sub(charge, mul(g, mul(ld(d + i), vt))), inv);
        let noise = mad(g2, mad(ld(dv + i), vt2, ld(bv + i)), f32x4.add(f32x4.pmax(zero, charge), rv));
        noise = mul(mad(mul(light, light), ld(fv + i), noise), mul(inv, inv));
        const isFlat = f32x4.ge(response, least), isKnown = f32x4.eq(light, light), master = mask4(m, <usize>x);
        const isUsual = v128.and(v128.and(isFlat, isKnown), v128.and(f32x4.lt(v, sat), isZero(master)));
        let words = zero;
        if (!i32x4.all_true(isUsual)) {
          const valid = i32x4.lt_s(i32x4.add(i32x4.splat(x), i32x4(0, 1, 2, 3)), i32x4.splat(end));
          const isSat = f32x4.ge(v, sat), noFlat = v128.not(isFlat), noData = v128.andnot(isFlat, isKnown);
          const good = v128.and(isFlat, isKnown);
          light = v128.bitselect(light, nan, good); noise = v128.bitselect(noise, nan, good);
          const bits = v128.or(v128.or(master, v128.and(isSat, bSat)), v128.or(v128.and(noFlat, bFlat), v128.and(noData, bData)));
          words = i16x8.narrow_i32x4_u(bits, bits);
          nSat = i32x4.sub(nSat, v128.and(isSat, valid)); nFlat = i32x4.sub(nFlat, v128.and(noFlat, valid));
          nData = i32x4.sub(nData, v128.and(noData, valid)); nMask = i32x4.sub(nMask, v128.andnot(valid, isZero(master)));
        }
        if (row + x + 4 <= last) {
          st(e + i, light); st(s + i, noise); v128.store64_lane(q + h, words, 0);
        } else {
          const n = last - row - x;
          st(scratch, light); st(scratch + 16, noise); st(scratch + 32, words);
          memory.copy(e + i, scratch, n << 2); memory.copy(s + i, scratch + 16, n << 2); memory.copy(q + h, scratch + 32, n << 1);
        }
      }
    }
  }
  const c = counts + (<usize>(y0 >> 6) << 4);
  store<i32>(c, isum(nSat)); store<i32>(c, isum(nFlat), 4); store<i32>(c, isum(nData), 8); store<i32>(c, isum(nMask), 12);
}
