import { ObservatoryError } from '@colibri/base';
import { toBigEndian } from '../big-endian.ts';
import { checkCells, decodeVariable, fixedColumn, variableColumn } from '../bin-cells.ts';
import { BIN_FORMAT, type BinColumn, parseBinColumns } from '../bin-columns.ts';
import { codec } from '../codec.ts';
import { fitsCompression, fitsHeapRange, fitsTableLayout, fitsTileCorrupt, fitsTooLarge } from '../errors.ts';
import { type Hdu, placeOf } from '../hdu.ts';
import { readExactly } from '../source.ts';
import { StructureReader } from '../structure.ts';
import type { CellData, FitsColumn } from '../table-types.ts';
import { unshuffle } from './decode.ts';
import { riceDecode, TileDataError } from './rice-decode.ts';

/**
 * A compressed table (FITS 4.0, section 10.3): each row of the carrying table holds some hundred rows of the table
 * inside; each of its columns those of one column, one after another, packed as ZCTYPn says.
 */
export async function readCompressedTable(
  hdu: Hdu,
  start: number,
  end: number,
  isWanted: (name: string) => boolean,
): Promise<FitsColumn[]> {
  const stored = hdu.storedHeader;
  const reader = new StructureReader(stored, placeOf(hdu, hdu.headerOffset), hdu.limits);
  const rowCount = hdu.shape[1]!;
  const tileRows = reader.integer('ZTILELEN', { least: 1, most: Number.MAX_SAFE_INTEGER, fallback: Math.max(1, rowCount) });
  const tileCount = Math.ceil(rowCount / tileRows);
  const carriers = parseBinColumns(hdu, stored);
  const columns = parseBinColumns(hdu, hdu.header);
  const storedRows = reader.integer('NAXIS2', { least: 0, most: Number.MAX_SAFE_INTEGER });
  if (storedRows < tileCount || carriers.length !== columns.length) {
    const what = `${storedRows} rows of ${carriers.length} columns hold ${tileCount} tiles of ${columns.length} columns.`;
    throw fitsTableLayout({ ...reader.at('NAXIS2'), what });
  }
  const out: FitsColumn[] = [];
  for (const [i, column] of columns.entries()) {
    if (!isWanted(column.name)) continue;
    checkCells(hdu, column, end - start);
    out.push(
      await readColumn(hdu, column, carriers[i]!, {
        start,
        end,
        tileRows,
        rowCount,
        algorithm: algorithmOf(reader, i + 1, column),
      }),
    );
  }
  return out;
}

function algorithmOf(reader: StructureReader, number: number, { type }: BinColumn): string {
  const name = (reader.header.text(`ZCTYP${number}`) ?? 'GZIP_2').trim().toUpperCase();
  if ('CM'.includes(type) && name === 'GZIP_2') {
    // cfitsio 4 writes GZIP_2 here but does not shuffle, and cannot read it back: either reading could be wrong.
    throw fitsCompression({
      ...reader.at(`ZCTYP${number}`),
      what: `column ${number} is complex and packed with GZIP_2, which writers understand differently.`,
    });
  }
  if (['GZIP_1', 'GZIP_2', 'RICE_1', 'NOCOMPRESS'].includes(name)) return name;
  throw fitsCompression({ ...reader.at(`ZCTYP${number}`), what: `ZCTYP${number} is ${JSON.stringify(name)}.` });
}

interface Wish {
  readonly start: number;
  readonly end: number;
  readonly tileRows: number;
  readonly rowCount: number;
  readonly algorithm: string;
}

async function readColumn(hdu: Hdu, column: BinColumn, carrier: BinColumn, wish: Wish): Promise<FitsColumn> {
  const { start, end, tileRows } = wish;
  const pieces: Uint8Array[] = []; // joined only when all are there: the announced size may be a lie
  const cells: (CellData | string)[] = [];
  for (let tile = Math.floor(start / tileRows); tile * tileRows < end; tile++) {
    const first = tile * tileRows;
    const rows = Math.min(tileRows, wish.rowCount - first);
    const from = Math.max(start, first) - first;
    const to = Math.min(end, first + rows) - first;
    const { bytes, offset } = await tileCell(hdu, carrier, tile);
    try {
      if (column.descriptor) cells.push(...(await variableCells(hdu, column, wish, { bytes, rows, from, to })));
      else {
        const plain = unpack(bytes, rows * column.width, column, wish.algorithm);
        pieces.push(plain.subarray(from * column.width, to * column.width));
      }
    } catch (cause) {
      if (cause instanceof ObservatoryError) throw cause;
      const why = cause instanceof Error ? cause.message : String(cause);
      const what = `column ${column.name}, rows ${first} to ${first + rows} (${wish.algorithm}) cannot be decoded: ${why}.`;
      throw fitsTileCorrupt({ ...placeOf(hdu, offset), what }, cause);
    }
  }
  if (column.descriptor) return variableColumn(column, cells);
  const packed = new Uint8Array(column.width * (end - start));
  let at = 0;
  for (const piece of pieces) {
    packed.set(piece, at);
    at += piece.length;
  }
  return fixedColumn(column, packed, end - start);
}

