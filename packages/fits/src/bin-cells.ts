import { fromBigEndian } from './big-endian.ts';
import { BIN_FORMAT, type BinColumn } from './bin-columns.ts';
import { fitsHeapRange, fitsTooLarge } from './errors.ts';
import { type Hdu, placeOf } from './hdu.ts';
import { allocate, type PixelArray, scalingOf } from './pixels.ts';
import { readExactly } from './source.ts';
import { storePhysical } from './store.ts';
import type { CellData, FitsColumn } from './table-types.ts';

/** Rows in memory: `bytes[0]` is the first byte of row `firstRow`. */
export interface RowBytes {
  readonly bytes: Uint8Array;
  readonly rowBytes: number;
  readonly rowCount: number;
  readonly firstRow: number;
}

/** Decodes one column of the rows; goes to the heap for columns of variable length. */
export async function readBinColumn(hdu: Hdu, column: BinColumn, rows: RowBytes): Promise<FitsColumn> {
  if (column.descriptor) return variableColumn(column, await readHeap(hdu, column, rows));
  checkCells(hdu, column, rows.rowCount);
  return fixedColumn(column, gather(rows, column.offset, column.width), rows.rowCount);
}

export const variableColumn = (column: BinColumn, data: readonly (CellData | string)[]): FitsColumn => ({
  name: column.name,
  unit: column.unit,
  format: column.format,
  dim: column.dim,
  repeat: Number.NaN,
  data,
});

export function checkCells(hdu: Hdu, { name, repeat }: BinColumn, rowCount: number): void {
  const cells = repeat * rowCount;
  if (cells <= hdu.limits.pixels) return;
  const what = `column ${name} has ${cells} elements; at most ${hdu.limits.pixels} are read.`;
  throw fitsTooLarge({ ...placeOf(hdu, hdu.headerOffset), what });
}

/** Decodes a column of fixed width from its bytes, rows one after another. */
export function fixedColumn(column: BinColumn, packed: Uint8Array, rowCount: number): FitsColumn {
  const { name, unit, format, dim } = column;
  const common = { name, unit, format, dim };
  if (column.type === 'X') return { ...common, repeat: column.repeat, data: bits(packed, column, rowCount) };
  if (column.type === 'A') {
    // TDIM of text: the first axis is the length of one string.
    const length = dim ? dim[0]! : column.repeat;
    const perRow = dim && length > 0 ? dim.slice(1).reduce((a, b) => a * b, 1) : 1;
    const data: string[] = [];
    for (let row = 0; row < rowCount; row++) {
      for (let k = 0; k < perRow; k++) data.push(cellText(packed, row * column.width + k * length, length));
    }
    return { ...common, repeat: perRow, data };
  }
  const { data, nulls } = decodeCells(packed, column, column.repeat * rowCount);
  const repeat = column.repeat * (BIN_FORMAT[column.type]!.parts ?? 1);
  return { ...common, repeat, data, ...(nulls ? { nulls } : {}) };
}

/** The bytes of one column, rows one after another. */
export function gather({ bytes, rowBytes, rowCount }: RowBytes, offset: number, width: number): Uint8Array {
  if (width === rowBytes) return bytes;
  const out = new Uint8Array(width * rowCount);
  if (width <= 16) {
    for (let row = 0, from = offset, to = 0; row < rowCount; row++, from += rowBytes) {
      for (let k = 0; k < width; k++) out[to++] = bytes[from + k]!;
    }
    return out;
  }
  for (let row = 0; row < rowCount; row++) {
    out.set(bytes.subarray(row * rowBytes + offset, row * rowBytes + offset + width), row * width);
  }
  return out;
}

/** Numbers or logicals: `count` elements of a column as physical values. */
function decodeCells(packed: Uint8Array, column: BinColumn, count: number): { data: CellData; nulls?: Uint8Array } {
  if (column.type === 'L') {
    return { data: Array.from({ length: count }, (_, i) => (packed[i] === 84 ? true : packed[i] === 70 ? false : null)) };
  }
  const { type, parts = 1 } = BIN_FORMAT[column.type]!;
  const stored = fromBigEndian(packed, type!, count * parts);
  const isInteger = parts === 1 && 'BIJK'.includes(column.type);
  const zero = Number(column.zero);
  if (!isInteger && column.scale === 1 && zero === 0) return { data: stored };
  const isBig = column.type === 'K';
  const blank = isInteger && column.null !== undefined ? Number(column.null) : undefined;
  const bitpix = { B: 8, I: 16, J: 32, K: 64, E: -32, D: -64, C: -32, M: -64 }[column.type]!;
  const scaling = scalingOf(bitpix, column.scale, zero, isBig && column.scale === 1 ? undefined : blank);
  const nulls = column.null === undefined || !isInteger ? undefined : nullMask(stored, column.null);
  if (scaling.type === type && column.scale === 1 && zero === 0) return nulls ? { data: stored, nulls } : { data: stored };
  // Scaled columns are doubles whatever their width: tables are small and physics is not.
  const isShifted =
    (scaling.scale === 1 && scaling.blank === undefined && scaling.type.startsWith('u')) || scaling.type === 'int8';
  const data = allocate(isShifted ? scaling.type : 'float64', stored.length);
  storePhysical(stored, 0, stored.length, scaling, data, 0);
  return nulls ? { data, nulls } : { data };
}

