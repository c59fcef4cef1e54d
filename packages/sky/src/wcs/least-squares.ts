/**
 * Least squares by Householder QR: the `columns` unknowns that minimise |A x − b|, for several right sides at once.
 *
 * `matrix` holds A column after column (rows × columns) and is destroyed, as are the right sides. A column without
 * weight gets 0.
 */
export function leastSquares(
  matrix: Float64Array,
  rows: number,
  columns: number,
  rightSides: readonly Float64Array[],
): Float64Array[] {
  const column = (c: number): Float64Array => matrix.subarray(c * rows, (c + 1) * rows);
  const diagonal = new Float64Array(columns);
  for (let k = 0; k < columns; k++) {
    const reflector = column(k);
    let norm2 = 0;
    for (let r = k; r < rows; r++) norm2 += reflector[r]! ** 2;
    if (norm2 === 0) continue;
    const head = reflector[k]!;
    const alpha = head > 0 ? -Math.sqrt(norm2) : Math.sqrt(norm2);
    // The column becomes (alpha, 0, 0 …); its place keeps the reflector.
    diagonal[k] = alpha;
    reflector[k] = head - alpha;
    const half = alpha * (alpha - head); // |reflector|² / 2
    for (let c = k + 1; c < columns; c++) reflect(reflector, half, k, column(c));
    for (const b of rightSides) reflect(reflector, half, k, b);
  }
  const largest = diagonal.reduce((most, d) => Math.max(most, Math.abs(d)), 0);
  return rightSides.map((b) => {
    const x = new Float64Array(columns);
    for (let k = columns - 1; k >= 0; k--) {
      let sum = b[k]!;
      for (let c = k + 1; c < columns; c++) sum -= matrix[c * rows + k]! * x[c]!;
      x[k] = Math.abs(diagonal[k]!) > 1e-13 * largest ? sum / diagonal[k]! : 0;
    }
    return x;
  });
}

function reflect(reflector: Float64Array, half: number, from: number, target: Float64Array): void {
  let dot = 0;
  for (let r = from; r < target.length; r++) dot += reflector[r]! * target[r]!;
  const factor = dot / half;
  for (let r = from; r < target.length; r++) target[r]! -= factor * reflector[r]!;
}
