import type { TileBytes, TilePlan } from '@colibri/fits';
import { type DecodeTarget, decodeTiles, type EncodedTiles, type EncodePlan, encodeTiles, type PixelArray } from '@colibri/fits';
import type { BroughtTasks } from '@colibri/numerics';

export interface EncodeTilesArgs {
  readonly plan: EncodePlan;
  readonly data: PixelArray;
}

export interface RoundPlaneArgs {
  readonly plane: Float32Array;
  /** A power of two. */
  readonly step: number;
}

export interface DecodeTilesArgs {
  readonly plan: TilePlan;
  readonly packed: TileBytes;
  readonly target: DecodeTarget;
}

/**
 * Packing and unpacking of image tiles as tasks of the pool that does the arithmetic: planes lie in its memory already. Whoever opens
 * the pool brings them (`OpenComputeOptions.tasks`); without, the calling thread does the same work alone.
 */
export const tileTasks = {
  encodeTiles: ({ plan, data }: EncodeTilesArgs, from: number, to: number): EncodedTiles => {
    const tiles = encodeTiles(plan, data, from, to);
    return { ...tiles, bytes: tiles.bytes.slice() }; // a view would take its whole buffer along to the other thread
  },
  roundPlane: ({ plane, step }: RoundPlaneArgs, from: number, to: number): null => {
    const perUnit = 1 / step;
    for (let i = from; i < to; i++) plane[i] = Math.round(plane[i]! * perUnit) * step;
    return null;
  },
  decodeTiles: ({ plan, packed, target }: DecodeTilesArgs, from: number, to: number): null => {
    decodeTiles(plan, packed, from, to, target);
    return null;
  },
} satisfies BroughtTasks;

/** Rows of tiles in a range: some hundred microseconds of work each. */
export const TILE_CHUNK = 64;
