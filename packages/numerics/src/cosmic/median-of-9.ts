/**
 * Median of nine values `v[p − 1 … p + 1]` in the three rows around p, `stride` apart. The three triples are sorted; the median is that
 * of the greatest of the least, the median of the medians, and the least of the greatest. NaN anywhere gives an undefined value.
 *
 * Source: Paeth 1990, Graphics Gems I, p. 171.
 */
export function medianOf9(v: Float64Array, p: number, stride: number): number {
  const d = p - stride;
  const u = p + stride;
  const a0 = v[d - 1]!;
  const a1 = v[d]!;
  const a2 = v[d + 1]!;
  const b0 = v[p - 1]!;
  const b1 = v[p]!;
  const b2 = v[p + 1]!;
  const c0 = v[u - 1]!;
  const c1 = v[u]!;
  const c2 = v[u + 1]!;
  const least = greatest3(least3(a0, a1, a2), least3(b0, b1, b2), least3(c0, c1, c2));
  const greatest = least3(greatest3(a0, a1, a2), greatest3(b0, b1, b2), greatest3(c0, c1, c2));
  return median3(least, median3(median3(a0, a1, a2), median3(b0, b1, b2), median3(c0, c1, c2)), greatest);
}

function least3(a: number, b: number, c: number): number {
  const l = a < b ? a : b;
  return l < c ? l : c;
}

function greatest3(a: number, b: number, c: number): number {
  const g = a > b ? a : b;
  return g > c ? g : c;
}

function median3(a: number, b: number, c: number): number {
  const l = a < b ? a : b;
  const g = a < b ? b : a;
  return c < l ? l : c > g ? g : c;
}
