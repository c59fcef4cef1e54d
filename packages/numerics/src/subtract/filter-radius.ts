/** The least radius of a square filter outside of which no more than `share` of the sum of its (positive) weights lies. */
export function radiusWithin(weights: ArrayLike<number>, share: number): number {
  const side = Math.sqrt(weights.length);
  const half = side >> 1;
  const rings = new Float64Array(half + 1);
  for (let i = 0; i < weights.length; i++)
    rings[Math.max(Math.abs((i % side) - half), Math.abs(Math.floor(i / side) - half))]! += weights[i]!;
  const total = rings.reduce((a, b) => a + b, 0);
  let outside = 0;
  let radius = half;
  while (radius > 1 && outside + rings[radius]! <= share * total) outside += rings[radius--]!;
  return radius;
}

/** The middle of a square filter, `size` weights a side; `keepSum`: scaled to the sum of all. */
export function innerFilter(weights: Float64Array, size: number, { keepSum }: { readonly keepSum: boolean }): Float64Array {
  const side = Math.sqrt(weights.length);
  const skip = (side - size) / 2;
  const inner = new Float64Array(size * size);
  for (let j = 0; j < size; j++) for (let i = 0; i < size; i++) inner[j * size + i] = weights[(j + skip) * side + i + skip]!;
  if (!keepSum) return inner;
  const sum = (values: Float64Array): number => values.reduce((a, b) => a + b, 0);
  const scale = sum(weights) / sum(inner);
  return inner.map((v) => v * scale);
}
