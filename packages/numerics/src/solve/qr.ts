/**
 * Least squares by Householder QR: loses half as many digits as the normal equations, so it is the choice for raw polynomials and
 * the oracle for the faster Cholesky path.
 *
 * Source: Golub & Van Loan, Matrix Computations, 4th ed. (2013), algorithms 5.2.1 and 5.3.2.
 */

/** Minimises `|A x − b|²`; `design` is row-major `rows × cols`, rows ≥ cols. null: the columns are dependent. */
export function qrLeastSquares(design: Float64Array, values: Float64Array, cols: number): QrSolution | null {
  const rows = values.length;
  if (rows < cols) return null;
  const a = design.slice();
  const b = values.slice();
  const diagonal = new Float64Array(cols);
  for (let j = 0; j < cols; j++) {
    let norm2 = 0;
    let column2 = 0;
    for (let i = 0; i < rows; i++) {
      const square = a[i * cols + j]! ** 2;
      column2 += square;
      if (i >= j) norm2 += square;
    }
    if (!(norm2 > 1e-26 * column2)) return null;
    const head = a[j * cols + j]!;
    const alpha = head > 0 ? -Math.sqrt(norm2) : Math.sqrt(norm2);
    a[j * cols + j] = head - alpha; // the reflector v lies in column j, from row j down
    const beta = 1 / (alpha * (alpha - head)); // 2 / vᵀv
    for (let k = j + 1; k <= cols; k++) {
      let dot = 0;
      for (let i = j; i < rows; i++) dot += a[i * cols + j]! * (k < cols ? a[i * cols + k]! : b[i]!);
      dot *= beta;
      for (let i = j; i < rows; i++) {
        if (k < cols) a[i * cols + k]! -= dot * a[i * cols + j]!;
        else b[i]! -= dot * a[i * cols + j]!;
      }
    }
    diagonal[j] = alpha;
  }
  const coefficients = new Float64Array(cols);
  for (let i = cols - 1; i >= 0; i--) {
    let sum = b[i]!;
    for (let k = i + 1; k < cols; k++) sum -= a[i * cols + k]! * coefficients[k]!;
    coefficients[i] = sum / diagonal[i]!;
  }
  let residual2 = 0;
  for (let i = cols; i < rows; i++) residual2 += b[i]! ** 2;
  return { coefficients, residual2, covariance: covarianceOf(a, diagonal, cols) };
}

export interface QrSolution {
  readonly coefficients: Float64Array;
  /** `|A x − b|²` */
  readonly residual2: number;
  /** (AᵀA)⁻¹, row-major: the covariance when the rows have unit errors. */
  readonly covariance: Float64Array;
}

/** R⁻¹ R⁻ᵀ */
function covarianceOf(r: Float64Array, diagonal: Float64Array, n: number): Float64Array {
  const inverse = new Float64Array(n * n); // upper triangular R⁻¹
  for (let j = 0; j < n; j++) {
    inverse[j * n + j] = 1 / diagonal[j]!;
    for (let i = j - 1; i >= 0; i--) {
      let sum = 0;
      for (let k = i + 1; k <= j; k++) sum += r[i * n + k]! * inverse[k * n + j]!;
      inverse[i * n + j] = -sum / diagonal[i]!;
    }
  }
  const covariance = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = i; j < n; j++) {
      let sum = 0;
      for (let k = j; k < n; k++) sum += inverse[i * n + k]! * inverse[j * n + k]!;
      covariance[i * n + j] = covariance[j * n + i] = sum;
    }
  }
  return covariance;
}
