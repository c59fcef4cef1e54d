import { assembleTiles, type CompressOptions, type ImageInput, planEncoding, type WritableHdu } from '@colibri/fits';
import type { Compute } from '@colibri/numerics';
import { type EncodeTilesArgs, TILE_CHUNK, tileTasks } from './tile-tasks.ts';

/** An image packed by tiles, by all threads of `compute` where they can see its pixels. */
export async function packPlane(input: ImageInput, compress: CompressOptions, compute: Compute): Promise<WritableHdu> {
  const plan = planEncoding(input, compress);
  const args: EncodeTilesArgs = { plan, data: input.data };
  const isShared = input.data.buffer instanceof SharedArrayBuffer && compute.hasBrought('encodeTiles');
  const pieces = isShared
    ? await compute.runBrought<ReturnType<typeof tileTasks.encodeTiles>>('encodeTiles', args, plan.tileCount, {
        chunk: TILE_CHUNK,
      })
    : [tileTasks.encodeTiles(args, 0, plan.tileCount)];
  return assembleTiles(input, plan, pieces);
}