/** The packed bytes of one tile of one column. */
async function tileCell(hdu: Hdu, carrier: BinColumn, tile: number): Promise<{ bytes: Uint8Array; offset: number }> {
  const rowBytes = hdu.storedHeader.number('NAXIS1')!;
  const at = hdu.dataOffset + tile * rowBytes + carrier.offset;
  if (!carrier.descriptor || carrier.width === 0) {
    throw fitsTableLayout({
      ...placeOf(hdu, hdu.headerOffset),
      what: `column ${carrier.number} of the carrying table is not of variable length.`,
    });
  }
  const { count, start } = descriptorAt(
    await readExactly(hdu.source, at, carrier.width, hdu.index),
    0,
    carrier.descriptor === 'Q',
  );
  return { bytes: await heapBytes(hdu, start, count, at), offset: at };
}

function descriptorAt(bytes: Uint8Array, at: number, isWide: boolean): { count: number; start: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!isWide) return { count: view.getInt32(at), start: view.getInt32(at + 4) };
  return { count: Number(view.getBigInt64(at)), start: Number(view.getBigInt64(at + 8)) };
}

/** `count` bytes of the heap of the carrying table. */
async function heapBytes(hdu: Hdu, start: number, count: number, at: number): Promise<Uint8Array> {
  const header = hdu.storedHeader;
  const heapStart = header.number('THEAP') ?? header.number('NAXIS1')! * header.number('NAXIS2')!;
  if (count < 0 || start < 0 || !(heapStart + start + count <= hdu.dataLength)) {
    const what = `${count} bytes at heap byte ${start} of ${hdu.dataLength - heapStart} are announced.`;
    throw fitsHeapRange({ ...placeOf(hdu, at), what });
  }
  return await readExactly(hdu.source, hdu.dataOffset + heapStart + start, count, hdu.index);
}

/** Exactly `length` bytes out of packed ones. */
function unpack(bytes: Uint8Array, length: number, column: BinColumn, algorithm: string): Uint8Array {
  if (length === 0) return new Uint8Array(0);
  if (algorithm === 'NOCOMPRESS') {
    if (bytes.length !== length) throw new TileDataError(`${bytes.length} bytes where ${length} are expected`);
    return bytes;
  }
  if (algorithm === 'RICE_1') return unpackRice(bytes, length, column);
  const plain = codec().gunzip(bytes, length);
  if (plain.length !== length) throw new TileDataError(`${plain.length} bytes unpacked, ${length} expected`);
  if (algorithm === 'GZIP_1') return plain;
  const { bytes: size, parts = 1 } = BIN_FORMAT[column.type]!;
  return unshuffle(plain, size / parts);
}

function unpackRice(bytes: Uint8Array, length: number, { type }: BinColumn): Uint8Array {
  const size = { B: 1, I: 2, J: 4 }[type];
  if (size === undefined) throw new TileDataError(`RICE_1 does not hold columns of type ${type}`);
  const count = length / size;
  if (count > bytes.length * 32 * 3) throw new TileDataError(`${bytes.length} bytes cannot hold ${count} numbers`);
  const ints = new Int32Array(count);
  riceDecode(bytes, 0, bytes.length, ints, count, 32, size);
  const out = new Uint8Array(length);
  toBigEndian(size === 4 ? ints : size === 2 ? Int16Array.from(ints) : Uint8Array.from(ints), out, 0);
  return out;
}

/**
 * A column of variable length: the tile holds two descriptors per row, of the packed vector (64-bit) and of the vector
 * as it was; each vector is packed on its own, or left as it was where packing did not help.
 */
async function variableCells(
  hdu: Hdu,
  column: BinColumn,
  { algorithm }: Wish,
  { bytes, rows, from, to }: { bytes: Uint8Array; rows: number; from: number; to: number },
): Promise<(CellData | string)[]> {
  const isWide = column.descriptor === 'Q';
  const own = isWide ? 16 : 8;
  const length = rows * (16 + own);
  const table = codec().gunzip(bytes, length);
  if (table.length !== length) throw new TileDataError(`${table.length} bytes of descriptors, ${length} expected`);
  const layout = descriptorLayout(hdu, table, rows, isWide);
  const cells: (CellData | string)[] = [];
  let total = 0;
  for (let row = from; row < to; row++) {
    const packed = descriptorAt(table, layout.packed + 16 * row, true);
    const { count } = descriptorAt(table, layout.original + own * row, isWide);
    total += count;
    if (count < 0 || total > hdu.limits.pixels) {
      throw fitsTooLarge({ ...placeOf(hdu), what: `column ${column.name} has more than ${hdu.limits.pixels} elements.` });
    }
    const size = column.type === 'X' ? Math.ceil(count / 8) : count * BIN_FORMAT[column.type]!.bytes;
    const cell = await heapBytes(hdu, packed.start, count === 0 ? 0 : packed.count, hdu.dataOffset);
    cells.push(decodeVariable(cell.length === size ? cell : unpack(cell, size, column, algorithm), column, count));
  }
  return cells;
}

/** cfitsio puts the original descriptors first, the standard the packed ones: the order that fits the heap is right. */
function descriptorLayout(hdu: Hdu, table: Uint8Array, rows: number, isWide: boolean): { packed: number; original: number } {
  const own = (isWide ? 16 : 8) * rows;
  for (const layout of [
    { original: 0, packed: own },
    { original: 16 * rows, packed: 0 },
  ]) {
    let fits = true;
    for (let row = 0; row < rows && fits; row++) {
      const { count, start } = descriptorAt(table, layout.packed + 16 * row, true);
      fits = count >= 0 && start >= 0 && start + count <= hdu.dataLength;
    }
    if (fits) return layout;
  }
  throw new TileDataError('no order of its descriptors fits the heap');
}
