import { fitsCannotWrite } from '../errors.ts';
import { Header } from '../header.ts';
import { pixelTypeOf } from '../pixels.ts';
import { type WritableHdu, withCards } from '../write.ts';
import { type ImageInput, storage } from '../write-image.ts';
import { NULL_VALUE } from './dither.ts';
import { type EncodedTiles, type EncodePlan, encodeTiles } from './encode.ts';
import { TileStore } from './plan.ts';

export interface QuantizeOptions {
  /**
   * The step is the noise of the tile divided by this (fpack's -q); default 4. Negative: the step itself, in units of
   * the data.
   */
  readonly level?: number;
  /** dither2 keeps pixels that are exactly 0. Default dither1. */
  readonly dither?: 'none' | 'dither1' | 'dither2';
  /** 1 to 10000 (ZDITHER0); default 1, so that the same pixels give the same bytes. */
  readonly seed?: number;
  /**
   * Tiles with NaN: `zblank` (default) marks the pixels by ZBLANK, as cfitsio does; astropy before 5.3 overlooks that and
   * shows a number there. `lossless` packs such tiles by gzip without loss, which every reader understands but which
   * takes about three times the room and time.
   */
  readonly blanks?: 'zblank' | 'lossless';
}

export interface CompressOptions {
  readonly algorithm: 'RICE_1' | 'GZIP_2';
  /** Shape of a tile; one row when absent. */
  readonly tile?: readonly number[];
  /** Of floats. `lossless` needs GZIP_2. Default: quantised at level 4 with dither1 for RICE_1, lossless for GZIP_2. */
  readonly quantize?: QuantizeOptions | 'lossless';
}

/** Decides tiles and quantising of an image to be packed. */
export function planEncoding(
  { data, shape, name }: Pick<ImageInput, 'data' | 'shape' | 'name'>,
  options: CompressOptions,
): EncodePlan {
  const type = pixelTypeOf(data);
  const fail = (what: string): Error => fitsCannotWrite({ file: name ?? 'image', hdu: 0, offset: 0, what });
  const { algorithm } = options;
  if (type.endsWith('int64')) throw fail('64-bit integers cannot be packed by tiles; write them plainly.');
  const isFloat = type.startsWith('float');
  const wish = options.quantize ?? (algorithm === 'GZIP_2' ? 'lossless' : {});
  if (isFloat && wish === 'lossless' && algorithm === 'RICE_1')
    throw fail('RICE_1 packs floats only quantised; GZIP_2 packs them without loss.');
  const wanted = options.tile ?? shape.map((size, i) => (i === 0 ? size : 1));
  if (wanted.length !== shape.length || wanted.some((n) => !Number.isInteger(n) || n < 1)) {
    throw fail(`the tile ${JSON.stringify(wanted)} does not fit the shape ${JSON.stringify(shape)}.`);
  }
  const tileShape = wanted.map((n, i) => Math.min(n, shape[i]!));
  const tiles = shape.map((size, i) => Math.ceil(size / tileShape[i]!));
  const common = {
    shape,
    tileShape,
    tiles,
    tileCount: tiles.reduce((product, n) => product * n, 1),
    tilePixels: tileShape.reduce((product, n) => product * n, 1),
    type,
    algorithm,
  };
  if (!isFloat || wish === 'lossless') return common;
  const { level = 4, dither = 'dither1', seed = 1, blanks = 'zblank' } = wish;
  if (!Number.isFinite(level) || level === 0) throw fail(`the quantising level ${level} is not a number other than 0.`);
  if (!Number.isInteger(seed) || seed < 1 || seed > 10_000) throw fail(`the dither seed ${seed} is not from 1 to 10000.`);
  return { ...common, quantize: { level, dither, seed, blanks } };
}

/** Packs an image in this thread. */
export function compressedImageHdu(input: ImageInput, options: CompressOptions): WritableHdu {
  const plan = planEncoding(input, options);
  return assembleTiles(input, plan, [encodeTiles(plan, input.data, 0, plan.tileCount)]);
}

