import type { Compute } from '../compute.ts';

/** The array itself where the threads of `compute` can read it as it lies, else a copy in its memory. */
export function residentFloats(array: Float32Array, compute: Compute): Float32Array {
  const shared = typeof SharedArrayBuffer !== 'undefined' && array.buffer instanceof SharedArrayBuffer;
  if (compute.kind === 'scalar' || shared) return array;
  const copy = compute.float32(array.length);
  copy.set(array);
  return copy;
}

/** `out = bits & keep`, pixel by pixel. */
export function selectBits(bits: Uint16Array, keep: number, out: Uint16Array): Uint16Array {
  for (let i = 0; i < bits.length; i++) out[i] = bits[i]! & keep;
  return out;
}

/** Sets a bit in `mask` where the filtered image is above `level`: light that is not the background's. */
export function hideSources(snr: Float32Array, level: number, mask: Uint16Array): void {
  for (let i = 0; i < snr.length; i++) if (snr[i]! > level) mask[i] = 1;
}
