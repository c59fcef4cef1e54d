import { fromBigEndian } from '../big-endian.ts';
import { codec, gzipLength } from '../codec.ts';
import { fitsTileCorrupt } from '../errors.ts';
import { allocate, type PixelArray, type PixelType, type Scaling, storedType } from '../pixels.ts';
import type { Section } from '../section.ts';
import { storePhysical } from '../store.ts';
import { hcompressDecode } from './hcompress-decode.ts';
import { type TilePlan, TileStore } from './plan.ts';
import { plioDecode } from './plio-decode.ts';
import { unquantizeTile } from './quantize.ts';
import { riceDecode, TileDataError } from './rice-decode.ts';

/** Packed bytes of some tiles, cut out of the file: `bytes[0]` is the byte `start` of the file. */
export interface TileBytes {
  readonly start: number;
  readonly bytes: Uint8Array;
}

export interface DecodeTarget {
  /** The whole image, or the section, row-major; tiles may be decoded into it in any order and from several workers. */
  readonly out: PixelArray;
  readonly scaling: Scaling;
  /** What part of the image `out` holds; all of it when absent. */
  readonly section?: Section;
}

/** Buffers that serve one tile after another; one set per worker. */
interface Scratch {
  readonly ints: Int32Array;
  readonly floats: Float64Array;
}

const identity: Scaling = { scale: 1, zero: 0, blank: undefined, type: 'float64' };

/** Decodes the tiles numbered `from` to `to` (exclusive) into their places. Pure: no I/O, nothing kept. */
export function decodeTiles(plan: TilePlan, packed: TileBytes, from: number, to: number, target: DecodeTarget): void {
  const scratch: Scratch = {
    ints: new Int32Array(plan.tilePixels),
    floats: new Float64Array(plan.scales ? plan.tilePixels : 0),
  };
  for (let tile = from; tile < to; tile++) {
    const place = placeTile(plan, tile);
    const length = plan.lengths[tile]!;
    const start = plan.offsets[tile]! - packed.start;
    try {
      if (length === 0) throw new TileDataError('the tile has no data');
      const { values, scaling } = tileValues(
        plan,
        tile,
        { packed: packed.bytes, at: start, length },
        place.pixels,
        target.scaling,
        scratch,
      );
      scatter(plan, place, values, scaling, target);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      const what = `tile ${tile} of ${plan.tileCount} (${plan.algorithm}) cannot be decoded: ${why}.`;
      throw fitsTileCorrupt({ file: plan.file, hdu: plan.hdu, offset: plan.offsets[tile]!, what, tile }, cause);
    }
  }
}

interface TilePlace {
  /** First pixel and size along each axis. */
  readonly start: readonly number[];
  readonly size: readonly number[];
  readonly pixels: number;
}

export function placeTile(plan: Pick<TilePlan, 'shape' | 'tileShape' | 'tiles'>, tile: number): TilePlace {
  const start: number[] = [];
  const size: number[] = [];
  let rest = tile;
  let pixels = 1;
  for (let axis = 0; axis < plan.shape.length; axis++) {
    const at = (rest % plan.tiles[axis]!) * plan.tileShape[axis]!;
    rest = Math.floor(rest / plan.tiles[axis]!);
    start.push(at);
    size.push(Math.min(plan.tileShape[axis]!, plan.shape[axis]! - at));
    pixels *= size[axis]!;
  }
  return { start, size, pixels };
}

