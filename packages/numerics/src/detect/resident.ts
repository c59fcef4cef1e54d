import type { Compute } from '../compute.ts';

/** The array itself where the threads of `compute` can read it as it lies, else a copy in its memory. */
export function residentFloats(array: Float32Array, compute: Compute): Float32Array {
  const shared = typeof SharedArrayBuffer !== 'undefined' && array.buffer instanceof SharedArrayBuffer;
  if (compute.kind === 'scalar' || shared) return array;
  const copy = compute.float32(array.length);
  copy.set(array);
  return copy;
}
