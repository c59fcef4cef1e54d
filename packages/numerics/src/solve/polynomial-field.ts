import { type LinearSolution, normalEquations, solveNormal } from './least-squares.ts';
import { legendreRow, polynomialTermCount } from './polynomial.ts';

/** A smooth field over the square [−1, 1]²: Legendre coefficients for each component, one covariance for all. */
export interface PolynomialField {
  readonly order: number;
  /** In the order of `polynomialTerms`. */
  readonly coefficients: readonly Float64Array[];
  /** Posterior covariance of the coefficients of one component, row-major. */
  readonly covariance: Float64Array;
  /** Weighted squared residuals, summed over the components. */
  readonly chi2: number;
  /** Parameters the data really determine, for one component: between 3 and all. */
  readonly effectiveParameters: number;
  /** ln marginal likelihood, up to a constant common to all orders. */
  readonly evidence: number;
}

/**
 * Fits a polynomial field whose order follows the data. Degrees 0 and 1 are free. The coefficients of each higher degree share a
 * Gaussian prior of mean zero whose width is estimated from the data themselves (evidence maximisation), so that a degree the data do
 * not call for shrinks to nothing instead of flying off where no point holds it; among the orders the one of the highest evidence wins.
 *
 * Source: MacKay, Neural Computation 4, 415 (1992), sections 4.2–4.3.
 *
 * @param x, y - positions in [−1, 1]
 * @param values - one array for each component
 * @param weights - 1/sigma² of a point, for each component
 * @returns null when not even a linear field is determined
 */
export function fitPolynomialField(
  x: Float64Array,
  y: Float64Array,
  values: readonly Float64Array[],
  weights: Float64Array,
  { maxOrder, pointsPerTerm = 2.5 }: { maxOrder: number; pointsPerTerm?: number },
): PolynomialField | null {
  let used = 0;
  for (const w of weights) if (w > 0) used++;
  let order = Math.max(1, maxOrder);
  while (order > 1 && polynomialTermCount(order) * pointsPerTerm > used) order--;
  const cols = polynomialTermCount(order);
  const design = new Float64Array(cols * x.length);
  for (let i = 0; i < x.length; i++) legendreRow(order, x[i]!, y[i]!, design, i * cols);
  const full = normalEquations(design, cols, values, weights);
  let best: PolynomialField | null = null;
  for (let m = 1; m <= order; m++) {
    const n = polynomialTermCount(m);
    const matrix = new Float64Array(n * n);
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) matrix[i * n + j] = full.matrix[i * cols + j]!;
    const equations = { cols: n, matrix, rights: full.rights.map((r) => r.slice(0, n)), squares: full.squares };
    const field = shrunkenFit(equations, m);
    // 3: a higher degree must be 20 times likelier, which also pays for the width that was tuned
    if (field && (!best || field.evidence > best.evidence + 3)) best = field;
  }
  return best;
}

function shrunkenFit(equations: ReturnType<typeof normalEquations>, order: number): PolynomialField | null {
  const { cols, rights, matrix } = equations;
  const components = rights.length;
  // start: widths as the data would have them without a prior, coefficient by coefficient
  const variance = new Float64Array(order + 1).fill(Infinity);
  const floor = new Float64Array(order + 1);
  const least = new Float64Array(order + 1).fill(Infinity);
  for (let degree = 2; degree <= order; degree++) {
    let sum = 0;
    for (let k = polynomialTermCount(degree - 1); k < polynomialTermCount(degree); k++) {
      const information = matrix[k * cols + k]!;
      if (!(information > 0)) return null;
      least[degree] = Math.min(least[degree]!, 1 / information);
      for (const right of rights) sum += (right[k]! / information) ** 2;
    }
    floor[degree] = 1e-4 * least[degree]!;
    variance[degree] = Math.max(least[degree]!, sum / ((degree + 1) * components));
  }
  const prior = new Float64Array(cols);
  let solution: LinearSolution | null = null;
  for (let iteration = 0; iteration < 40; iteration++) {
    for (let degree = 2; degree <= order; degree++) {
      prior.fill(1 / variance[degree]!, polynomialTermCount(degree - 1), polynomialTermCount(degree));
    }
    solution = solveNormal(equations, prior);
    if (!solution || order < 2) break;
    let moved = 0;
    for (let degree = 2; degree <= order; degree++) {
      let squares = 0;
      let trace = 0;
      for (let k = polynomialTermCount(degree - 1); k < polynomialTermCount(degree); k++) {
        trace += solution.covariance[k * cols + k]!;
        for (const c of solution.coefficients) squares += c[k]! ** 2;
      }
      const determined = components * Math.max(1e-3, degree + 1 - trace / variance[degree]!);
      let next = Math.max(floor[degree]!, squares / determined);
      if (next < 0.02 * least[degree]!) next = floor[degree]!; // on its way to nothing: spare the journey
      moved = Math.max(moved, Math.abs(Math.log(next / variance[degree]!)));
      variance[degree] = next;
    }
    if (moved < 0.02) break;
  }
  if (!solution) return null;
  let evidence = 0;
  let chi2 = 0;
  let effectiveParameters = 3;
  for (let r = 0; r < components; r++) {
    evidence -= 0.5 * solution.chi2[r]! + 0.5 * solution.logDeterminant;
    chi2 += solution.chi2[r]!;
    for (let k = 3; k < cols; k++) evidence += 0.5 * Math.log(prior[k]!) - 0.5 * prior[k]! * solution.coefficients[r]![k]! ** 2;
  }
  for (let k = 3; k < cols; k++) effectiveParameters += 1 - solution.covariance[k * cols + k]! * prior[k]!;
  return { order, coefficients: solution.coefficients, covariance: solution.covariance, chi2, effectiveParameters, evidence };
}

/** 1 sigma of the field at (x, y), the same for each component. */
export function fieldSigma(field: PolynomialField, x: number, y: number): number {
  const n = field.coefficients[0]!.length;
  const row = new Float64Array(n);
  legendreRow(field.order, x, y, row);
  let sum = 0;
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) sum += row[i]! * row[j]! * field.covariance[i * n + j]!;
  return Math.sqrt(Math.max(0, sum));
}
