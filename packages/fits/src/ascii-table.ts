import { cellText, type RowBytes } from './bin-cells.ts';
import { fitsBadField, fitsTableLayout } from './errors.ts';
import { type Hdu, placeOf } from './hdu.ts';
import type { FitsColumn } from './table-types.ts';

/** One column of an ASCII table (FITS 4.0, section 7.2). */
export interface AsciiColumn {
  readonly number: number;
  readonly name: string;
  readonly unit: string;
  readonly format: string;
  readonly type: 'A' | 'I' | 'F' | 'E' | 'D';
  /** In the row [byte], and characters. */
  readonly offset: number;
  readonly width: number;
  readonly decimals: number;
  readonly scale: number;
  readonly zero: number;
  /** TNULLn: the text that stands for no value. */
  readonly null: string | undefined;
}

const FORM = /^\s*([AIFED])(\d+)(?:\.(\d+))?\s*$/;

export function parseAsciiColumns(hdu: Hdu): AsciiColumn[] {
  const { header } = hdu;
  const rowBytes = hdu.shape[0]!;
  const count = header.number('TFIELDS') ?? 0;
  return Array.from({ length: count }, (_, i) => {
    const n = i + 1;
    const place = placeOf(hdu, hdu.headerOffset + (header.card(`TFORM${n}`)?.at ?? 0));
    const format = header.text(`TFORM${n}`);
    const start = header.number(`TBCOL${n}`);
    const match = FORM.exec(format?.toUpperCase() ?? '');
    if (!match)
      throw fitsTableLayout({
        ...place,
        what: `TFORM${n} is ${JSON.stringify(format ?? null)}, which is no format of an ASCII table.`,
      });
    const width = Number(match[2]);
    if (start === undefined || !Number.isInteger(start) || start < 1 || start - 1 + width > rowBytes) {
      const what = `column ${n} (${format}) begins at character ${start ?? 'unknown'} of rows of ${rowBytes}.`;
      throw fitsTableLayout({ ...place, what });
    }
    const blank = header.get(`TNULL${n}`);
    return {
      number: n,
      name: header.text(`TTYPE${n}`)?.trim() ?? '',
      unit: header.text(`TUNIT${n}`)?.trim() ?? '',
      format: format!.trim(),
      type: match[1] as AsciiColumn['type'],
      offset: start - 1,
      width,
      decimals: Number(match[3] ?? 0),
      scale: header.number(`TSCAL${n}`) ?? 1,
      zero: header.number(`TZERO${n}`) ?? 0,
      null: blank === undefined || blank === null ? undefined : String(blank).trim(),
    };
  });
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([ED]?[+-]?\d+)?$/i;

/** Text columns as strings, numbers as Float64Array (Int32Array for I without scaling and nulls); NaN where null or blank. */
export function readAsciiColumn(hdu: Hdu, column: AsciiColumn, { bytes, rowBytes, rowCount, firstRow }: RowBytes): FitsColumn {
  const { name, unit, format } = column;
  const common = { name, unit, format, dim: null, repeat: 1 };
  const cell = (row: number): string => cellText(bytes, row * rowBytes + column.offset, column.width);
  if (column.type === 'A') return { ...common, data: Array.from({ length: rowCount }, (_, row) => cell(row)) };
  const data = new Float64Array(rowCount);
  let isPlainInteger = column.type === 'I' && column.scale === 1 && column.zero === 0;
  for (let row = 0; row < rowCount; row++) {
    const text = cell(row).trim();
    if (text === '' || text === column.null) {
      data[row] = Number.NaN;
      isPlainInteger = false;
      continue;
    }
    const value = fieldValue(text, column);
    if (value === undefined) {
      const offset = hdu.dataOffset + (firstRow + row) * rowBytes + column.offset;
      const what = `column ${name}, row ${firstRow + row} holds ${JSON.stringify(text)}; a number in format ${format} is expected.`;
      throw fitsBadField({ ...placeOf(hdu, offset), what });
    }
    data[row] = value * column.scale + column.zero;
    isPlainInteger &&= (value | 0) === value;
  }
  return { ...common, data: isPlainInteger ? Int32Array.from(data) : data };
}

function fieldValue(text: string, { type, decimals }: AsciiColumn): number | undefined {
  const compact = text.replace(/ /g, '');
  if (/^[+-]?(nan|inf(inity)?)$/i.test(compact))
    return /nan/i.test(compact) ? Number.NaN : compact.startsWith('-') ? -Infinity : Infinity;
  const match = NUMBER.exec(compact);
  if (!match) return undefined;
  if (type === 'I') return Number(compact);
  const exponent = (match[2] ?? '').replace(/^[ED]/i, '');
  const mantissa = compact.slice(0, compact.length - (match[2] ?? '').length);
  const value = Number(`${mantissa}E${exponent || '0'}`);
  // FORTRAN: without a point the last `decimals` digits are decimals.
  return mantissa.includes('.') || decimals === 0 ? value : value / 10 ** decimals;
}
