// Short names for the operations used everywhere; AssemblyScript has no v128 operators.
// @ts-ignore: decorator
@inline export function ld(p: usize): v128 { return v128.load(p); }
// @ts-ignore: decorator
@inline export function st(p: usize, v: v128): void { v128.store(p, v); }
// @ts-ignore: decorator
@inline export function sp(s: f32): v128 { return f32x4.splat(s); }
// @ts-ignore: decorator
@inline export function add(a: v128, b: v128): v128 { return f32x4.add(a, b); }
// @ts-ignore: decorator
@inline export function sub(a: v128, b: v128): v128 { return f32x4.sub(a, b); }
// @ts-ignore: decorator
@inline export function mul(a: v128, b: v128): v128 { return f32x4.mul(a, b); }
/** a·b + c: the one place to change when the engine has a fused multiply-add. */
// @ts-ignore: decorator
@inline export function mad(a: v128, b: v128, c: v128): v128 { return f32x4.add(f32x4.mul(a, b), c); }
/** Sum of the four lanes. */
// @ts-ignore: decorator
@inline export function hsum(a: v128): f32 {
  return (f32x4.extract_lane(a, 0) + f32x4.extract_lane(a, 2)) + (f32x4.extract_lane(a, 1) + f32x4.extract_lane(a, 3));
}
/** Number of lanes set in an accumulated count. */
// @ts-ignore: decorator
@inline export function isum(n: v128): i32 {
  return i32x4.extract_lane(n, 0) + i32x4.extract_lane(n, 1) + i32x4.extract_lane(n, 2) + i32x4.extract_lane(n, 3);
}
/** All ones in lanes that hold a finite number (below 3e38). */
// @ts-ignore: decorator
@inline export function finite(v: v128): v128 { return f32x4.le(f32x4.abs(v), sp(3e38)); }
/** Four 16-bit mask words as 32-bit lanes; zeros for an absent mask. */
// @ts-ignore: decorator
@inline export function mask4(mask: usize, i: usize): v128 {
  return mask ? i32x4.extend_low_i16x8_u(v128.load64_zero(mask + (i << 1))) : i32x4.splat(0);
}
// @ts-ignore: decorator
@inline export function isZero(v: v128): v128 { return i32x4.eq(v, i32x4.splat(0)); }
// @ts-ignore: decorator
@inline export function F(p: usize, i: i32): f32 { return load<f32>(p + (<usize>i << 2)); }
// @ts-ignore: decorator
@inline export function D(p: usize, i: i32): f64 { return load<f64>(p + (<usize>i << 3)); }
// @ts-ignore: decorator
@inline export function setD(p: usize, i: i32, v: f64): void { store<f64>(p + (<usize>i << 3), v); }
// @ts-ignore: decorator
@inline export function clamp(v: i32, lo: i32, hi: i32): i32 { return min(max(v, lo), hi); }
// @ts-ignore: decorator
@inline export function align(p: usize): usize { return (p + 63) & ~(<usize>63); }
