import { BIN_FORMAT, parseBinColumns } from '../bin-columns.ts';
import { MOST_RATIO } from '../codec.ts';
import { fitsBadCard, fitsCompression, fitsHeapRange, fitsTableLayout, fitsTileCorrupt } from '../errors.ts';
import { type Hdu, placeOf } from '../hdu.ts';
import { readExactly } from '../source.ts';
import { StructureReader } from '../structure.ts';
import { type DitherMethod, ditherMethodOf } from './dither.ts';

export type TileAlgorithm = 'RICE_1' | 'GZIP_1' | 'GZIP_2' | 'PLIO_1' | 'HCOMPRESS_1' | 'NOCOMPRESS';

/** Where the bytes of a tile are found, and how they are packed. */
export const TileStore = { PACKED: 0, GZIP: 1, RAW: 2 } as const;

/** What a worker needs to decode tiles besides their bytes: plain data, made to be posted. */
export interface TilePlan {
  /** For messages. */
  readonly file: string;
  readonly hdu: number;
  /** Of the image, and of a whole tile; NAXIS1 first. */
  readonly shape: readonly number[];
  readonly tileShape: readonly number[];
  /** Tiles along each axis, and in all. */
  readonly tiles: readonly number[];
  readonly tileCount: number;
  /** Pixels of the largest tile. */
  readonly tilePixels: number;
  readonly bitpix: number;
  readonly algorithm: TileAlgorithm;
  /** RICE_1: pixels per block and bytes per pixel. */
  readonly blockSize: number;
  readonly bytePix: number;
  /** HCOMPRESS_1: smooth while decoding. */
  readonly isSmoothed: boolean;
  readonly dither: DitherMethod;
  readonly ditherSeed: number;
  /** Per tile: first byte in the file, bytes, and one of TileStore. */
  readonly offsets: Float64Array;
  readonly lengths: Float64Array;
  readonly stores: Uint8Array;
  /** Per tile, of quantised floats: physical = stored · scale + zero; NaN marks a tile that is not quantised. */
  readonly scales: Float64Array | undefined;
  readonly zeros: Float64Array | undefined;
  /** Per tile, the stored integer without value; NaN where there is none. */
  readonly blanks: Float64Array | undefined;
}

const algorithms: readonly string[] = ['RICE_1', 'GZIP_1', 'GZIP_2', 'PLIO_1', 'HCOMPRESS_1', 'NOCOMPRESS'];

/** Reads the table of a tile-compressed image (not its heap) and says where each tile lies (FITS 4.0, section 10). */
export async function planTiles(hdu: Hdu): Promise<TilePlan> {
  const header = hdu.storedHeader;
  const reader = new StructureReader(header, { file: hdu.source.name, hdu: hdu.index, offset: hdu.headerOffset }, hdu.limits);
  const named = reader.text('ZCMPTYPE').toUpperCase();
  const algorithm = named === 'RICE_ONE' ? 'RICE_1' : named;
  if (!algorithms.includes(algorithm)) {
    throw fitsCompression({ ...reader.at('ZCMPTYPE'), what: `ZCMPTYPE is ${JSON.stringify(named)}.` });
  }
  const shape = hdu.shape;
  const tileShape = shape.map((size, i) => {
    const most = Number.MAX_SAFE_INTEGER;
    const tile = reader.integer(`ZTILE${i + 1}`, { least: 1, most, fallback: i === 0 ? Math.max(1, size) : 1 });
    return Math.min(tile, Math.max(1, size));
  });
  const tiles = shape.map((size, i) => Math.ceil(size / tileShape[i]!));
  const tileCount = tiles.reduce((product, n) => product * n, 1);
  const rowBytes = header.number('NAXIS1') ?? 0;
  const rowCount = header.number('NAXIS2') ?? 0;
  if (rowCount < tileCount) {
    throw fitsTableLayout({ ...reader.at('NAXIS2'), what: `the table has ${rowCount} rows for ${tileCount} tiles.` });
  }
  const parameters = algorithmParameters(reader);
  if (algorithm === 'RICE_1' && ![1, 2, 4].includes(parameters.bytePix)) {
    throw fitsCompression({ ...reader.at('ZNAME2'), what: `RICE_1 with ${parameters.bytePix} bytes per pixel is not known.` });
  }
  const quantiz = header.text('ZQUANTIZ');
  const dither = ditherMethodOf(quantiz);
  if (dither === undefined) throw fitsCompression({ ...reader.at('ZQUANTIZ'), what: `ZQUANTIZ is ${JSON.stringify(quantiz)}.` });
  const table = await readExactly(hdu.source, hdu.dataOffset, rowBytes * tileCount, hdu.index);
  const plan: TilePlan = {
    file: hdu.source.name,
    hdu: hdu.index,
    shape,
    tileShape,
    tiles,
    tileCount,
    tilePixels: tileShape.reduce((product, n) => product * n, 1),
    bitpix: hdu.bitpix,
    algorithm: algorithm as TileAlgorithm,
    ...parameters,
    dither,
    ditherSeed: reader.integer('ZDITHER0', { least: 0, most: 2 ** 31, fallback: 1 }),
    ...locate(hdu, table, rowBytes, tileCount),
  };
  checkPlausible(plan);
  return plan;
}

/** Pixels of a tile for which memory is no question. */
const SMALL_TILE = 2 ** 16;

