/** A polynomial Σ c_pq x^p y^q of total degree ≤ order. */
export interface Bivariate {
  readonly order: number;
  /** c_pq at p · (order + 1) + q. */
  readonly coefficients: Float64Array;
}

/** From coefficients keyed `p,q`; those beyond the order are left out. */
export function bivariate(order: number, terms: ReadonlyMap<string, number>): Bivariate {
  const coefficients = new Float64Array((order + 1) ** 2);
  for (const [key, value] of terms) {
    const [p, q] = key.split(',').map(Number) as [number, number];
    if (p + q <= order) coefficients[p * (order + 1) + q] = value;
  }
  return { order, coefficients };
}

/** Value and gradient by Horner's rule in y inside Horner's rule in x; written to `out` as (f, ∂f/∂x, ∂f/∂y). */
export function evaluateBivariate({ order, coefficients }: Bivariate, x: number, y: number, out: Float64Array): void {
  const n = order + 1;
  let f = 0,
    fx = 0,
    fy = 0;
  for (let p = order; p >= 0; p--) {
    let g = 0,
      gy = 0;
    for (let q = order - p; q >= 0; q--) {
      gy = gy * y + g;
      g = g * y + coefficients[p * n + q]!;
    }
    fx = fx * x + f;
    f = f * x + g;
    fy = fy * x + gy;
  }
  out[0] = f;
  out[1] = fx;
  out[2] = fy;
}
