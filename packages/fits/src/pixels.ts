import type { Header } from './header.ts';

/** Numbers of one image or column, in the type that holds them exactly (or as float where they are scaled). */
export type PixelArray =
  | Uint8Array
  | Int8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | Float32Array
  | Float64Array;

export type PixelType = 'uint8' | 'int8' | 'int16' | 'uint16' | 'int32' | 'uint32' | 'int64' | 'uint64' | 'float32' | 'float64';

const constructors = {
  uint8: Uint8Array,
  int8: Int8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  float32: Float32Array,
  float64: Float64Array,
} as const;

export const allocate = (type: PixelType, length: number): PixelArray => new constructors[type](length);

export function pixelTypeOf(array: PixelArray): PixelType {
  for (const type of Object.keys(constructors) as PixelType[]) if (array instanceof constructors[type]) return type;
  throw new TypeError('not an array of pixels');
}

export const storedType = (bitpix: number): PixelType =>
  (({ 8: 'uint8', 16: 'int16', 32: 'int32', 64: 'int64', '-32': 'float32' }) as Record<number, PixelType>)[bitpix] ?? 'float64';

/** How stored values become physical ones: `physical = stored · scale + zero`; `blank` marks stored integers without value. */
export interface Scaling {
  readonly scale: number;
  readonly zero: number;
  readonly blank: number | undefined;
  /** The type that the physical values need: integers that are only shifted stay integers. */
  readonly type: PixelType;
}

const shifted: Partial<Record<number, { zero: number; type: PixelType }>> = {
  8: { zero: -128, type: 'int8' },
  16: { zero: 2 ** 15, type: 'uint16' },
  32: { zero: 2 ** 31, type: 'uint32' },
  64: { zero: 2 ** 63, type: 'uint64' },
};

/** Decides the physical type from BITPIX, scale, zero and blank alone, never from the values. */
export function scalingOf(bitpix: number, scale = 1, zero = 0, blank?: number): Scaling {
  const stored = storedType(bitpix);
  if (bitpix < 0) return { scale, zero, blank: undefined, type: stored };
  if (blank === undefined && scale === 1) {
    if (zero === 0) return { scale, zero, blank, type: stored };
    const shift = shifted[bitpix];
    if (shift?.zero === zero) return { scale, zero, blank, type: shift.type };
  }
  // 24 bits of mantissa hold any 16-bit integer; wider ones need a double.
  return { scale, zero, blank, type: bitpix <= 16 ? 'float32' : 'float64' };
}

/** BSCALE, BZERO and BLANK of an image header. */
export function imageScaling(header: Header, bitpix: number): Scaling {
  const scale = header.number('BSCALE') ?? 1;
  const zero = header.number('BZERO') ?? 0;
  const blank = bitpix > 0 ? header.number('BLANK') : undefined;
  return scalingOf(bitpix, scale, zero, blank !== undefined && Number.isInteger(blank) ? blank : undefined);
}
