import { choleskyFactor, choleskyInverse, choleskyLogDeterminant, choleskySolve } from './cholesky.ts';

/** Normal equations of a weighted linear problem with one design and several right-hand sides. */
export interface NormalEquations {
  readonly cols: number;
  /** AᵀWA, row-major, both triangles. */
  readonly matrix: Float64Array;
  /** AᵀWb for each right-hand side. */
  readonly rights: readonly Float64Array[];
  /** bᵀWb for each right-hand side. */
  readonly squares: readonly number[];
}

/**
 * Sums the normal equations of `design · x ≈ values`, rows weighted by `weights` (1/sigma²; 0 leaves a row out).
 *
 * @param design - row-major, `rows × cols`
 * @param values - right-hand sides, each of length `rows`
 */
export function normalEquations(
  design: Float64Array,
  cols: number,
  values: readonly Float64Array[],
  weights: Float64Array,
): NormalEquations {
  const rows = weights.length;
  const matrix = new Float64Array(cols * cols);
  const rights = values.map(() => new Float64Array(cols));
  const squares = values.map(() => 0);
  for (let i = 0; i < rows; i++) {
    const w = weights[i]!;
    if (!(w > 0)) continue;
    const row = i * cols;
    for (let j = 0; j < cols; j++) {
      const wj = w * design[row + j]!;
      for (let k = 0; k <= j; k++) matrix[j * cols + k]! += wj * design[row + k]!;
      for (let r = 0; r < values.length; r++) rights[r]![j]! += wj * values[r]![i]!;
    }
    for (let r = 0; r < values.length; r++) squares[r]! += w * values[r]![i]! ** 2;
  }
  for (let j = 0; j < cols; j++) for (let k = 0; k < j; k++) matrix[k * cols + j] = matrix[j * cols + k]!;
  return { cols, matrix, rights, squares };
}

export interface LinearSolution {
  /** One vector for each right-hand side. */
  readonly coefficients: readonly Float64Array[];
  /** Posterior covariance, the same for each right-hand side when weights are 1/sigma². */
  readonly covariance: Float64Array;
  /** Weighted squared residuals, prior not counted, for each right-hand side. */
  readonly chi2: readonly number[];
  /** log det(AᵀWA + P) */
  readonly logDeterminant: number;
}

/**
 * Solves normal equations by Cholesky after scaling the diagonal to one, with an optional Gaussian prior of mean zero on each
 * coefficient. null: singular.
 *
 * @param priorWeights - 1/sigma² of the prior on each coefficient; 0 means none
 */
export function solveNormal(equations: NormalEquations, priorWeights?: Float64Array): LinearSolution | null {
  const { cols: n, matrix, rights, squares } = equations;
  const a = matrix.slice();
  if (priorWeights) for (let i = 0; i < n; i++) a[i * n + i]! += priorWeights[i]!;
  const scale = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const diagonal = a[i * n + i]!;
    if (!(diagonal > 0)) return null;
    scale[i] = 1 / Math.sqrt(diagonal);
  }
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) a[i * n + j]! *= scale[i]! * scale[j]!;
  if (!choleskyFactor(a, n)) return null;
  const coefficients = rights.map((right) => {
    const x = right.map((value, i) => value * scale[i]!);
    choleskySolve(a, n, x);
    return x.map((value, i) => value * scale[i]!);
  });
  const covariance = choleskyInverse(a, n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) covariance[i * n + j]! *= scale[i]! * scale[j]!;
  let logDeterminant = choleskyLogDeterminant(a, n);
  for (let i = 0; i < n; i++) logDeterminant -= 2 * Math.log(scale[i]!);
  const chi2 = coefficients.map((x, r) => {
    let sum = squares[r]!;
    for (let i = 0; i < n; i++) {
      let row = 0;
      for (let j = 0; j < n; j++) row += matrix[i * n + j]! * x[j]!;
      sum += x[i]! * (row - 2 * rights[r]![i]!);
    }
    return Math.max(0, sum);
  });
  return { coefficients, covariance, chi2, logDeterminant };
}

/** Weighted linear least squares of one right-hand side, `weights` = 1/sigma². null: singular. */
export function weightedLeastSquares(
  design: Float64Array,
  cols: number,
  values: Float64Array,
  weights: Float64Array,
): { readonly coefficients: Float64Array; readonly covariance: Float64Array; readonly chi2: number } | null {
  const solution = solveNormal(normalEquations(design, cols, [values], weights));
  return solution && { coefficients: solution.coefficients[0]!, covariance: solution.covariance, chi2: solution.chi2[0]! };
}
