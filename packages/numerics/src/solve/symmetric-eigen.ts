export interface SymmetricEigen {
  /** Largest first. */
  readonly values: Float64Array;
  /** Row k: the unit vector of value k, its largest component positive. */
  readonly vectors: Float64Array;
}

const SWEEPS = 30;

/**
 * Eigenvalues and eigenvectors of a small symmetric matrix `n × n`, row-major, by cyclic Jacobi rotations. `matrix` is left alone.
 *
 * Source: Golub & Van Loan, Matrix Computations, 4th ed. (2013), section 8.5.
 */
export function symmetricEigen(matrix: Float64Array, n: number): SymmetricEigen {
  const a = matrix.slice();
  const v = new Float64Array(n * n);
  for (let i = 0; i < n; i++) v[i * n + i] = 1;
  for (let sweep = 0; sweep < SWEEPS && !isDiagonal(a, n); sweep++)
    for (let p = 0; p < n - 1; p++) for (let q = p + 1; q < n; q++) rotate(a, v, n, p, q);
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => a[j * n + j]! - a[i * n + i]! || i - j);
  const vectors = new Float64Array(n * n);
  order.forEach((from, k) => {
    const vector = v.subarray(from * n, (from + 1) * n);
    const largest = vector.reduce((best, c) => (Math.abs(c) > Math.abs(best) ? c : best), 0);
    for (let i = 0; i < n; i++) vectors[k * n + i] = Math.sign(largest) * vector[i]!;
  });
  return { values: Float64Array.from(order, (i) => a[i * n + i]!), vectors };
}

function isDiagonal(a: Float64Array, n: number): boolean {
  let off = 0;
  let on = 0;
  for (let i = 0; i < n; i++) {
    on += a[i * n + i]! ** 2;
    for (let j = 0; j < i; j++) off += a[i * n + j]! ** 2;
  }
  return off <= 1e-30 * on;
}

/** Makes element (p, q) zero; rows of `v` turn along. */
function rotate(a: Float64Array, v: Float64Array, n: number, p: number, q: number): void {
  const apq = a[p * n + q]!;
  if (apq === 0) return;
  const theta = (a[q * n + q]! - a[p * n + p]!) / (2 * apq);
  const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const c = 1 / Math.sqrt(t * t + 1);
  const s = t * c;
  for (let k = 0; k < n; k++) {
    const kp = a[k * n + p]!;
    const kq = a[k * n + q]!;
    a[k * n + p] = c * kp - s * kq;
    a[k * n + q] = s * kp + c * kq;
  }
  for (let k = 0; k < n; k++) {
    const pk = a[p * n + k]!;
    const qk = a[q * n + k]!;
    a[p * n + k] = c * pk - s * qk;
    a[q * n + k] = s * pk + c * qk;
    const vp = v[p * n + k]!;
    const vq = v[q * n + k]!;
    v[p * n + k] = c * vp - s * vq;
    v[q * n + k] = s * vp + c * vq;
  }
}
