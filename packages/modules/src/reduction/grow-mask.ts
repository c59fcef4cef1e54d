import { type Compute, MaskPlane } from '@colibri/numerics';

/**
 * Marks the neighbours of saturated pixels: one to each side, and `along` more up and down the column, where charge has bled
 * below the saturation level.
 */
export async function growSaturation(
  mask: Uint16Array,
  width: number,
  height: number,
  along: number,
  compute: Compute,
): Promise<void> {
  for (const i of await compute.indicesWith(mask, MaskPlane.SATURATED)) {
    mark(mask, width, height, i, MaskPlane.SATURATED, 1, 1);
    mark(mask, width, height, i, MaskPlane.SATURATED, 0, along);
  }
}

/**
 * Marks the eight neighbours of each cosmic-ray pixel: charge that diffused there is too faint to be judged by itself, but together
 * such skirts pass a matched filter as faint stars.
 */
export async function growCosmicRays(mask: Uint16Array, width: number, height: number, compute: Compute): Promise<void> {
  for (const i of await compute.indicesWith(mask, MaskPlane.COSMIC)) mark(mask, width, height, i, MaskPlane.COSMIC, 1, 1);
}

/** Sets `bit` within ±dx columns and ±dy rows of a pixel. */
function mark(mask: Uint16Array, width: number, height: number, pixel: number, bit: number, dx: number, dy: number): void {
  const x = pixel % width;
  const y = (pixel - x) / width;
  for (let v = Math.max(0, y - dy); v <= Math.min(height - 1, y + dy); v++) {
    for (let u = Math.max(0, x - dx); u <= Math.min(width - 1, x + dx); u++) mask[v * width + u]! |= bit;
  }
}