/** The tile's numbers in tile order, and how they become physical ones. */
function tileValues(
  plan: TilePlan,
  tile: number,
  { packed, at, length }: { packed: Uint8Array; at: number; length: number },
  pixels: number,
  scaling: Scaling,
  scratch: Scratch,
): { values: PixelArray; scaling: Scaling } {
  const store = plan.stores[tile]!;
  const bytes = packed.subarray(at, at + length);
  const isFloat = plan.bitpix < 0;
  const scale = plan.scales?.[tile];
  const isQuantized = isFloat && store === TileStore.PACKED && scale !== undefined && !Number.isNaN(scale);
  if (store === TileStore.RAW || plan.algorithm === 'NOCOMPRESS') {
    const type = isQuantized ? 'int32' : storedType(plan.bitpix);
    if (bytes.length !== pixels * (isQuantized ? 4 : Math.abs(plan.bitpix) / 8))
      throw new TileDataError('its length is not that of its pixels');
    return finish(fromBigEndian(bytes, type, pixels));
  }
  if (store === TileStore.GZIP) return finish(gunzipTile(bytes, pixels, plan.bitpix, false));
  if (isFloat && !isQuantized && !plan.algorithm.startsWith('GZIP')) throw new TileDataError('floats without ZSCALE and ZZERO');
  switch (plan.algorithm) {
    case 'RICE_1':
      riceDecode(packed, at, at + length, scratch.ints, pixels, plan.blockSize, isQuantized ? 4 : plan.bytePix);
      return finish(scratch.ints);
    case 'GZIP_1':
    case 'GZIP_2':
      return finish(gunzipTile(bytes, pixels, isQuantized ? 32 : plan.bitpix, plan.algorithm === 'GZIP_2'));
    case 'PLIO_1':
      plioDecode(bytes, scratch.ints, pixels);
      return finish(scratch.ints);
    default:
      hcompressDecode(
        bytes,
        scratch.ints,
        placeTile(plan, tile).size.filter((n) => n > 1),
        plan.isSmoothed,
      );
      return finish(scratch.ints);
  }

  function finish(values: PixelArray): { values: PixelArray; scaling: Scaling } {
    if (isQuantized) {
      const ints = values instanceof Int32Array ? values : Int32Array.from(values as Int16Array);
      unquantizeTile(plan, tile, ints, pixels, scratch.floats);
      return { values: scratch.floats, scaling: outer(scaling) };
    }
    if (isFloat) return { values, scaling: outer(scaling) };
    const declared = plan.blanks?.[tile];
    const blank = declared === undefined || Number.isNaN(declared) ? undefined : declared;
    // Integers asked for as stored keep their blanks; a ZBLANK is honoured wherever the output can hold NaN.
    const canBlank = scaling.type === 'float32' || scaling.type === 'float64';
    return { values, scaling: blank !== undefined && canBlank ? { ...scaling, blank } : scaling };
  }
}

/** BSCALE and BZERO of a float image apply after unquantising; they are nearly always absent. */
const outer = (scaling: Scaling): Scaling =>
  scaling.scale === 1 && scaling.zero === 0 ? identity : { ...scaling, blank: undefined };

/**
 * A gzipped tile: big-endian numbers, for GZIP_2 with the bytes of each significance together. Writers may use fewer
 * bytes than BITPIX says (cfitsio does for small integers), so the length decides.
 */
function gunzipTile(bytes: Uint8Array, pixels: number, bitpix: number, isShuffled: boolean): PixelArray {
  if (bytes.length < 18) throw new TileDataError('too short for gzip');
  const length = gzipLength(bytes);
  const size = length / pixels;
  const expected = Math.abs(bitpix) / 8;
  if (size !== expected && !(bitpix > 0 && (size === 1 || size === 2 || size === 4))) {
    throw new TileDataError(`its gzip trailer announces ${length} bytes for ${pixels} pixels`);
  }
  const plain = codec().gunzip(bytes, length);
  if (plain.length !== length) throw new TileDataError(`${plain.length} bytes unpacked, ${length} announced`);
  const type: PixelType = bitpix < 0 ? storedType(bitpix) : storedType(size * 8);
  return fromBigEndian(isShuffled ? unshuffle(plain, size) : plain, type, pixels, allocate(type, pixels));
}

export function unshuffle(bytes: Uint8Array, size: number): Uint8Array {
  if (size === 1) return bytes;
  const count = bytes.length / size;
  const out = new Uint8Array(bytes.length);
  for (let k = 0; k < size; k++) {
    for (let i = 0, from = k * count; i < count; i++) out[i * size + k] = bytes[from + i]!;
  }
  return out;
}

/** Puts the lines of a tile where they belong, cut to the section. */
function scatter(plan: TilePlan, place: TilePlace, values: PixelArray, scaling: Scaling, { out, section }: DecodeTarget): void {
  const { start, size, pixels } = place;
  const width = size[0]!;
  const axes = plan.shape.length;
  const from = section ? Math.max(start[0]!, section[0]![0]) : start[0]!;
  const end = section ? Math.min(start[0]! + width, section[0]![1]) : start[0]! + width;
  if (from >= end) return;
  for (let line = 0; line * width < pixels; line++) {
    let rest = line;
    let at = from - (section ? section[0]![0] : 0);
    let stride = section ? section[0]![1] - section[0]![0] : plan.shape[0]!;
    let isInside = true;
    for (let axis = 1; axis < axes; axis++) {
      const where = start[axis]! + (rest % size[axis]!);
      rest = Math.floor(rest / size[axis]!);
      const [low, high] = section ? section[axis]! : [0, plan.shape[axis]!];
      isInside &&= where >= low && where < high;
      at += (where - low) * stride;
      stride *= high - low;
    }
    if (isInside) storePhysical(values, line * width + from - start[0]!, end - from, scaling, out, at);
  }
}
