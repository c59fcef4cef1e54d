import { MaskPlane } from '@colibri/numerics';

/**
 * Marks the neighbours of saturated pixels: one to each side, and `along` more up and down the column, where charge has bled
 * below the saturation level.
 */
export function growSaturation(mask: Uint16Array, width: number, height: number, along: number): void {
  for (const i of pixelsWith(mask, MaskPlane.SATURATED)) {
    mark(mask, width, height, i, MaskPlane.SATURATED, 1, 1);
    mark(mask, width, height, i, MaskPlane.SATURATED, 0, along);
  }
}

/**
 * Marks the eight neighbours of each cosmic-ray pixel: charge that diffused there is too faint to be judged by itself, but together
 * such skirts pass a matched filter as faint stars.
 */
export function growCosmicRays(mask: Uint16Array, width: number, height: number): void {
  for (const i of pixelsWith(mask, MaskPlane.COSMIC)) mark(mask, width, height, i, MaskPlane.COSMIC, 1, 1);
}

function pixelsWith(mask: Uint16Array, bit: number): number[] {
  const pixels: number[] = [];
  // Most words are 0: two are looked at together.
  const even = mask.length & ~1;
  const pairs = mask.byteOffset % 4 === 0 ? new Int32Array(mask.buffer, mask.byteOffset, even >> 1) : null;
  for (let i = 0; i < mask.length; i += 2) {
    if (pairs && i < even && pairs[i >> 1] === 0) continue;
    if ((mask[i]! & bit) !== 0) pixels.push(i);
    if (i + 1 < mask.length && (mask[i + 1]! & bit) !== 0) pixels.push(i + 1);
  }
  return pixels;
}

/** Sets `bit` within ±dx columns and ±dy rows of a pixel. */
function mark(mask: Uint16Array, width: number, height: number, pixel: number, bit: number, dx: number, dy: number): void {
  const x = pixel % width;
  const y = (pixel - x) / width;
  for (let v = Math.max(0, y - dy); v <= Math.min(height - 1, y + dy); v++) {
    for (let u = Math.max(0, x - dx); u <= Math.min(width - 1, x + dx); u++) mask[v * width + u]! |= bit;
  }
}
