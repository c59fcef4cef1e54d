import { MaskPlane } from '@colibri/numerics';

/**
 * Marks the neighbours of saturated pixels: one to each side, and `along` more up and down the column, where charge has bled
 * below the saturation level.
 */
export function growSaturation(mask: Uint16Array, width: number, height: number, along: number): void {
  const hits: number[] = [];
  for (let i = 0; i < mask.length; i++) if (mask[i]! & MaskPlane.SATURATED) hits.push(i);
  for (const i of hits) {
    const x = i % width,
      y = (i - x) / width;
    for (let dy = -along; dy <= along; dy++) {
      if (y + dy < 0 || y + dy >= height) continue;
      for (let dx = -1; dx <= 1; dx++) {
        if (x + dx < 0 || x + dx >= width || (dx !== 0 && Math.abs(dy) > 1)) continue;
        mask[i + dy * width + dx]! |= MaskPlane.SATURATED;
      }
    }
  }
}
