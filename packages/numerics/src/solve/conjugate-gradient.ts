/** A symmetric positive (semi-)definite linear system given by its action alone. */
export interface LinearAction {
  readonly size: number;
  /** `out` = A·x. */
  apply(x: Float64Array, out: Float64Array): void;
  /** `out` = M⁻¹·r with M near A, easily inverted. */
  precondition(r: Float64Array, out: Float64Array): void;
}

/**
 * Solves A·x = b by preconditioned conjugate gradients from x = 0. Directions that A does not see keep x at zero there.
 *
 * @param tolerance - of the residual in the norm of M⁻¹, relative to that of b
 * @param goal - square of that norm that is good enough whatever b is: about twice what Σ residual² could still fall
 * @returns x and the steps taken
 *
 * Source: Golub & Van Loan, Matrix Computations, 4th ed. (2013), algorithm 11.5.1.
 */
export function conjugateGradient(
  action: LinearAction,
  b: Float64Array,
  { tolerance = 1e-10, goal = 0, maxSteps = 300 }: { tolerance?: number; goal?: number; maxSteps?: number } = {},
): { readonly x: Float64Array; readonly steps: number } {
  const n = action.size;
  const x = new Float64Array(n);
  const r = b.slice();
  const z = new Float64Array(n);
  const q = new Float64Array(n);
  action.precondition(r, z);
  const p = z.slice();
  let rho = dot(r, z);
  const least = Math.max(tolerance * tolerance * rho, goal);
  for (let step = 0; step < maxSteps; step++) {
    if (!(rho > least) || !(rho > 0)) return { x, steps: step };
    action.apply(p, q);
    const curvature = dot(p, q);
    if (!(curvature > 0)) return { x, steps: step };
    const alpha = rho / curvature;
    for (let i = 0; i < n; i++) {
      x[i]! += alpha * p[i]!;
      r[i]! -= alpha * q[i]!;
    }
    action.precondition(r, z);
    const next = dot(r, z);
    const beta = next / rho;
    rho = next;
    for (let i = 0; i < n; i++) p[i] = z[i]! + beta * p[i]!;
  }
  return { x, steps: maxSteps };
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
