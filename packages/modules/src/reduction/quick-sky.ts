/** Pixels looked at: their median is known to 0.7 % of their scatter. */
const SAMPLE = 30_000;

/**
 * Sky level of a frame before any source is known [electron/pixel]: the median of a sample of good pixels, first within three, then
 * within one times `threshold` sigma of the median. Sigma comes from the pixels below the median, where no star is. null: no good pixel.
 */
export function quickSky(data: Float32Array, mask: Uint16Array, threshold: number): number | null {
  const step = Math.max(1, Math.floor(data.length / SAMPLE));
  const sample = new Float32Array(Math.ceil(data.length / step));
  let n = 0;
  for (let i = 0; i < data.length; i += step) {
    const value = data[i]!;
    if (mask[i] === 0 && value - value === 0) sample[n++] = value; // finite
  }
  let values = sample.subarray(0, n).sort();
  if (values.length === 0) return null;
  for (const width of [3 * threshold, threshold]) {
    const median = values[values.length >> 1]!;
    const sigma = median - values[Math.floor(values.length * 0.1587)]!;
    const kept = values.subarray(firstFrom(values, median - width * sigma), firstFrom(values, median + width * sigma));
    if (!(sigma > 0) || kept.length < 10) break;
    values = kept;
  }
  return (values[(values.length - 1) >> 1]! + values[values.length >> 1]!) / 2;
}

/** Place of the first of the sorted values that is not below `limit`. */
function firstFrom(values: Float32Array, limit: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle]! < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
