import type { Header } from './header.ts';
import type { PixelArray } from './pixels.ts';

/** What one cell of variable length, or one whole column, may hold. */
export type CellData = PixelArray | readonly string[] | readonly (boolean | null)[];

/**
 * The data of one column, rows one after another, `repeat` elements each.
 *
 * - numbers: a typed array; scaled ones (TSCALn, TZEROn) and integers with TNULLn as Float64Array with NaN for null
 *   (64-bit integers stay bigint, see `nulls`); unsigned conventions as unsigned arrays;
 * - complex (C, M): real and imaginary parts in turn, `repeat` is twice the number of values;
 * - bits (X): Uint8Array of 0 and 1; logical (L): booleans, null where undefined;
 * - text (A): strings without trailing blanks, one a row, or `repeat` a row where TDIMn cuts them;
 * - variable length (P, Q): one such array per row (a plain string for text).
 */
export type ColumnData = CellData | readonly (CellData | string)[];

export interface FitsColumn {
  readonly name: string;
  readonly unit: string;
  /** TFORMn as written. */
  readonly format: string;
  /** TDIMn, fastest axis first, or null. */
  readonly dim: readonly number[] | null;
  /** Elements of `data` per row; NaN for columns of variable length. */
  readonly repeat: number;
  readonly data: ColumnData;
  /** 1 where the stored integer is TNULLn; only where the column declares one. */
  readonly nulls?: Uint8Array;
}

export interface FitsTable {
  readonly rowCount: number;
  readonly columns: readonly FitsColumn[];
  readonly header: Header;
  /** By name without case (the first of that name); throws where there is none. */
  column(name: string): FitsColumn;
  has(name: string): boolean;
  /** The column as numbers, one a row (bigint rounded, logical as 0 and 1); throws for text. */
  numbers(name: string): Float64Array;
  /** The column as text, one a row; throws for numbers. */
  strings(name: string): readonly string[];
}

/** A column as its cards describe it, before anything is read. */
export interface ColumnSummary {
  readonly name: string;
  readonly unit: string;
  readonly format: string;
  readonly dim: readonly number[] | null;
}