function nullMask(stored: PixelArray, blank: number | bigint): Uint8Array {
  const wanted = stored instanceof BigInt64Array ? BigInt(blank) : Number(blank);
  return Uint8Array.from({ length: stored.length }, (_, i) => (stored[i] === wanted ? 1 : 0));
}

function bits(packed: Uint8Array, column: BinColumn, rowCount: number): Uint8Array {
  const out = new Uint8Array(column.repeat * rowCount);
  let to = 0;
  for (let row = 0; row < rowCount; row++) {
    for (let k = 0; k < column.repeat; k++) out[to++] = (packed[row * column.width + (k >> 3)]! >> (7 - (k & 7))) & 1;
  }
  return out;
}

/** Text up to NUL or the end of the cell, without trailing blanks. */
export function cellText(bytes: Uint8Array, at: number, length: number): string {
  let end = at;
  const stop = at + length;
  while (end < stop && bytes[end] !== 0) end++;
  while (end > at && bytes[end - 1] === 32) end--;
  let text = '';
  for (let i = at; i < end; i += 4096)
    text += String.fromCharCode.apply(null, bytes.subarray(i, Math.min(end, i + 4096)) as unknown as number[]);
  return text;
}

async function readHeap(hdu: Hdu, column: BinColumn, rows: RowBytes): Promise<(CellData | string)[]> {
  if (column.repeat === 0) return Array.from({ length: rows.rowCount }, () => decodeVariable(new Uint8Array(0), column, 0));
  const heapStart = hdu.header.number('THEAP') ?? hdu.shape[0]! * hdu.shape[1]!;
  const heapBytes = hdu.dataLength - heapStart;
  const view = new DataView(rows.bytes.buffer, rows.bytes.byteOffset, rows.bytes.byteLength);
  const isWide = column.descriptor === 'Q';
  const cells: { count: number; start: number; bytes: number }[] = [];
  let total = 0;
  for (let row = 0; row < rows.rowCount; row++) {
    const at = row * rows.rowBytes + column.offset;
    const count = isWide ? Number(view.getBigInt64(at)) : view.getInt32(at);
    const start = isWide ? Number(view.getBigInt64(at + 8)) : view.getInt32(at + 4);
    const bytes = column.type === 'X' ? Math.ceil(count / 8) : count * BIN_FORMAT[column.type]!.bytes;
    const offset = hdu.dataOffset + (rows.firstRow + row) * rows.rowBytes + column.offset;
    // An empty cell may point anywhere.
    if (count < 0 || (count > 0 && !(start >= 0 && start + bytes <= heapBytes))) {
      const what = `column ${column.name}, row ${rows.firstRow + row}: ${count} elements at heap byte ${start} of ${heapBytes}.`;
      throw fitsHeapRange({ ...placeOf(hdu, offset), what });
    }
    total += count;
    if (total > hdu.limits.pixels) {
      throw fitsTooLarge({ ...placeOf(hdu, offset), what: `column ${column.name} has more than ${hdu.limits.pixels} elements.` });
    }
    cells.push({ count, start, bytes });
  }
  const heap = await heapOf(hdu, heapStart, cells);
  return cells.map(({ count, start, bytes }) => decodeVariable(heap(start, bytes), column, count));
}

/** The part of the heap that the cells span, in one read. */
async function heapOf(hdu: Hdu, heapStart: number, cells: readonly { count: number; start: number; bytes: number }[]) {
  let low = Number.POSITIVE_INFINITY;
  let high = 0;
  for (const { count, start, bytes } of cells) {
    if (count === 0) continue;
    low = Math.min(low, start);
    high = Math.max(high, start + bytes);
  }
  const bytes =
    high === 0 ? new Uint8Array(0) : await readExactly(hdu.source, hdu.dataOffset + heapStart + low, high - low, hdu.index);
  return (start: number, length: number): Uint8Array =>
    length === 0 ? bytes.subarray(0, 0) : bytes.subarray(start - low, start - low + length);
}

export function decodeVariable(bytes: Uint8Array, column: BinColumn, count: number): CellData | string {
  if (column.type === 'A') return cellText(bytes, 0, count);
  if (column.type === 'X') return bits(bytes, { ...column, repeat: count, width: Math.ceil(count / 8) }, 1);
  return decodeCells(bytes, column, count).data;
}
