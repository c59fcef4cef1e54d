import { fitsTableLayout } from './errors.ts';
import { type Hdu, placeOf } from './hdu.ts';
import type { Header } from './header.ts';
import type { PixelType } from './pixels.ts';

/** Letters of TFORMn in binary tables: bytes per element and the type that holds one. X (bits), L and A are special. */
export const BIN_FORMAT: Readonly<
  Record<string, { readonly bytes: number; readonly type?: PixelType; readonly parts?: number }>
> = {
  L: { bytes: 1 },
  X: { bytes: 1 }, // per 8 bits
  B: { bytes: 1, type: 'uint8' },
  I: { bytes: 2, type: 'int16' },
  J: { bytes: 4, type: 'int32' },
  K: { bytes: 8, type: 'int64' },
  A: { bytes: 1 },
  E: { bytes: 4, type: 'float32' },
  D: { bytes: 8, type: 'float64' },
  C: { bytes: 8, type: 'float32', parts: 2 },
  M: { bytes: 16, type: 'float64', parts: 2 },
};

/** One column of a binary table, from its cards. */
export interface BinColumn {
  /** From 1, as in TFORMn. */
  readonly number: number;
  readonly name: string;
  readonly unit: string;
  /** TFORMn as written. */
  readonly format: string;
  /** Its letter; of the elements in the heap where the column is of variable length. */
  readonly type: string;
  readonly repeat: number;
  /** P or Q: each row holds 32 or 64-bit length and start of its elements in the heap. */
  readonly descriptor: 'P' | 'Q' | undefined;
  /** In the row [byte]. */
  readonly offset: number;
  readonly width: number;
  /** TDIMn, NAXIS1-like axis first. */
  readonly dim: readonly number[] | null;
  readonly scale: number;
  readonly zero: number | bigint;
  readonly null: number | bigint | undefined;
}

const FORM = /^\s*(\d*)\s*([PQ]?)([LXBIJKAEDCM])(.*)$/;

/** Reads TFORMn and its companions; throws where columns do not fit the row. */
export function parseBinColumns(hdu: Hdu, header: Header): BinColumn[] {
  const count = header.number('TFIELDS') ?? 0;
  const rowBytes = header.number('NAXIS1') ?? 0;
  const columns: BinColumn[] = [];
  let offset = 0;
  for (let number = 1; number <= count; number++) {
    const place = placeOf(hdu, hdu.headerOffset + (header.card(`TFORM${number}`)?.at ?? 0));
    const format = header.text(`TFORM${number}`);
    if (format === undefined) throw fitsTableLayout({ ...place, what: `the header has no TFORM${number}.` });
    const match = FORM.exec(format.toUpperCase());
    if (!match)
      throw fitsTableLayout({
        ...place,
        what: `TFORM${number} is ${JSON.stringify(format)}, which is no format of a binary table.`,
      });
    const repeat = match[1] === '' ? 1 : Number(match[1]);
    const descriptor = (match[2] || undefined) as 'P' | 'Q' | undefined;
    const type = match[3]!;
    const width = columnWidth(type, repeat, descriptor);
    if (!Number.isSafeInteger(width) || offset + width > rowBytes) {
      const what = `column ${number} (${format.trim()}) ends at byte ${offset + width} of rows of ${rowBytes} bytes.`;
      throw fitsTableLayout({ ...place, what });
    }
    columns.push({
      number,
      name: header.text(`TTYPE${number}`)?.trim() ?? '',
      unit: header.text(`TUNIT${number}`)?.trim() ?? '',
      format: format.trim(),
      type,
      repeat,
      descriptor,
      offset,
      width,
      dim: parseDim(header.text(`TDIM${number}`), descriptor ? undefined : repeat),
      scale: header.number(`TSCAL${number}`) ?? 1,
      zero: bigOrNumber(header, `TZERO${number}`) ?? 0,
      null: 'BIJK'.includes(type) ? bigOrNumber(header, `TNULL${number}`) : undefined,
    });
    offset += width;
  }
  return columns;
}

function columnWidth(type: string, repeat: number, descriptor: 'P' | 'Q' | undefined): number {
  if (descriptor) return repeat === 0 ? 0 : descriptor === 'P' ? 8 : 16;
  return type === 'X' ? Math.ceil(repeat / 8) : repeat * BIN_FORMAT[type]!.bytes;
}

function bigOrNumber(header: Header, keyword: string): number | bigint | undefined {
  const value = header.get(keyword);
  return typeof value === 'number' || typeof value === 'bigint' ? value : undefined;
}

/** `(3,4)` as [3, 4]; null where there is none or its product is not the repeat count. */
function parseDim(text: string | undefined, repeat: number | undefined): readonly number[] | null {
  const match = /^\s*\(([\d\s,]+)\)\s*$/.exec(text ?? '');
  if (!match) return null;
  const sizes = match[1]!.split(',').map(Number);
  if (sizes.some((n) => !Number.isInteger(n) || n < 0)) return null;
  const product = sizes.reduce((a, b) => a * b, 1);
  return repeat === undefined || product <= repeat ? sizes : null;
}
