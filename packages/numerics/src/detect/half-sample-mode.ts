/**
 * Mode of a sample: the densest half is kept again and again until two or three values remain. NaN for none.
 * Source: Bickel & Frühwirth 2006, Comput. Stat. Data Anal. 50, 3500.
 */
export function halfSampleMode(values: Float64Array): number {
  const sorted = values.filter((v) => v - v === 0).sort();
  let from = 0;
  let n = sorted.length;
  while (n > 3) {
    const half = (n + 1) >> 1;
    let best = from;
    for (let i = from; i + half <= from + n; i++) {
      if (sorted[i + half - 1]! - sorted[i]! < sorted[best + half - 1]! - sorted[best]!) best = i;
    }
    from = best;
    n = half;
  }
  if (n === 3) {
    const low = sorted[from + 1]! - sorted[from]!;
    const high = sorted[from + 2]! - sorted[from + 1]!;
    if (low === high) return sorted[from + 1]!;
    return low < high ? 0.5 * (sorted[from]! + sorted[from + 1]!) : 0.5 * (sorted[from + 1]! + sorted[from + 2]!);
  }
  return n === 0 ? NaN : 0.5 * (sorted[from]! + sorted[from + n - 1]!);
}
