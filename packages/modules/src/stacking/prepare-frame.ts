import {
  type Compute,
  type CoordinateGrid,
  fillBad,
  GRID_STEP,
  gridAt,
  MaskPlane,
  nearBad,
  type ResampleInput,
  type Shape,
} from '@colibri/numerics';
import type { FrameSources } from '@colibri/pipeline';
import type { StackFrame } from './frame-share.ts';

/** A frame on its own pixels, ready to be resampled: sky subtracted [electron], bad pixels filled. */
export interface PreparedFrame extends ResampleInput {
  readonly skyVariance: number;
}

/** Where the stack shows sources: a byte per pixel of the stack's grid. */
export interface ObjectMap {
  readonly plane: Uint8Array;
  readonly shape: Shape;
  /** Where pixels of the frame lie on the stack. */
  readonly grid: CoordinateGrid;
}

/**
 * Reads a frame and takes its sky away: one smooth mesh, measured where neither the frame's catalogue nor, when it is known, the stack shows a
 * source, so that haloes of galaxies stay. To be called inside `compute.scope`.
 */
export async function prepareFrame(
  { frame, fwhmPix }: StackFrame,
  objects: ObjectMap | null,
  meshPix: number,
  compute: Compute,
): Promise<PreparedFrame> {
  const loaded = await frame.load();
  const { width, height } = loaded;
  const shape = { width, height };
  const n = width * height;
  // Our own copies: what `load` gives may belong to others.
  const mask = compute.uint16(n);
  mask.set(loaded.mask);
  for (let i = 0; i < n; i++) {
    if (mask[i] === 0 && !(Math.abs(loaded.data[i]!) < 3e38 && loaded.variance[i]! > 0 && loaded.variance[i]! < 3e38)) {
      mask[i] = MaskPlane.NO_DATA;
    }
  }
  const sky = compute.uint16(n);
  sky.set(mask);
  maskSources(frame.sources, fwhmPix, sky, shape);
  if (objects !== null) maskObjects(objects, sky, shape);
  const mesh = await compute.measureBackground(loaded.data, sky, { ...shape, meshPix });
  compute.free(sky);
  const data = compute.float32(n);
  await compute.subtractMesh(loaded.data, mesh.level, mesh, shape, data);
  const variance = compute.float32(n);
  variance.set(loaded.variance);
  for (const plane of [loaded.data, loaded.variance, loaded.mask]) compute.free(plane);
  const bad = await compute.indicesWith(mask, 0xffff);
  const skyVariance = mesh.globalRms ** 2;
  fillBad(data, variance, mask, bad, skyVariance, shape);
  const near = nearBad(bad, shape, compute.uint8(n));
  return { ...shape, data, variance, mask, near, skyVariance };
}

/** Any bit: for the sky only. */
const SOURCE = 0x4000;

/** Discs about the catalogue's sources, as wide as their light shows: of stars by their S/N, of others by their area. */
function maskSources({ columns: c }: FrameSources, fwhmPix: number, mask: Uint16Array, shape: Shape): void {
  for (let i = 0; i < c.count; i++) {
    const snr = Math.max(c.snrWin[i]! || c.fluxAuto[i]! / c.fluxAutoErr[i]! || 5, 1);
    const star = fwhmPix * (1.3 + 0.9 * Math.log10(snr));
    const wide = 2 * (c.fwhm[i]! > 0 ? c.fwhm[i]! : 0);
    maskDisc(c.x[i]!, c.y[i]!, Math.min(Math.max(star, wide), 60), mask, shape);
  }
}

function maskDisc(x0: number, y0: number, radius: number, mask: Uint16Array, { width, height }: Shape): void {
  for (let y = Math.max(0, Math.ceil(y0 - radius)); y <= Math.min(height - 1, y0 + radius); y++) {
    const reach = Math.sqrt(radius * radius - (y - y0) ** 2);
    const from = y * width + Math.max(0, Math.ceil(x0 - reach));
    const to = y * width + Math.min(width - 1, Math.floor(x0 + reach));
    for (let i = from; i <= to; i++) mask[i]! |= SOURCE;
  }
}

/** Pixels of the frame whose place on the stack belongs to a source. */
function maskObjects({ plane, shape: stack, grid }: ObjectMap, mask: Uint16Array, { width, height }: Shape): void {
  const at = new Float64Array(2);
  for (let y = 0; y < height; y++) {
    for (let x0 = 0; x0 < width; x0 += GRID_STEP) {
      gridAt(grid, x0, y, at);
      const [u, v] = [at[0]!, at[1]!];
      gridAt(grid, x0 + GRID_STEP, y, at);
      const du = (at[0]! - u) / GRID_STEP;
      const dv = (at[1]! - v) / GRID_STEP;
      for (let j = 0, e = Math.min(GRID_STEP, width - x0); j < e; j++) {
        const px = Math.round(u + j * du);
        const py = Math.round(v + j * dv);
        if (px < 0 || py < 0 || px >= stack.width || py >= stack.height) continue;
        if (plane[py * stack.width + px] !== 0) mask[y * width + x0 + j]! |= SOURCE;
      }
    }
  }
}
