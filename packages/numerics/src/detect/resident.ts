import type { Compute } from '../compute.ts';

/** The array itself where the threads of `compute` can read it as it lies, else a copy in its memory. */
export function residentFloats(array: Float32Array, compute: Compute): Float32Array {
  const shared = typeof SharedArrayBuffer !== 'undefined' && array.buffer instanceof SharedArrayBuffer;
  if (compute.kind === 'scalar' || shared) return array;
  const copy = compute.float32(array.length);
  copy.set(array);
  return copy;
}

/** `out = bits & keep` on pixels `from` … `to − 1`. A task of the pool. */
export function selectBits(
  { bits, keep, out }: { readonly bits: Uint16Array; readonly keep: number; readonly out: Uint16Array },
  from: number,
  to: number,
): null {
  for (let i = from; i < to; i++) out[i] = bits[i]! & keep;
  return null;
}

/** `out = mask`, with a bit where the filtered image is above `level`: light that is not the background's. A task of the pool. */
export function hideSources(
  args: { readonly snr: Float32Array; readonly level: number; readonly mask: Uint16Array; readonly out: Uint16Array },
  from: number,
  to: number,
): null {
  const { snr, level, mask, out } = args;
  for (let i = from; i < to; i++) out[i] = snr[i]! > level ? 1 : mask[i]!;
  return null;
}

/** Pixels in a range of the two tasks above. */
export const PIXEL_CHUNK = 1 << 18;
