/** The value that would stand at `rank` (from 0) among the first `n` if they were sorted; reorders them (Hoare's FIND). */
export function quickselect(values: Int32Array, n: number, rank: number): number {
  let left = 0;
  let right = n - 1;
  while (left < right) {
    const pivot = values[(left + right) >> 1]!;
    let i = left;
    let j = right;
    while (i <= j) {
      while (values[i]! < pivot) i++;
      while (values[j]! > pivot) j--;
      if (i > j) break;
      const held = values[i]!;
      values[i++] = values[j]!;
      values[j--] = held;
    }
    if (rank <= j) right = j;
    else if (rank >= i) left = i;
    else break;
  }
  return values[rank]!;
}

/** The lower median; reorders the values. */
export const lowerMedian = (values: Int32Array): number => quickselect(values, values.length, (values.length - 1) >> 1);
