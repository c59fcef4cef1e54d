import type { Compute } from '@colibri/numerics';

/** Planes of an image on the heap, row-major from the lower left: what is measured again and again. */
export interface HeldImage {
  readonly width: number;
  readonly height: number;
  /** Sky in it; its variance; MaskPlane bits [unit, unit², bits]. */
  readonly data: Float32Array;
  readonly variance: Float32Array;
  readonly mask: Uint16Array;
  /** [unit] */
  readonly saturation: number;
}

/** A copy of the planes in the memory of `compute`, in a scope of the caller. */
export function lend({ width, height, data, variance, mask }: HeldImage, compute: Compute) {
  const n = width * height;
  const planes = { width, height, data: compute.float32(n), variance: compute.float32(n), mask: compute.uint16(n) };
  planes.data.set(data);
  planes.variance.set(variance);
  planes.mask.set(mask);
  return planes;
}
