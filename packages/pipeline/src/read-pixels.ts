import {
  type DecodeTarget,
  decodeTiles,
  type Hdu,
  imageScaling,
  loadTiles,
  planTiles,
  readImage,
  readStoredBytes,
  type TileBytes,
  type TilePlan,
  TileStore,
} from '@colibri/fits';
import type { Compute, RiceTiles } from '@colibri/numerics';
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
    if (isPlainFloat(hdu)) await readFloats(hdu, out as Float32Array, compute);
    else if (!tiles) await readImage(hdu, { out });
    else {
      const scaling = { ...imageScaling(hdu.header, hdu.bitpix), type: isUint16 ? 'uint16' : 'float32' } as const;
      await unpack(tiles, await loadTiles(hdu, tiles, 0, tiles.tileCount), { out, scaling }, compute);
    }
    return out;
  } catch (error) {
    compute.free(out);
    throw error;
  }
}

/** Floats in single precision that are what they stand for. */
function isPlainFloat(hdu: Hdu): boolean {
  const { scale, zero } = imageScaling(hdu.header, hdu.bitpix);
  return hdu.kind === 'image' && hdu.bitpix === -32 && scale === 1 && zero === 0 && isLittleEndian;
}

const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** The bytes of the file become numbers where they lie. */
async function readFloats(hdu: Hdu, out: Float32Array, compute: Compute): Promise<void> {
  await readStoredBytes(hdu, new Uint8Array(out.buffer, out.byteOffset, out.byteLength));
  await compute.swapWords(out);
}

/** Unpacks all tiles: those of a raw frame by the arithmetic's own function, others by the reader of the format. */
async function unpack(plan: TilePlan, packed: TileBytes, target: DecodeTarget, compute: Compute): Promise<void> {
  const rice = riceTiles(plan, packed);
  const here = (): void => decodeTiles(plan, packed, 0, plan.tileCount, target);
  if (rice && target.out instanceof Uint16Array) {
    if ((await compute.unpackRice(rice, SIGN, target.out)) >= 0) here(); // which says what is wrong, and where
  } else if (compute.hasBrought('decodeTiles')) {
    const args: DecodeTilesArgs = { plan, packed, target };
    // Once more here, for the error itself: from another thread comes its text alone.
    await compute.runBrought('decodeTiles', args, plan.tileCount, { chunk: TILE_CHUNK }).catch(here);
  } else here();
}

/** Unsigned 16-bit integers are stored as signed ones less 32768, which is a change of the highest bit. */
const SIGN = 0x8000;

/** The tiles for `Compute.unpackRice`, where they are 16-bit integers in whole rows; else null. */
function riceTiles(plan: TilePlan, { start, bytes }: TileBytes): RiceTiles | null {
  const isRice = plan.algorithm === 'RICE_1' && plan.bytePix === 2 && plan.stores.every((store) => store === TileStore.PACKED);
  // Tiles are whole rows, or rows and planes: each then follows the one before.
  const firstCut = plan.tiles.findIndex((n) => n > 1);
  const isInOrder = plan.tileShape.every((size, axis) => axis <= firstCut || firstCut < 0 || size === 1);
  if (!isRice || !isInOrder) return null;
  return {
    bytes,
    offsets: Int32Array.from(plan.offsets, (offset) => offset - start),
    lengths: Int32Array.from(plan.lengths),
    tilePixels: plan.tilePixels,
    blockSize: plan.blockSize,
  };
}
