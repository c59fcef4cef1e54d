/**
 * Sky level of a frame before any source is known [electron/pixel]: the median of a sample of good pixels, first within three, then
 * within one times `threshold` sigma of the median. Sigma comes from the pixels below the median, where no star is. null: no good pixel.
 */
export function quickSky(data: Float32Array, mask: Uint16Array, threshold: number): number | null {
  const step = Math.max(1, Math.floor(data.length / 100_000));
  const sample: number[] = [];
  for (let i = 0; i < data.length; i += step) if (mask[i] === 0 && Number.isFinite(data[i])) sample.push(data[i]!);
  let values = Float64Array.from(sample).sort();
  if (values.length === 0) return null;
  for (const width of [3 * threshold, threshold]) {
    const median = values[values.length >> 1]!;
    const sigma = median - values[Math.floor(values.length * 0.1587)]!;
    const kept = values.filter((value) => Math.abs(value - median) <= width * sigma);
    if (!(sigma > 0) || kept.length < 10) break;
    values = kept;
  }
  return (values[(values.length - 1) >> 1]! + values[values.length >> 1]!) / 2;
}