/** Refuses tiles whose bytes cannot hold their pixels, before memory is taken for them. */
function checkPlausible(plan: TilePlan): void {
  if (plan.tilePixels <= SMALL_TILE) return;
  const most = plan.lengths.reduce((longest, length) => Math.max(longest, length), 0);
  const pixels = {
    // A block of equal pixels takes at least 3 bits.
    RICE_1: (8 / 3) * most * plan.blockSize,
    GZIP_1: most * MOST_RATIO,
    GZIP_2: most * MOST_RATIO,
    PLIO_1: (most / 2) * 4096,
    NOCOMPRESS: most,
    // A bit plane without bits takes 10, whatever its size.
    HCOMPRESS_1: 2 ** 24,
  }[plan.algorithm];
  // The largest tile is not at the edge, so it has all its pixels.
  if (plan.tilePixels <= pixels || (plan.stores.includes(TileStore.GZIP) && plan.tilePixels <= most * MOST_RATIO)) return;
  const what = `${most} bytes, the most of any tile, cannot hold the ${plan.tilePixels} pixels of one (${plan.algorithm}).`;
  throw fitsTileCorrupt({ file: plan.file, hdu: plan.hdu, offset: plan.offsets[0]!, what });
}

function algorithmParameters(reader: StructureReader): Pick<TilePlan, 'blockSize' | 'bytePix' | 'isSmoothed'> {
  const header = reader.header;
  const values = new Map<string, number>();
  for (let i = 1; header.has(`ZNAME${i}`) && i < 100; i++) {
    values.set((header.text(`ZNAME${i}`) ?? '').trim().toUpperCase(), header.number(`ZVAL${i}`) ?? Number.NaN);
  }
  const blockSize = values.get('BLOCKSIZE') ?? 32;
  if (!Number.isInteger(blockSize) || blockSize < 1 || blockSize > 65_536) {
    throw fitsBadCard({ ...reader.at('ZVAL1'), what: `BLOCKSIZE is ${blockSize}; a number of pixels is expected.` });
  }
  return {
    blockSize,
    // The standard's default, also for 16-bit images; quantised floats are always 4-byte integers.
    bytePix: values.get('BYTEPIX') ?? 4,
    isSmoothed: values.get('SMOOTH') === 1,
  };
}

const numberReaders = (view: DataView): Readonly<Record<string, (at: number) => number>> => ({
  D: (at) => view.getFloat64(at),
  E: (at) => view.getFloat32(at),
  J: (at) => view.getInt32(at),
  I: (at) => view.getInt16(at),
});

type Located = Pick<TilePlan, 'offsets' | 'lengths' | 'stores' | 'scales' | 'zeros' | 'blanks'>;

function locate(hdu: Hdu, table: Uint8Array, rowBytes: number, tileCount: number): Located {
  const columns = parseBinColumns(hdu, hdu.storedHeader);
  const column = (name: string) => columns.find((c) => c.name.toUpperCase() === name);
  const packed = [column('COMPRESSED_DATA'), column('GZIP_COMPRESSED_DATA'), column('UNCOMPRESSED_DATA')];
  if (packed.every((c) => c === undefined)) {
    throw fitsTableLayout({ ...placeOf(hdu, hdu.headerOffset), what: 'the table has no column COMPRESSED_DATA.' });
  }
  const header = hdu.storedHeader;
  const heapStart = header.number('THEAP') ?? rowBytes * (header.number('NAXIS2') ?? 0);
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength);
  const offsets = new Float64Array(tileCount);
  const lengths = new Float64Array(tileCount);
  const stores = new Uint8Array(tileCount);
  packed.forEach((c, store) => {
    if (!c) return;
    if (!c.descriptor)
      throw fitsTableLayout({ ...placeOf(hdu, hdu.headerOffset), what: `column ${c.name} is not of variable length.` });
    const size = BIN_FORMAT[c.type]!.bytes;
    for (let tile = 0; tile < tileCount; tile++) {
      const at = tile * rowBytes + c.offset;
      const isWide = c.descriptor === 'Q';
      const count = isWide ? Number(view.getBigInt64(at)) : view.getInt32(at);
      const start = isWide ? Number(view.getBigInt64(at + 8)) : view.getInt32(at + 4);
      if (count === 0 || lengths[tile]! > 0) continue;
      const end = heapStart + start + count * size;
      if (count < 0 || start < 0 || !(end <= hdu.dataLength)) {
        const what = `tile ${tile} lies at bytes ${start} to ${start + count * size} of a heap of ${hdu.dataLength - heapStart} bytes.`;
        throw fitsHeapRange({ ...placeOf(hdu, hdu.dataOffset + at), what });
      }
      offsets[tile] = hdu.dataOffset + heapStart + start;
      lengths[tile] = count * size;
      stores[tile] = store;
    }
  });
  const numbers = (name: string, fallback: number | undefined): Float64Array | undefined => {
    const c = column(name);
    if (!c) return fallback === undefined ? undefined : new Float64Array(tileCount).fill(fallback);
    const read = numberReaders(view)[c.type];
    if (!read || c.descriptor || c.repeat < 1) {
      throw fitsTableLayout({
        ...placeOf(hdu, hdu.headerOffset),
        what: `column ${name} has the format ${c.format}; one number is expected.`,
      });
    }
    return Float64Array.from({ length: tileCount }, (_, tile) => read(tile * rowBytes + c.offset));
  };
  // For integer images BLANK may stand in the header of the image alone.
  const blank = header.number('ZBLANK') ?? (hdu.bitpix > 0 ? header.number('BLANK') : undefined);
  return {
    offsets,
    lengths,
    stores,
    scales: numbers('ZSCALE', header.number('ZSCALE')),
    zeros: numbers('ZZERO', header.number('ZZERO')),
    blanks: numbers('ZBLANK', blank),
  };
}
