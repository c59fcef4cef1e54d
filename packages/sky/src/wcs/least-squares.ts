/**
 * Least squares by Householder QR: the `columns` unknowns that minimise |A x − b|, for several right sides at once.
 *
 * `matrix` is row-major, rows × columns, and is destroyed, as are the right sides. A column without weight gets 0.
 */
export function leastSquares(
  matrix: Float64Array,
  rows: number,
  columns: number,
  rightSides: readonly Float64Array[],
): Float64Array[] {
  for (let k = 0; k < columns; k++) {
    let norm = 0;
    for (let r = k; r < rows; r++) norm = Math.hypot(norm, matrix[r * columns + k]!);
    if (norm === 0) continue;
    const head = matrix[k * columns + k]!;
    const alpha = head > 0 ? -norm : norm;
    const reflector = new Float64Array(rows - k);
    reflector[0] = head - alpha;
    for (let r = k + 1; r < rows; r++) reflector[r - k] = matrix[r * columns + k]!;
    let length2 = 0;
    for (const c of reflector) length2 += c * c;
    if (length2 === 0) continue;
    const reflect = (get: (r: number) => number, set: (r: number, value: number) => void): void => {
      let dot = 0;
      for (let r = k; r < rows; r++) dot += reflector[r - k]! * get(r);
      const factor = (2 * dot) / length2;
      for (let r = k; r < rows; r++) set(r, get(r) - factor * reflector[r - k]!);
    };
    for (let c = k; c < columns; c++) {
      reflect(
        (r) => matrix[r * columns + c]!,
        (r, value) => {
          matrix[r * columns + c] = value;
        },
      );
    }
    for (const b of rightSides) {
      reflect(
        (r) => b[r]!,
        (r, value) => {
          b[r] = value;
        },
      );
    }
  }
  const largest = Math.abs(matrix[0] ?? 0);
  return rightSides.map((b) => {
    const x = new Float64Array(columns);
    for (let k = columns - 1; k >= 0; k--) {
      let sum = b[k]!;
      for (let c = k + 1; c < columns; c++) sum -= matrix[k * columns + c]! * x[c]!;
      const pivot = matrix[k * columns + k]!;
      x[k] = Math.abs(pivot) > 1e-13 * largest ? sum / pivot : 0;
    }
    return x;
  });
}
