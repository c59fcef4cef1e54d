import { toBigEndian } from '../big-endian.ts';
import { codec } from '../codec.ts';
import type { PixelArray, PixelType } from '../pixels.ts';
import { placeTile } from './decode.ts';
import type { DitherMethod } from './dither.ts';
import { noiseScratch } from './noise.ts';
import { TileStore } from './plan.ts';
import { quantizeTile } from './quantize-encode.ts';
import { riceEncode, riceRoom } from './rice-encode.ts';

/** How an image is cut and packed: plain data, made to be posted to workers. */
export interface EncodePlan {
  readonly shape: readonly number[];
  readonly tileShape: readonly number[];
  readonly tiles: readonly number[];
  readonly tileCount: number;
  readonly tilePixels: number;
  readonly type: PixelType;
  readonly algorithm: 'RICE_1' | 'GZIP_2';
  /** Absent: without loss. */
  readonly quantize?: {
    readonly level: number;
    readonly dither: DitherMethod;
    readonly seed: number;
    readonly blanks: 'zblank' | 'lossless';
  };
}

/** Packed tiles, one after another, and what the table says of each. */
export interface EncodedTiles {
  readonly bytes: Uint8Array;
  readonly lengths: Float64Array;
  /** TileStore.PACKED, or GZIP for floats that could not be quantised. */
  readonly stores: Uint8Array;
  readonly scales: Float64Array;
  readonly zeros: Float64Array;
  readonly hasNull: boolean;
}

/** Packs the tiles numbered `from` to `to` (exclusive) of the whole image `data`. Pure: no I/O, nothing kept. */
export function encodeTiles(plan: EncodePlan, data: PixelArray, from: number, to: number): EncodedTiles {
  const count = to - from;
  const lengths = new Float64Array(count);
  const stores = new Uint8Array(count);
  const scales = new Float64Array(count);
  const zeros = new Float64Array(count);
  const room = plan.tilePixels * 12 + 4096;
  let bytes = new Uint8Array(Math.max(2 * room, Math.ceil((count * plan.tilePixels * Math.min(4, data.BYTES_PER_ELEMENT)) / 2)));
  let at = 0;
  let hasNull = false;
  const ints = new Int32Array(plan.tilePixels);
  const zigzag = new Int32Array(32);
  const scratch = noiseScratch(plan.tileShape[0]!);
  const piece = data.slice(0, 0).constructor as new (length: number) => PixelArray;
  const values = new piece(plan.tilePixels);
  const isFloat = plan.type.startsWith('float');
  for (let tile = from; tile < to; tile++) {
    if (at + room > bytes.length) {
      const larger = new Uint8Array(2 * bytes.length + room);
      larger.set(bytes.subarray(0, at));
      bytes = larger;
    }
    const { pixels, size } = cut(plan, tile, data, values);
    let stored: Int32Array | undefined;
    if (isFloat && plan.quantize) {
      const floats = values as Float32Array | Float64Array;
      const quantized = quantizeTile(floats, size[0]!, pixels / size[0]!, { ...plan.quantize, tile }, ints, scratch);
      if (quantized) {
        scales[tile - from] = quantized.scale;
        zeros[tile - from] = quantized.zero;
        hasNull ||= quantized.hasNull;
        stored = ints;
      } else stores[tile - from] = TileStore.GZIP;
    }
    let length: number;
    if (stores[tile - from] === TileStore.GZIP)
      length = append(codec().gzip(bigEndian(values.subarray(0, pixels) as PixelArray)));
    else if (plan.algorithm === 'RICE_1') {
      if (!stored) toStoredInts(values, plan.type, pixels, ints);
      const bytePix = isFloat ? 4 : values.BYTES_PER_ELEMENT;
      if (riceRoom(pixels, bytePix) > room) throw new RangeError('the buffer is too small');
      length = riceEncode(ints, pixels, bytePix, bytes, at, zigzag);
    } else {
      const whole = stored ? stored.subarray(0, pixels) : (values.subarray(0, pixels) as PixelArray);
      const big = bigEndian(whole);
      if (!stored && !isFloat) flipSign(big, plan.type, whole.BYTES_PER_ELEMENT);
      length = append(codec().gzip(shuffle(big, whole.BYTES_PER_ELEMENT)));
    }
    lengths[tile - from] = length;
    at += length;
  }
  return { bytes: bytes.subarray(0, at), lengths, stores, scales, zeros, hasNull };

  function append(packed: Uint8Array): number {
    if (at + packed.length > bytes.length) {
      const larger = new Uint8Array(bytes.length + packed.length + room);
      larger.set(bytes.subarray(0, at));
      bytes = larger;
    }
    bytes.set(packed, at);
    return packed.length;
  }
}

/** Copies one tile out of the image, line by line. */
function cut(plan: EncodePlan, tile: number, data: PixelArray, values: PixelArray): { pixels: number; size: readonly number[] } {
  const { start, size, pixels } = placeTile(plan, tile);
  const width = size[0]!;
  for (let line = 0; line * width < pixels; line++) {
    let rest = line;
    let at = start[0]!;
    let stride = plan.shape[0]!;
    for (let axis = 1; axis < plan.shape.length; axis++) {
      at += (start[axis]! + (rest % size[axis]!)) * stride;
      rest = Math.floor(rest / size[axis]!);
      stride *= plan.shape[axis]!;
    }
    (values as Float64Array).set(data.subarray(at, at + width) as Float64Array, line * width);
  }
  return { pixels, size };
}

/** What the file stores: unsigned types minus half their range, int8 plus half. */
function toStoredInts(values: PixelArray, type: PixelType, count: number, ints: Int32Array): void {
  const numbers = values as Int32Array;
  const zero = type === 'uint16' ? 32_768 : type === 'uint32' ? 2 ** 31 : type === 'int8' ? -128 : 0;
  for (let i = 0; i < count; i++) ints[i] = numbers[i]! - zero;
}

function flipSign(bytes: Uint8Array, type: PixelType, size: number): void {
  if (type === 'int8' || type === 'uint16' || type === 'uint32') for (let i = 0; i < bytes.length; i += size) bytes[i]! ^= 0x80;
}

function bigEndian(values: PixelArray): Uint8Array {
  const bytes = new Uint8Array(values.byteLength);
  toBigEndian(values, bytes, 0);
  return bytes;
}

function shuffle(bytes: Uint8Array, size: number): Uint8Array {
  if (size === 1) return bytes;
  const count = bytes.length / size;
  const out = new Uint8Array(bytes.length);
  for (let k = 0; k < size; k++) for (let i = 0, to = k * count; i < count; i++) out[to + i] = bytes[i * size + k]!;
  return out;
}
