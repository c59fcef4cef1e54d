import { toBigEndian } from './big-endian.ts';
import { asciiText } from './card-text.ts';
import { fitsCannotWrite } from './errors.ts';
import { Header } from './header.ts';
import type { PixelArray } from './pixels.ts';
import { pixelTypeOf } from './pixels.ts';
import { type WritableHdu, withCards } from './write.ts';
import { storage } from './write-image.ts';

export interface ColumnInput {
  /** TTYPEn */
  readonly name: string;
  /**
   * A typed array (rows × repeat elements), strings, booleans (null: undefined), or an array of typed arrays, one a
   * row, for a column of variable length.
   */
  readonly data: PixelArray | readonly string[] | readonly (boolean | null)[] | readonly PixelArray[];
  /** Elements per row of a typed array or of booleans. Default 1. */
  readonly repeat?: number;
  /** TUNITn */
  readonly unit?: string;
  /** TFORMn where the default does not serve: `20A` to fix the width of text, `2C` for pairs of floats, `8X` for bits. */
  readonly format?: string;
  /** TDIMn, fastest axis first. */
  readonly dim?: readonly number[];
  /** Comment of the TTYPEn card. */
  readonly comment?: string;
  /** TNULLn of integers. */
  readonly null?: number;
  /** TDISPn */
  readonly display?: string;
}

export interface TableInput {
  /** EXTNAME */
  readonly name?: string;
  readonly columns: readonly ColumnInput[];
  readonly header?: Header;
  /** Needed only for a table without columns. */
  readonly rowCount?: number;
}

/** One column made ready: its cards, and a function that writes the cell of a row. */
interface Packed {
  readonly form: string;
  readonly width: number;
  readonly rows: number;
  readonly zero?: number | bigint;
  readonly put: (out: Uint8Array, at: number, row: number) => void;
  /** Bytes of the heap that the column brings, and where they go. */
  readonly heap?: { readonly bytes: number; readonly write: (out: Uint8Array, at: number) => void; place(start: number): void };
}

const letters = {
  uint8: 'B',
  int8: 'B',
  int16: 'I',
  uint16: 'I',
  int32: 'J',
  uint32: 'J',
  int64: 'K',
  uint64: 'K',
  float32: 'E',
  float64: 'D',
} as const;

/** A binary table to be written. */
export function tableHdu(input: TableInput): WritableHdu {
  const packed = input.columns.map((column) => pack(column));
  const rowCount = packed[0]?.rows ?? input.rowCount ?? 0;
  packed.forEach((column, i) => {
    if (column.rows === rowCount) return;
    throw cannot(input.columns[i]!.name, `has ${column.rows} rows; the first column has ${rowCount}.`);
  });
  const rowBytes = packed.reduce((sum, { width }) => sum + width, 0);
  const heapBytes = packed.reduce((sum, { heap }) => sum + (heap?.bytes ?? 0), 0);
  const data = new Uint8Array(rowBytes * rowCount + heapBytes);
  let heapAt = 0;
  for (const { heap } of packed) {
    if (!heap) continue;
    heap.place(heapAt);
    heap.write(data, rowBytes * rowCount + heapAt);
    heapAt += heap.bytes;
  }
  let offset = 0;
  for (const { put, width } of packed) {
    for (let row = 0, at = offset; row < rowCount; row++, at += rowBytes) put(data, at, row);
    offset += width;
  }
  return { data, canBePrimary: false, header: () => tableHeader(input, packed, rowBytes, rowCount, heapBytes) };
}

function tableHeader(
  input: TableInput,
  packed: readonly Packed[],
  rowBytes: number,
  rowCount: number,
  heapBytes: number,
): Header {
  const header = Header.of([
    ['XTENSION', 'BINTABLE', 'binary table extension'],
    ['BITPIX', 8, '8-bit bytes'],
    ['NAXIS', 2, '2-dimensional table'],
    ['NAXIS1', rowBytes, 'width of a row in bytes'],
    ['NAXIS2', rowCount, 'number of rows'],
    ['PCOUNT', heapBytes, 'size of the heap in bytes'],
    ['GCOUNT', 1, 'one group'],
    ['TFIELDS', packed.length, 'number of columns'],
  ]);
  input.columns.forEach((column, i) => {
    const n = i + 1;
    const { form, zero } = packed[i]!;
    header.append(`TTYPE${n}`, column.name, column.comment).append(`TFORM${n}`, form);
    if (column.unit !== undefined && column.unit !== '') header.append(`TUNIT${n}`, column.unit);
    if (zero !== undefined) header.append(`TSCAL${n}`, 1).append(`TZERO${n}`, zero);
    if (column.null !== undefined) header.append(`TNULL${n}`, column.null);
    if (column.dim !== undefined) header.append(`TDIM${n}`, `(${column.dim.join(',')})`);
    if (column.display !== undefined) header.append(`TDISP${n}`, column.display);
  });
  if (input.name !== undefined) header.append('EXTNAME', input.name);
  return withCards(header, input.header, /^T(TYPE|FORM|UNIT|SCAL|ZERO|NULL|DIM|DISP|BCOL)\d+$/);
}

const cannot = (name: string, what: string): Error =>
  fitsCannotWrite({ file: 'table', hdu: 0, offset: 0, what: `column ${name} ${what}` });

const isTyped = (value: unknown): value is PixelArray => ArrayBuffer.isView(value) && !(value instanceof DataView);

