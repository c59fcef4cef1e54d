import { isum, isZero, ld, mad, mask4, mul, sp, st, sub } from './simd';

const SATURATED = 2, NO_FLAT = 8, NO_DATA = 16;

/** Four values of a master that may be absent. */
// @ts-ignore: decorator
@inline function plane(p: usize, i: usize, absent: f32): v128 { return p ? ld(p + (i << 2)) : sp(absent); }

/**
 * Rows y0 … y1 − 1 of the calibrated frame; twin of src/calibrate/calibrate-frame.ts. isFloat: `raw` is f32, else u16.
 * levels: left and right of column `split`, per row. counts: four i32 per 64 rows: saturated, noFlat, noData, masked.
 */
export function calibrateFrame(raw: usize, isFloat: i32, bias: usize, biasVar: usize, dark: usize, darkVar: usize, flat: usize,
  flatVar: usize, masterMask: usize, levels: usize, split: i32, t: f32, gain: f32, readVar: f32, saturation: f32, minFlat: f32,
  data: usize, variance: usize, mask: usize, counts: usize, w: i32, scratch: usize, y0: i32, y1: i32): void {
  const vt = sp(t), vt2 = sp(t * t), g = sp(gain), g2 = sp(gain * gain), rv = sp(readVar), sat = sp(saturation), least = sp(minFlat);
  const zero = sp(0), one = sp(1), nan = sp(NaN), width = i32x4.splat(w), right = i32x4.splat(split);
  const bSat = i32x4.splat(SATURATED), bFlat = i32x4.splat(NO_FLAT), bData = i32x4.splat(NO_DATA);
  let nSat = i32x4.splat(0), nFlat = nSat, nData = nSat, nMask = nSat;
  for (let y = y0; y < y1; y++) {
    const l0 = sp(load<f32>(levels + (<usize>y << 3))), l1 = sp(load<f32>(levels + (<usize>y << 3), 4)), row = <usize>y * w;
    for (let x = 0; x < w; x += 4) {
      const i = row + x, at = i32x4.add(i32x4.splat(x), i32x4(0, 1, 2, 3)), valid = i32x4.lt_s(at, width);
      const v = isFloat ? ld(raw + (i << 2)) : f32x4.convert_i32x4_u(i32x4.extend_low_i16x8_u(v128.load64_zero(raw + (i << 1))));
      const charge = mul(g, sub(sub(v, v128.bitselect(l0, l1, i32x4.lt_s(at, right))), plane(bias, i, 0)));
      const f = plane(flat, i, 1), inv = f32x4.div(one, f);
      let e = mul(sub(charge, mul(g, mul(plane(dark, i, 0), vt))), inv);
      const masters = mad(plane(darkVar, i, 0), vt2, plane(biasVar, i, 0));
      let s = mad(g2, masters, f32x4.add(f32x4.pmax(zero, charge), rv));
      s = mul(mad(mul(e, e), plane(flatVar, i, 0), s), mul(inv, inv));
      const isSat = v128.and(valid, f32x4.ge(v, sat)), noFlat = v128.andnot(valid, f32x4.ge(f, least));
      const noData = v128.and(v128.andnot(f32x4.ne(e, e), noFlat), valid), master = mask4(masterMask, i);
      const none = v128.or(noFlat, noData);
      e = v128.bitselect(nan, e, none); s = v128.bitselect(nan, s, none);
      const bits = v128.or(v128.or(master, v128.and(isSat, bSat)), v128.or(v128.and(noFlat, bFlat), v128.and(noData, bData)));
      nSat = i32x4.sub(nSat, isSat); nFlat = i32x4.sub(nFlat, noFlat); nData = i32x4.sub(nData, noData);
      nMask = i32x4.sub(nMask, v128.andnot(valid, isZero(master)));
      const words = i16x8.narrow_i32x4_u(bits, bits);
      if (x + 4 <= w) {
        st(data + (i << 2), e); st(variance + (i << 2), s); v128.store64_lane(mask + (i << 1), words, 0);
      } else {
        const n = <usize>(w - x);
        st(scratch, e); st(scratch + 16, s); st(scratch + 32, words);
        memory.copy(data + (i << 2), scratch, n << 2);
        memory.copy(variance + (i << 2), scratch + 16, n << 2);
        memory.copy(mask + (i << 1), scratch + 32, n << 1);
      }
    }
  }
  const c = counts + (<usize>(y0 >> 6) << 4);
  store<i32>(c, isum(nSat)); store<i32>(c, isum(nFlat), 4); store<i32>(c, isum(nData), 8); store<i32>(c, isum(nMask), 12);
}
