import { toBigEndian } from './big-endian.ts';
import { fitsCannotWrite } from './errors.ts';
import { Header } from './header.ts';
import type { PixelArray } from './pixels.ts';
import { pixelTypeOf } from './pixels.ts';
import type { CompressOptions } from './tiles/compress-image.ts';
import { compressedImageHdu } from './tiles/compress-image.ts';
import { type WritableHdu, withCards } from './write.ts';

export interface ImageInput {
  /** Row-major, NAXIS1 fastest. Unsigned integers are written by the BZERO convention, Int8 with BZERO = -128. */
  readonly data: PixelArray;
  /** [NAXIS1, NAXIS2 …] */
  readonly shape: readonly number[];
  /** More cards; those that describe the storage (BITPIX, NAXIS, BZERO …) are left out. */
  readonly header?: Header;
  /** EXTNAME */
  readonly name?: string;
  /** BUNIT */
  readonly unit?: string;
  /** The stored integer that marks pixels without value (integer data only). */
  readonly blank?: number;
  /** Packs by tiles; the HDU is then a binary table. */
  readonly compress?: CompressOptions;
}

/** BITPIX, BZERO and the stored bytes of each kind of array. */
export const storage = {
  uint8: { bitpix: 8, bzero: undefined },
  int8: { bitpix: 8, bzero: -128 },
  int16: { bitpix: 16, bzero: undefined },
  uint16: { bitpix: 16, bzero: 2 ** 15 },
  int32: { bitpix: 32, bzero: undefined },
  uint32: { bitpix: 32, bzero: 2 ** 31 },
  int64: { bitpix: 64, bzero: undefined },
  uint64: { bitpix: 64, bzero: 2n ** 63n },
  float32: { bitpix: -32, bzero: undefined },
  float64: { bitpix: -64, bzero: undefined },
} as const;

/** An image to be written, plain or compressed. */
export function imageHdu(input: ImageInput): WritableHdu {
  const { data, shape, compress } = input;
  const length = shape.reduce((product, size) => product * size, 1);
  if (shape.length === 0 || shape.some((size) => !Number.isInteger(size) || size < 0) || data.length !== length) {
    const what = `${data.length} pixels do not make the shape ${JSON.stringify(shape)}.`;
    throw fitsCannotWrite({ file: input.name ?? 'image', hdu: 0, offset: 0, what });
  }
  if (compress && length > 0) return compressedImageHdu(input, compress);
  const bytes = new Uint8Array(data.byteLength);
  toBigEndian(data, bytes, 0);
  const type = pixelTypeOf(data);
  // Unsigned minus half the range is the same bits with the sign flipped.
  if (type === 'int8' || type.startsWith('uint')) flipSigns(bytes, type === 'uint8' ? 0 : data.BYTES_PER_ELEMENT);
  return { data: bytes, canBePrimary: true, header: (isPrimary) => imageHeader(input, isPrimary) };
}

function flipSigns(bytes: Uint8Array, size: number): void {
  if (size > 0) for (let i = 0; i < bytes.length; i += size) bytes[i]! ^= 0x80;
}

/** The cards of an image as it is when not compressed. */
function imageHeader(input: ImageInput, isPrimary: boolean): Header {
  const { bitpix, bzero } = storage[pixelTypeOf(input.data)];
  const header = isPrimary
    ? Header.of([['SIMPLE', true, 'conforms to FITS standard']])
    : Header.of([['XTENSION', 'IMAGE', 'image extension']]);
  header.append('BITPIX', bitpix, 'bits per data value').append('NAXIS', input.shape.length, 'number of axes');
  input.shape.forEach((size, i) => {
    header.append(`NAXIS${i + 1}`, size);
  });
  if (!isPrimary) header.append('PCOUNT', 0, 'no parameters').append('GCOUNT', 1, 'one group');
  if (bzero !== undefined) header.append('BSCALE', 1, 'physical = stored * BSCALE + BZERO').append('BZERO', bzero);
  if (input.blank !== undefined && bitpix > 0) header.append('BLANK', input.blank, 'stored value of pixels without value');
  if (input.name !== undefined) header.append('EXTNAME', input.name);
  if (input.unit !== undefined) header.append('BUNIT', input.unit);
  return withCards(header, input.header);
}
