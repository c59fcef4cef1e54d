import { MaskPlane } from '../mask-plane.ts';
import { assertPlane, type Shape } from '../shape.ts';
import { type CoordinateGrid, cellArea, GRID_STEP } from './coordinate-grid.ts';
import { LANCZOS_STRIDE, lanczosTable, lanczosWeights } from './lanczos.ts';
import { cellShear } from './shear.ts';

/** The image to resample. Every value is finite; bad pixels were filled from their neighbours, and their mask tells them. */
export interface ResampleInput extends Shape {
  readonly data: Float32Array;
  readonly variance: Float32Array;
  readonly mask: Uint16Array;
  /** `nearBad` of the mask. */
  readonly near: Uint8Array;
}

export interface ResampleOptions extends Shape {
  /** Where the pixels of the result lie on the input. */
  readonly grid: CoordinateGrid;
  /** Values are multiplied by it, variances by its square. */
  readonly scale: number;
  /** A pixel is masked when bad ones have more than this share of its weights |w|; default 0.2. */
  readonly mostBad?: number;
  /** Only these rows, from and to (exclusive); the others are left. The first is taken down to a multiple of 16. */
  readonly rows?: readonly [number, number];
}

/** `mask`: 0 where the pixel is good, else the bits of the bad pixels in it, NO_DATA outside of the input. Data and variance are 0 outside. */
export interface ResampledPlanes {
  readonly data: Float32Array;
  readonly variance: Float32Array;
  readonly mask: Uint16Array;
}

/** Planes to fill; `variance` null: nobody asks for it. */
export type ResampleTarget = Omit<ResampledPlanes, 'variance'> & { readonly variance: Float32Array | null };

/** Rows and columns at the border of the input that serve the resampling of others only. */
const LOW = 2;
const HIGH = 6;

/**
 * Lanczos-3 interpolation at the places that `grid` tells, times the area of the input that a pixel covers, so that the light of a source
 * is kept. Variances go through the squares of the weights, of which the four middle pixels stand for all 36: exact where the variance is
 * flat, and near enough at stars. Neighbours are correlated afterwards (see `resamplingPower`). The square of 36 pixels leans with the grid where that is
 * turned little (`cellShear`).
 */
export function resample<T extends ResampleTarget>(input: ResampleInput, options: ResampleOptions, out: T): T {
  assertResample(input, options, out);
  const [y0, y1] = options.rows ?? [0, options.height];
  resampleRows(input, options, lanczosTable(), out, Math.floor(y0 / GRID_STEP) * GRID_STEP, y1);
  return out;
}

function resampleRows(
  input: ResampleInput,
  options: ResampleOptions,
  table: Float32Array,
  out: ResampleTarget,
  y0: number,
  y1: number,
) {
  const { grid, width, scale, mostBad = MOST_BAD } = options;
  const { columns, u: gu, v: gv } = grid;
  const wx = new Float64Array(LANCZOS_STRIDE);
  const wy = new Float64Array(LANCZOS_STRIDE);
  for (let y = y0; y < y1; y++) {
    const r = Math.floor(y / GRID_STEP);
    const fy = (y - r * GRID_STEP) / GRID_STEP;
    for (let c = 0; c * GRID_STEP < width; c++) {
      const k = r * columns + c;
      const u0 = gu[k]! + fy * (gu[k + columns]! - gu[k]!);
      const v0 = gv[k]! + fy * (gv[k + columns]! - gv[k]!);
      const du = (gu[k + 1]! + fy * (gu[k + 1 + columns]! - gu[k + 1]!) - u0) / GRID_STEP;
      const dv = (gv[k + 1]! + fy * (gv[k + 1 + columns]! - gv[k + 1]!) - v0) / GRID_STEP;
      const factor = scale * cellArea(grid, c, r);
      const shear = cellShear(grid, c, r, input);
      const end = Math.min((c + 1) * GRID_STEP, width);
      for (let x = c * GRID_STEP; x < end; x++) {
        const j = x - c * GRID_STEP;
        const at = { u: u0 + j * du, v: v0 + j * dv, shear, factor, mostBad };
        resamplePixel(input, at, table, wx, wy, out, y * width + x);
      }
    }
  }
}

/** Where a pixel of the result lies on the input, the shear of its cell, and what its value is multiplied by. */
export interface ResamplePlace {
  readonly u: number;
  readonly v: number;
  readonly shear: number;
  readonly factor: number;
  readonly mostBad: number;
}

/** One pixel of the result; `wx` and `wy` are work space of eight. */
export function resamplePixel(
  input: ResampleInput,
  { u, v, shear, factor, mostBad }: ResamplePlace,
  table: Float32Array,
  wx: Float64Array,
  wy: Float64Array,
  out: ResampleTarget,
  o: number,
): void {
  const { width: sw, height: sh, data, variance, mask, near } = input;
  const iu = Math.floor(u);
  const iv = Math.floor(v);
  if (!(iu >= LOW && iv >= LOW && iu < sw - HIGH && iv < sh - HIGH)) {
    out.data[o] = 0;
    if (out.variance) out.variance[o] = 0;
    out.mask[o] = MaskPlane.NO_DATA;
    return;
  }
  lanczosWeights(table, v - iv, wy);
  let sum = 0;
  let noise = 0;
  for (let b = 0; b < 6; b++) {
    const at = u + shear * (iv - 2 + b - v);
    const left = Math.floor(at);
    lanczosWeights(table, at - left, wx);
    const p = (iv - 2 + b) * sw + left;
    let s = 0;
    for (let a = 0; a < 6; a++) s += wx[a]! * data[p - 2 + a]!;
    sum += wy[b]! * s;
    if (b === 2 || b === 3) noise += wy[b + 4]! * (wx[6]! * variance[p]! + wx[7]! * variance[p + 1]!);
  }
  out.data[o] = sum * factor;
  if (out.variance) out.variance[o] = noise * factor * factor;
  out.mask[o] = 0;
  if (near[iv * sw + iu] === 0) return;
  lanczosWeights(table, u - iu, wx);
  out.mask[o] = badBits(mask, sw, iu, iv, wx, wy, mostBad);
}

/** Bits of the bad pixels if they weigh more than `most` together. */
function badBits(
  mask: Uint16Array,
  sw: number,
  iu: number,
  iv: number,
  wx: Float64Array,
  wy: Float64Array,
  most: number,
): number {
  let bad = 0;
  let all = 0;
  let bits = 0;
  for (let b = 0; b < 6; b++) {
    for (let a = 0; a < 6; a++) {
      const w = Math.abs(wx[a]! * wy[b]!);
      const m = mask[(iv - 2 + b) * sw + iu - 2 + a]!;
      all += w;
      if (m === 0) continue;
      bad += w;
      bits |= m;
    }
  }
  return bad > most * all ? bits : 0;
}

export const MOST_BAD = 0.2;

export function assertResample(input: ResampleInput, { grid, width, height }: ResampleOptions, out: ResampleTarget): void {
  assertPlane(input.data, input, 'The image');
  assertPlane(input.variance, input, 'The variance');
  assertPlane(input.mask, input, 'The mask');
  assertPlane(input.near, input, 'The plane of pixels near bad ones');
  for (const plane of [out.data, out.variance ?? out.data, out.mask])
    assertPlane(plane, { width, height }, 'A plane of the result');
  const nodes = { width: Math.ceil(width / GRID_STEP) + 1, height: Math.ceil(height / GRID_STEP) + 1 };
  assertPlane(grid.u, nodes, 'The grid of coordinates');
}
