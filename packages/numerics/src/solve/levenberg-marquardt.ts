import { choleskyFactor, choleskyInverse, choleskySolve } from './cholesky.ts';

export interface LevenbergMarquardtResult {
  readonly parameters: Float64Array;
  /** (JᵀJ)⁻¹ at the minimum, row-major; null when singular there. */
  readonly covariance: Float64Array | null;
  /** Sum of squared residuals. */
  readonly chi2: number;
  readonly iterations: number;
  readonly converged: boolean;
}

/**
 * Minimises Σ residual² over a handful of parameters.
 *
 * Source: Marquardt, J. SIAM 11, 431 (1963); damping as in Madsen, Nielsen & Tingleff (2004), algorithm 3.16.
 *
 * @param evaluate - fills `residuals` (already divided by their sigma) and `jacobian` (row-major, residuals × parameters) at `parameters`
 */
export function levenbergMarquardt(
  start: Float64Array,
  residualCount: number,
  evaluate: (parameters: Float64Array, residuals: Float64Array, jacobian: Float64Array) => void,
  { maxIterations = 50, tolerance = 1e-8 } = {},
): LevenbergMarquardtResult {
  const n = start.length;
  let parameters = start.slice();
  let residuals = new Float64Array(residualCount);
  let jacobian = new Float64Array(residualCount * n);
  let trialResiduals = new Float64Array(residualCount);
  let trialJacobian = new Float64Array(residualCount * n);
  evaluate(parameters, residuals, jacobian);
  let chi2 = sumSquares(residuals);
  let lambda = 1e-3;
  let growth = 2;
  let iteration = 0;
  let converged = false;
  while (iteration < maxIterations && !converged) {
    iteration++;
    const { matrix, gradient } = gaussNewton(jacobian, residuals, n);
    const damped = matrix.slice();
    for (let i = 0; i < n; i++) damped[i * n + i]! += lambda * Math.max(matrix[i * n + i]!, 1e-300);
    const step = gradient.map((g) => -g);
    if (!choleskyFactor(damped, n)) {
      lambda *= growth;
      growth *= 2;
      if (lambda > 1e12) break;
      continue;
    }
    choleskySolve(damped, n, step);
    const trial = parameters.map((p, i) => p + step[i]!);
    evaluate(trial, trialResiduals, trialJacobian);
    const trialChi2 = sumSquares(trialResiduals);
    let predicted = 0;
    for (let i = 0; i < n; i++) predicted += step[i]! * (lambda * matrix[i * n + i]! * step[i]! - gradient[i]!);
    const small = step.every((s, i) => Math.abs(s) <= tolerance * (Math.abs(parameters[i]!) + tolerance));
    if (trialChi2 <= chi2) {
      converged = small || chi2 - trialChi2 <= tolerance * tolerance * chi2;
      const gain = (chi2 - trialChi2) / Math.max(predicted, 1e-300);
      lambda *= Math.max(1 / 3, 1 - (2 * gain - 1) ** 3);
      growth = 2;
      parameters = trial;
      chi2 = trialChi2;
      [residuals, trialResiduals] = [trialResiduals, residuals];
      [jacobian, trialJacobian] = [trialJacobian, jacobian];
    } else {
      converged = small; // at the floor of rounding: no step of any size helps
      lambda *= growth;
      growth *= 2;
    }
  }
  const { matrix } = gaussNewton(jacobian, residuals, n);
  const covariance = choleskyFactor(matrix, n) ? choleskyInverse(matrix, n) : null;
  return { parameters, covariance, chi2, iterations: iteration, converged };
}

function gaussNewton(jacobian: Float64Array, residuals: Float64Array, n: number) {
  const matrix = new Float64Array(n * n);
  const gradient = new Float64Array(n);
  for (let i = 0; i < residuals.length; i++) {
    for (let j = 0; j < n; j++) {
      const d = jacobian[i * n + j]!;
      gradient[j]! += d * residuals[i]!;
      for (let k = 0; k <= j; k++) matrix[j * n + k]! += d * jacobian[i * n + k]!;
    }
  }
  for (let j = 0; j < n; j++) for (let k = 0; k < j; k++) matrix[k * n + j] = matrix[j * n + k]!;
  return { matrix, gradient };
}

function sumSquares(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return sum;
}