/** Puts packed tiles, made in pieces by any number of workers and given in order, into one HDU. */
export function assembleTiles(
  input: Omit<ImageInput, 'compress'>,
  plan: EncodePlan,
  pieces: readonly EncodedTiles[],
): WritableHdu {
  const hasFallback = pieces.some((piece) => piece.stores.includes(TileStore.GZIP));
  const columns = [{ name: 'COMPRESSED_DATA', store: TileStore.PACKED as number }];
  if (hasFallback) columns.push({ name: 'GZIP_COMPRESSED_DATA', store: TileStore.GZIP });
  const heapBytes = pieces.reduce((sum, { bytes }) => sum + bytes.length, 0);
  const isWide = heapBytes >= 2 ** 31;
  const width = isWide ? 16 : 8;
  const rowBytes = columns.length * width + (plan.quantize ? 16 : 0);
  const tableBytes = rowBytes * plan.tileCount;
  const data = new Uint8Array(tableBytes + heapBytes);
  const view = new DataView(data.buffer);
  const longest = columns.map(() => 0);
  let row = 0;
  let heapAt = 0;
  for (const { bytes, lengths, stores, scales, zeros } of pieces) {
    data.set(bytes, tableBytes + heapAt);
    for (let i = 0; i < lengths.length; i++, row++) {
      const at = row * rowBytes;
      columns.forEach(({ store }, k) => {
        const length = stores[i] === store ? lengths[i]! : 0;
        longest[k] = Math.max(longest[k]!, length);
        const start = length === 0 ? 0 : heapAt;
        if (isWide) {
          view.setBigInt64(at + k * width, BigInt(length));
          view.setBigInt64(at + k * width + 8, BigInt(start));
        } else {
          view.setInt32(at + k * width, length);
          view.setInt32(at + k * width + 4, start);
        }
      });
      if (plan.quantize) {
        view.setFloat64(at + columns.length * width, scales[i]!);
        view.setFloat64(at + columns.length * width + 8, zeros[i]!);
      }
      heapAt += lengths[i]!;
    }
  }
  const forms = columns.map(({ name }, k): [string, string] => [name, `1${isWide ? 'Q' : 'P'}B(${longest[k]})`]);
  if (plan.quantize) forms.push(['ZSCALE', '1D'], ['ZZERO', '1D']);
  const hasNull = pieces.some((piece) => piece.hasNull);
  return { data, canBePrimary: false, header: () => carrierHeader(input, plan, { rowBytes, heapBytes, forms, hasNull }) };
}

interface Carrier {
  readonly rowBytes: number;
  readonly heapBytes: number;
  readonly forms: readonly [name: string, form: string][];
  readonly hasNull: boolean;
}

function carrierHeader(
  input: Omit<ImageInput, 'compress'>,
  plan: EncodePlan,
  { rowBytes, heapBytes, forms, hasNull }: Carrier,
): Header {
  const { bitpix, bzero } = storage[plan.type];
  const header = Header.of([
    ['XTENSION', 'BINTABLE', 'binary table extension'],
    ['BITPIX', 8, '8-bit bytes'],
    ['NAXIS', 2, '2-dimensional table'],
    ['NAXIS1', rowBytes, 'width of a row in bytes'],
    ['NAXIS2', plan.tileCount, 'number of rows, one per tile'],
    ['PCOUNT', heapBytes, 'size of the heap in bytes'],
    ['GCOUNT', 1, 'one group'],
    ['TFIELDS', forms.length, 'number of columns'],
  ]);
  forms.forEach(([name, form], i) => {
    header.append(`TTYPE${i + 1}`, name).append(`TFORM${i + 1}`, form);
  });
  header.append('ZIMAGE', true, 'this is a tile-compressed image').append('ZTENSION', 'IMAGE', 'of the image inside');
  header.append('ZBITPIX', bitpix, 'BITPIX of the image inside').append('ZNAXIS', plan.shape.length, 'number of its axes');
  plan.shape.forEach((size, i) => {
    header.append(`ZNAXIS${i + 1}`, size);
  });
  header.append('ZPCOUNT', 0).append('ZGCOUNT', 1);
  plan.tileShape.forEach((size, i) => {
    header.append(`ZTILE${i + 1}`, size);
  });
  header.append('ZCMPTYPE', plan.algorithm, 'compression algorithm');
  if (plan.algorithm === 'RICE_1') {
    header.append('ZNAME1', 'BLOCKSIZE', 'pixels per block').append('ZVAL1', 32);
    header.append('ZNAME2', 'BYTEPIX', 'bytes per pixel').append('ZVAL2', bitpix < 0 ? 4 : bitpix / 8);
  }
  if (bitpix < 0) header.append('ZQUANTIZ', quantizName(plan), 'how floats became integers');
  if (plan.quantize && plan.quantize.dither !== 'none') header.append('ZDITHER0', plan.quantize.seed, 'seed of the dither');
  if (hasNull) header.append('ZBLANK', NULL_VALUE, 'stored value of pixels without value');
  if (bzero !== undefined) header.append('BSCALE', 1, 'physical = stored * BSCALE + BZERO').append('BZERO', bzero);
  if (input.blank !== undefined && bitpix > 0) header.append('BLANK', input.blank, 'stored value of pixels without value');
  header.append('EXTNAME', input.name ?? 'COMPRESSED_IMAGE');
  if (input.unit !== undefined) header.append('BUNIT', input.unit);
  return withCards(header, input.header);
}

const quantizName = ({ quantize }: EncodePlan): string =>
  quantize === undefined
    ? 'NONE'
    : { none: 'NO_DITHER', dither1: 'SUBTRACTIVE_DITHER_1', dither2: 'SUBTRACTIVE_DITHER_2' }[quantize.dither];
