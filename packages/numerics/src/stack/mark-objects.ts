import { MaskPlane } from '../mask-plane.ts';
import { type CoordinateGrid, GRID_STEP } from '../resample/coordinate-grid.ts';
import { assertPlane, type Shape } from '../shape.ts';

/** Where another image shows something: not 0. */
export interface MarkedImage {
  readonly plane: Uint8Array;
  readonly shape: Shape;
  /** Where the pixels of ours lie on it. */
  readonly grid: CoordinateGrid;
}

/** Adds `bit` to the pixels whose nearest one of the other image is marked. */
export function markObjects(
  { plane, shape: other, grid }: MarkedImage,
  bit: number,
  mask: Uint16Array,
  shape: Shape,
): Uint16Array {
  assertMarked({ plane, shape: other, grid }, mask, shape);
  const { columns, u: gu, v: gv } = grid;
  for (let y = 0; y < shape.height; y++) {
    const r = Math.floor(y / GRID_STEP);
    const fy = (y - r * GRID_STEP) / GRID_STEP;
    for (let x0 = 0; x0 < shape.width; x0 += GRID_STEP) {
      const k = r * columns + x0 / GRID_STEP;
      const at = (g: Float64Array, i: number): number => g[i]! + fy * (g[i + columns]! - g[i]!);
      const [u, v] = [at(gu, k), at(gv, k)];
      const [du, dv] = [(at(gu, k + 1) - u) / GRID_STEP, (at(gv, k + 1) - v) / GRID_STEP];
      for (let j = 0, e = Math.min(GRID_STEP, shape.width - x0); j < e; j++) {
        const px = Math.floor(u + j * du + 0.5);
        const py = Math.floor(v + j * dv + 0.5);
        if (px < 0 || py < 0 || px >= other.width || py >= other.height) continue;
        if (plane[py * other.width + px] !== 0) mask[y * shape.width + x0 + j]! |= bit;
      }
    }
  }
  return mask;
}

/** Beyond it a number stands for none. */
const MOST = 3e38;

/** Adds NO_DATA to pixels that are not finite or have no variance above 0. */
export function flagUnusable(data: Float32Array, variance: Float32Array, mask: Uint16Array): Uint16Array {
  for (let i = 0; i < data.length; i++) {
    if (!(Math.abs(data[i]!) < MOST && variance[i]! > 0 && variance[i]! < MOST)) mask[i]! |= MaskPlane.NO_DATA;
  }
  return mask;
}

export function assertMarked({ plane, shape: other, grid }: MarkedImage, mask: Uint16Array, shape: Shape): void {
  assertPlane(plane, other, 'The plane of marks');
  assertPlane(mask, shape, 'The mask');
  const nodes = { width: Math.ceil(shape.width / GRID_STEP) + 1, height: Math.ceil(shape.height / GRID_STEP) + 1 };
  assertPlane(grid.u, nodes, 'The grid of coordinates');
}
