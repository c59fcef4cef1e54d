import { selectInPlace } from './select.ts';

export type Numbers = Float32Array | Float64Array | Uint16Array | Int32Array;
type Floats = Float32Array | Float64Array;

/** Copy of the finite values of `values`, of the same precision (integers become doubles). */
export function finiteValues(values: Numbers): Floats {
  const copy = values instanceof Float32Array ? new Float32Array(values.length) : new Float64Array(values.length);
  let n = 0;
  for (let i = 0; i < values.length; i++) {
    const v = values[i]!;
    if (v - v === 0) copy[n++] = v;
  }
  return copy.subarray(0, n);
}

/**
 * The q-quantile of the finite values, interpolated linearly between order statistics (definition 7 of Hyndman & Fan 1996, as numpy).
 * NaN when there is none. Infinite values count as missing.
 *
 * @param q - 0 … 1
 */
export function quantile(values: Numbers, q: number): number {
  const kept = finiteValues(values);
  return quantileInPlace(kept, q, kept.length);
}

/** Median of the finite values; the mean of the two middle ones for even counts. NaN when there is none. */
export function medianOf(values: Numbers): number {
  return quantile(values, 0.5);
}

/** As `quantile` on the first `n` values, which must be finite; their order is lost. */
export function quantileInPlace(values: Floats, q: number, n = values.length): number {
  if (n === 0) return NaN;
  const at = Math.min(Math.max(q, 0), 1) * (n - 1);
  const k = Math.floor(at);
  const low = selectInPlace(values, k, 0, n);
  if (at === k) return low;
  let high = Infinity; // the next order statistic is the least of the upper part
  for (let i = k + 1; i < n; i++) if (values[i]! < high) high = values[i]!;
  return low + (at - k) * (high - low);
}

/** Median absolute deviation from the median, times 1.4826: the sigma of normal values. NaN when there is none. */
export function madSigma(values: Numbers, center?: number): number {
  const kept = finiteValues(values);
  const c = center ?? quantileInPlace(kept, 0.5);
  for (let i = 0; i < kept.length; i++) kept[i] = Math.abs(kept[i]! - c);
  return 1.4826022185056018 * quantileInPlace(kept, 0.5);
}
