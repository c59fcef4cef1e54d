/**
 * Polynomials of two variables up to a total degree, as columns of a design matrix. Terms are ordered by degree, then by the power of
 * y: 1; x, y; x², xy, y²; … so that a lower order is always a prefix of a higher one.
 */

export interface PolynomialTerm {
  /** Degree in x and in y. */
  readonly i: number;
  readonly j: number;
}

export function polynomialTerms(order: number): PolynomialTerm[] {
  const terms: PolynomialTerm[] = [];
  for (let degree = 0; degree <= order; degree++) for (let j = 0; j <= degree; j++) terms.push({ i: degree - j, j });
  return terms;
}

/** (order + 1)(order + 2)/2 */
export const polynomialTermCount = (order: number): number => ((order + 1) * (order + 2)) / 2;

/**
 * Products of Legendre polynomials P_i(x) P_j(y) at one point, x and y in [−1, 1]: nearly uncorrelated over an evenly filled square,
 * so normal equations stay well conditioned and each coefficient reads as the size of its term.
 */
export function legendreRow(order: number, x: number, y: number, out: Float64Array, offset = 0): void {
  const px = legendreScratch(0);
  const py = legendreScratch(1);
  px[0] = py[0] = 1;
  px[1] = x;
  py[1] = y;
  for (let n = 1; n < order; n++) {
    px[n + 1] = ((2 * n + 1) * x * px[n]! - n * px[n - 1]!) / (n + 1);
    py[n + 1] = ((2 * n + 1) * y * py[n]! - n * py[n - 1]!) / (n + 1);
  }
  let k = offset;
  for (let degree = 0; degree <= order; degree++) for (let j = 0; j <= degree; j++) out[k++] = px[degree - j]! * py[j]!;
}

const scratch = [new Float64Array(32), new Float64Array(32)];
const legendreScratch = (which: 0 | 1): Float64Array => scratch[which]!;

/** Value of a Legendre expansion at (x, y) in [−1, 1]². */
export function evaluateLegendre(order: number, coefficients: Float64Array, x: number, y: number): number {
  legendreRow(order, x, y, rowScratch);
  let sum = 0;
  for (let k = 0; k < coefficients.length; k++) sum += coefficients[k]! * rowScratch[k]!;
  return sum;
}
const rowScratch = new Float64Array(polynomialTermCount(30));

/**
 * The same function as plain powers of (u, v), where x = u/halfX and y = v/halfY.
 *
 * @returns coefficients of u^i v^j in the order of {@link polynomialTerms}
 */
export function legendreToPowers(order: number, coefficients: Float64Array, halfX: number, halfY: number): Float64Array {
  const univariate = legendrePowers(order);
  const terms = polynomialTerms(order);
  const powers = new Float64Array(terms.length);
  const index = (i: number, j: number): number => polynomialTermCount(i + j - 1) + j;
  terms.forEach(({ i, j }, k) => {
    const c = coefficients[k]!;
    if (c === 0) return;
    for (let p = 0; p <= i; p++) {
      for (let q = 0; q <= j; q++) powers[index(p, q)]! += c * univariate[i]![p]! * univariate[j]![q]!;
    }
  });
  terms.forEach(({ i, j }, k) => {
    powers[k]! /= halfX ** i * halfY ** j;
  });
  return powers;
}

/** Row n: the coefficients of x^p in P_n. */
function legendrePowers(order: number): number[][] {
  const rows: number[][] = [[1], [0, 1]];
  for (let n = 1; n < order; n++) {
    const next: number[] = Array.from({ length: n + 2 }, () => 0);
    for (let p = 0; p <= n; p++) next[p + 1]! += ((2 * n + 1) * rows[n]![p]!) / (n + 1);
    for (let p = 0; p < n; p++) next[p]! -= (n * rows[n - 1]![p]!) / (n + 1);
    rows.push(next);
  }
  return rows;
}
