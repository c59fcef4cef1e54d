import { F, ld, st, sub } from './simd';

/** out[i] = a[i] − b[i] for from ≤ i < to. */
export function subtract(a: usize, b: usize, out: usize, scratch: usize, from: i32, to: i32): void {
  let i = from;
  for (; i + 4 <= to; i += 4) {
    const j = <usize>i << 2;
    st(out + j, sub(ld(a + j), ld(b + j)));
  }
  for (; i < to; i++) store<f32>(out + (<usize>i << 2), F(a, i) - F(b, i));
}
