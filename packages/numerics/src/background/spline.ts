/**
 * Second derivatives, divided by 6, of the natural cubic spline through `n` values at unit knots, `stride` apart in `values`.
 * Source: Press et al., Numerical Recipes, section 3.3 (tridiagonal solution); zero at both ends.
 */
export function splineSixths(
  values: Float32Array | Float64Array,
  offset: number,
  stride: number,
  n: number,
  sixths: Float64Array,
): void {
  const u = new Float64Array(n);
  const at = (i: number): number => values[offset + i * stride]!;
  const put = (i: number, v: number): void => {
    sixths[offset + i * stride] = v;
  };
  put(0, 0);
  put(n - 1, 0);
  const w = new Float64Array(n);
  for (let i = 1; i < n - 1; i++) {
    const p = 1 / (w[i - 1]! + 4);
    w[i] = -p;
    u[i] = p * (at(i + 1) + at(i - 1) - 2 * at(i) - u[i - 1]!);
  }
  for (let i = n - 2; i > 0; i--) put(i, w[i]! * sixths[offset + (i + 1) * stride]! + u[i]!);
}

/**
 * Value at `t` from the first of two knots with values v0, v1 and second derivatives / 6 e0, e1. Between the knots the cubic; outside
 * of them (t < 0 or t > 1) the tangent at the nearer knot, the natural continuation.
 */
export function splineValue(v0: number, v1: number, e0: number, e1: number, t: number): number {
  const slope = v1 - v0 - 2 * e0 - e1;
  if (t < 0) return v0 + t * slope;
  if (t > 1) return v1 + (t - 1) * (v1 - v0 + e0 + 2 * e1);
  return v0 + t * (slope + t * (3 * e0 + t * (e1 - e0)));
}