function pack(column: ColumnInput): Packed {
  const { data } = column;
  if (isTyped(data)) return packNumbers(column, data);
  if (data.length > 0 && isTyped(data[0])) return packVariable(column, data as readonly PixelArray[]);
  if (typeof data[0] === 'string' || (data.length === 0 && !/L/.test(column.format ?? '')))
    return packText(column, data as readonly string[]);
  return packLogical(column, data as readonly (boolean | null)[]);
}

function packNumbers(column: ColumnInput, data: PixelArray): Packed {
  const type = pixelTypeOf(data);
  const match = /^(\d*)([XBIJKEDCM])$/.exec(column.format?.trim().toUpperCase() ?? '');
  const letter = match?.[2] ?? letters[type];
  const parts = letter === 'C' || letter === 'M' ? 2 : 1;
  const declared = match && match[1] !== '' ? Number(match[1]) * parts : undefined;
  const repeat = column.repeat ?? declared ?? parts;
  if (column.format !== undefined && !match)
    throw cannot(column.name, `has the format ${column.format}, which does not fit numbers.`);
  if (!Number.isInteger(repeat) || repeat < 1 || data.length % repeat !== 0) {
    throw cannot(column.name, `has ${data.length} elements, which are not rows of ${repeat}.`);
  }
  if (letter === 'X') return packBits(data, repeat);
  const expected = letter === 'C' ? 'E' : letter === 'M' ? 'D' : letter;
  if (expected !== letters[type]) throw cannot(column.name, `has the format ${letter} but holds ${type}.`);
  const bytes = bigEndianStored(data);
  const width = data.BYTES_PER_ELEMENT * repeat;
  const { bzero } = storage[type];
  return {
    form: `${repeat / parts}${letter}`,
    width,
    rows: data.length / repeat,
    ...(bzero === undefined ? {} : { zero: bzero }),
    put: (out, at, row) => {
      for (let k = 0, from = row * width; k < width; k++) out[at + k] = bytes[from + k]!;
    },
  };
}

function packBits(data: PixelArray, repeat: number): Packed {
  const width = Math.ceil(repeat / 8);
  return {
    form: `${repeat}X`,
    width,
    rows: data.length / repeat,
    put: (out, at, row) => {
      for (let k = 0; k < repeat; k++) if (data[row * repeat + k]) out[at + (k >> 3)]! |= 0x80 >> (k & 7);
    },
  };
}

/** Big-endian bytes, unsigned types by the TZERO convention. */
function bigEndianStored(data: PixelArray): Uint8Array {
  const bytes = new Uint8Array(data.byteLength);
  toBigEndian(data, bytes, 0);
  if (storage[pixelTypeOf(data)].bzero !== undefined)
    for (let i = 0; i < bytes.length; i += data.BYTES_PER_ELEMENT) bytes[i]! ^= 0x80;
  return bytes;
}

function packText(column: ColumnInput, data: readonly string[]): Packed {
  const texts = data.map(asciiText);
  const match = /^(\d*)A$/.exec(column.format?.trim().toUpperCase() ?? '');
  const longest = texts.reduce((most, text) => Math.max(most, text.length), 1);
  const width = match ? Number(match[1] === '' ? 1 : match[1]) : longest;
  if (longest > width && texts.some((text) => text.length > width))
    throw cannot(column.name, `holds text longer than its format ${column.format}.`);
  return {
    form: `${width}A`,
    width,
    rows: data.length,
    put: (out, at, row) => {
      const text = texts[row]!;
      for (let k = 0; k < width; k++) out[at + k] = k < text.length ? text.charCodeAt(k) : 32;
    },
  };
}

function packLogical(column: ColumnInput, data: readonly (boolean | null)[]): Packed {
  const repeat = column.repeat ?? 1;
  return {
    form: `${repeat}L`,
    width: repeat,
    rows: data.length / repeat,
    put: (out, at, row) => {
      for (let k = 0; k < repeat; k++) {
        const value = data[row * repeat + k];
        out[at + k] = value === true ? 84 : value === false ? 70 : 0;
      }
    },
  };
}

function packVariable(column: ColumnInput, data: readonly PixelArray[]): Packed {
  const type = pixelTypeOf(data[0]!);
  const size = data[0]!.BYTES_PER_ELEMENT;
  if (data.some((cell) => pixelTypeOf(cell) !== type)) throw cannot(column.name, 'mixes types of arrays.');
  const longest = data.reduce((most, cell) => Math.max(most, cell.length), 0);
  const total = data.reduce((sum, cell) => sum + cell.byteLength, 0);
  // 32-bit descriptors reach 2 GiB.
  const isWide = total >= 2 ** 31;
  const { bzero } = storage[type];
  let heapStart = 0;
  let running = 0;
  return {
    form: `1${isWide ? 'Q' : 'P'}${letters[type]}(${longest})`,
    width: isWide ? 16 : 8,
    rows: data.length,
    ...(bzero === undefined ? {} : { zero: bzero }),
    put: (out, at, row) => {
      if (row === 0) running = heapStart;
      const view = new DataView(out.buffer, out.byteOffset + at, isWide ? 16 : 8);
      if (isWide) {
        view.setBigInt64(0, BigInt(data[row]!.length));
        view.setBigInt64(8, BigInt(running));
      } else {
        view.setInt32(0, data[row]!.length);
        view.setInt32(4, running);
      }
      running += data[row]!.length * size;
    },
    heap: {
      bytes: total,
      place: (start) => {
        heapStart = start;
      },
      write: (out, at) => {
        for (const cell of data) {
          out.set(bigEndianStored(cell), at);
          at += cell.byteLength;
        }
      },
    },
  };
}
