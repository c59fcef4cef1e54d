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
import type { Compute, RiceTiles, TileSteps } from '@colibri/numerics';
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

/** The words of a plane of bits, packed as signed 16-bit integers, in the memory of `compute`; null: it is stored in another way. */
export async function readBits(hdu: Hdu, compute: Compute): Promise<Uint16Array | null> {
  const { type, scale, zero } = imageScaling(hdu.header, hdu.bitpix);
  if (hdu.kind !== 'compressed-image' || type !== 'int16' || scale !== 1 || zero !== 0) return null;
  const plan = await planTiles(hdu);
  if (plan.blanks) return null;
  const rice = riceTiles(plan, await loadTiles(hdu, plan, 0, plan.tileCount), 2);
  if (rice === null) return null;
  const out = compute.uint16(hdu.shape.reduce((product, size) => product * size, 1));
  if ((await compute.unpackRice(rice, 0, out)) < 0) return out;
  compute.free(out); // the reader of the format says what is wrong
  return null;
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
  const isShort = target.out instanceof Uint16Array;
  const steps = isShort ? null : tileSteps(plan, target);
  const rice = isShort || steps ? riceTiles(plan, packed, isShort ? 2 : 4) : null;
  const here = (): void => decodeTiles(plan, packed, 0, plan.tileCount, target);
  if (rice && target.out instanceof Uint16Array) {
    if ((await compute.unpackRice(rice, SIGN, target.out)) >= 0) here(); // which says what is wrong, and where
  } else if (rice && steps && target.out instanceof Float32Array) {
    if ((await compute.unpackRiceFloats(rice, steps, target.out)) >= 0) here();
  } else if (compute.hasBrought('decodeTiles')) {
    const args: DecodeTilesArgs = { plan, packed, target };
    // Once more here, for the error itself: from another thread comes its text alone.
    await compute.runBrought('decodeTiles', args, plan.tileCount, { chunk: TILE_CHUNK }).catch(here);
  } else here();
}

/** Unsigned 16-bit integers are stored as signed ones less 32768, which is a change of the highest bit. */
const SIGN = 0x8000;

/** The integer of pixels without value where none is declared. */
const NULL_VALUE = -2147483647;

/** What the integers of a float image stand for where that is said tile by tile, without dither and with one value for all that is missing; else null. */
function tileSteps({ bitpix, scales, zeros, blanks, dither }: TilePlan, { scaling }: DecodeTarget): TileSteps | null {
  if (
    bitpix > 0 ||
    !scales ||
    !zeros ||
    scales.some(Number.isNaN) ||
    dither !== 'none' ||
    scaling.scale !== 1 ||
    scaling.zero !== 0
  )
    return null;
  const blank = blanks?.[0] ?? Number.NaN;
  const isOne = blanks === undefined || blanks.every((other) => Object.is(other, blank));
  return isOne ? { scales, zeros, blank: Number.isNaN(blank) ? NULL_VALUE : blank } : null;
}

/** The tiles for `Compute.unpackRice`, where they are integers of so many bytes in whole rows; else null. */
function riceTiles(plan: TilePlan, { start, bytes }: TileBytes, bytePix: 2 | 4): RiceTiles | null {
  const isRice =
    plan.algorithm === 'RICE_1' && plan.bytePix === bytePix && plan.stores.every((store) => store === TileStore.PACKED);
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
