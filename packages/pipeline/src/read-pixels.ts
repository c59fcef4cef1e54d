import { decodeTiles, type Hdu, imageScaling, loadTiles, planTiles, readImage } from '@colibri/fits';
import type { Compute } from '@colibri/numerics';
import { type DecodeTilesArgs, TILE_CHUNK } from './products/tile-tasks.ts';

/**
 * Physical pixel values of an image: unsigned 16-bit integers where the file has them, else float32. With `compute` they lie in its
 * memory (the caller frees them), and tiles are unpacked by all its threads.
 */
export async function readPixels(hdu: Hdu, compute: Compute | null): Promise<Uint16Array | Float32Array> {
  const length = hdu.shape.reduce((product, size) => product * size, 1);
  const isUint16 = imageScaling(hdu.header, hdu.bitpix).type === 'uint16';
  if (!compute) {
    const { data } = isUint16 ? await readImage(hdu) : await readImage(hdu, { as: 'float32' });
    return data as Uint16Array | Float32Array;
  }
  // What a damaged file cannot hold is refused before memory is taken for it.
  const tiles = hdu.kind === 'compressed-image' && length > 0 ? await planTiles(hdu) : null;
  const out = isUint16 ? compute.uint16(length) : compute.float32(length);
  try {
    if (!tiles || !compute.hasBrought('decodeTiles')) await readImage(hdu, { out });
    else {
      const scaling = { ...imageScaling(hdu.header, hdu.bitpix), type: isUint16 ? 'uint16' : 'float32' } as const;
      const packed = await loadTiles(hdu, tiles, 0, tiles.tileCount);
      const args: DecodeTilesArgs = { plan: tiles, packed, target: { out, scaling } };
      await compute.runBrought('decodeTiles', args, tiles.tileCount, { chunk: TILE_CHUNK }).catch(() => {
        // Once more here, for the error itself: from another thread comes its text alone.
        decodeTiles(tiles, packed, 0, tiles.tileCount, args.target);
      });
    }
    return out;
  } catch (error) {
    compute.free(out);
    throw error;
  }
}
