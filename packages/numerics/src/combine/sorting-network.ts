/**
 * Pairs (i, j), i < j, flattened: exchanging each pair in order so that the lesser comes first sorts n values.
 * Source: Batcher 1968, AFIPS 32, 307 (odd-even merge), cut to any n as in Knuth, TAOCP 3, 5.2.2, algorithm M.
 */
export function sortingNetwork(n: number): Uint8Array {
  const pairs: number[] = [];
  for (let p = 1; p < n; p *= 2) {
    for (let k = p; k >= 1; k >>= 1) {
      for (let j = k % p; j + k < n; j += 2 * k) {
        for (let i = 0; i < k && i + j + k < n; i++) {
          if (Math.floor((i + j) / (2 * p)) === Math.floor((i + j + k) / (2 * p))) pairs.push(i + j, i + j + k);
        }
      }
    }
  }
  return Uint8Array.from(pairs);
}
