import { parseAsciiColumns, readAsciiColumn } from './ascii-table.ts';
import { readBinColumn } from './bin-cells.ts';
import { parseBinColumns } from './bin-columns.ts';
import { fitsBadRequest, fitsTooLarge, fitsWrongKind } from './errors.ts';
import { readGroups } from './groups.ts';
import { type Hdu, placeOf } from './hdu.ts';
import { readExactly } from './source.ts';
import { StructureReader } from './structure.ts';
import type { ColumnSummary, FitsColumn, FitsTable } from './table-types.ts';
import { readCompressedTable } from './tiles/read-compressed-table.ts';

export interface ReadTableOptions {
  /** Only these rows: 0-based, half open. */
  readonly rows?: readonly [start: number, end: number];
  /** Only these columns, by name without case. */
  readonly columns?: readonly string[];
}

/** Reads a binary, compressed or ASCII table, or the parameters and arrays of random groups, as columns. */
export async function readTable(hdu: Hdu, options: ReadTableOptions = {}): Promise<FitsTable> {
  const all = rowCountOf(hdu);
  const [start, end] = options.rows ?? [0, all];
  if (!(Number.isInteger(start) && Number.isInteger(end) && 0 <= start && start <= end && end <= all)) {
    throw fitsBadRequest({ ...placeOf(hdu), what: `rows ${start} to ${end} were asked for; the table has ${all}.` });
  }
  const names = options.columns?.map((name) => name.trim().toUpperCase());
  const isWanted = (name: string): boolean => names === undefined || names.includes(name.toUpperCase());
  const columns = await readColumns(hdu, start, end, isWanted);
  return tableOf(hdu, end - start, columns);
}

/** Rows of a table, groups of random groups. */
export function rowCountOf(hdu: Hdu): number {
  const rows = announcedRows(hdu);
  // Rows without bytes are not bounded by the file.
  const isWeightless = hdu.kind === 'groups' ? hdu.dataLength === 0 : hdu.shape[0] === 0;
  if (isWeightless && rows > WEIGHTLESS_ROWS) {
    throw fitsTooLarge({ ...placeOf(hdu, hdu.headerOffset), what: `the table announces ${rows} rows of 0 bytes.` });
  }
  return rows;
}

const WEIGHTLESS_ROWS = 1_000_000;

function announcedRows(hdu: Hdu): number {
  const reader = new StructureReader(hdu.header, placeOf(hdu, hdu.headerOffset), hdu.limits);
  const most = Number.MAX_SAFE_INTEGER;
  switch (hdu.kind) {
    case 'bintable':
    case 'table':
    case 'compressed-table':
      return reader.integer('NAXIS2', { least: 0, most });
    case 'groups':
      return reader.integer('GCOUNT', { least: 0, most, fallback: 1 });
    default:
      throw fitsWrongKind({ ...placeOf(hdu, hdu.headerOffset), what: `the HDU is of kind ${hdu.kind}, not a table.` });
  }
}

/** Columns as the header describes them; nothing of the data is read. */
export function tableColumns(hdu: Hdu): ColumnSummary[] {
  if (hdu.kind === 'groups') return readGroups.columns(hdu);
  rowCountOf(hdu); // refuses what is no table
  if (hdu.kind === 'table') return parseAsciiColumns(hdu).map(({ name, unit, format }) => ({ name, unit, format, dim: null }));
  return parseBinColumns(hdu, hdu.header).map(({ name, unit, format, dim }) => ({ name, unit, format, dim }));
}

/** Memory that one table may take, counted as elements, follows the limit on pixels. */
async function readColumns(hdu: Hdu, start: number, end: number, isWanted: (name: string) => boolean): Promise<FitsColumn[]> {
  if (hdu.kind === 'groups') return readGroups(hdu, start, end, isWanted);
  if (hdu.kind === 'compressed-table') return readCompressedTable(hdu, start, end, isWanted);
  const rowBytes = hdu.shape[0]!;
  const bytes = await readExactly(hdu.source, hdu.dataOffset + start * rowBytes, (end - start) * rowBytes, hdu.index);
  const rows = { bytes, rowBytes, rowCount: end - start, firstRow: start };
  if (hdu.kind === 'table') {
    return parseAsciiColumns(hdu)
      .filter((column) => isWanted(column.name))
      .map((column) => readAsciiColumn(hdu, column, rows));
  }
  const columns: FitsColumn[] = [];
  for (const column of parseBinColumns(hdu, hdu.header)) {
    if (isWanted(column.name)) columns.push(await readBinColumn(hdu, column, rows));
  }
  return columns;
}

function tableOf(hdu: Hdu, rowCount: number, columns: FitsColumn[]): FitsTable {
  const find = (name: string) => columns.find((c) => c.name.toUpperCase() === name.trim().toUpperCase());
  const need = (name: string): FitsColumn => {
    const found = find(name);
    if (found) return found;
    const what = `there is no column ${JSON.stringify(name)} among ${columns.map((c) => c.name).join(', ')}.`;
    throw fitsBadRequest({ ...placeOf(hdu, hdu.headerOffset), what });
  };
  return {
    rowCount,
    columns,
    header: hdu.header,
    column: need,
    has: (name) => find(name) !== undefined,
    numbers(name) {
      const { data, repeat } = need(name);
      if (data instanceof Float64Array && repeat === 1) return data;
      const isNumeric =
        repeat === 1 && (data.length === 0 || (typeof data[0] !== 'string' && typeof data[0] !== 'object') || data[0] === null);
      if (!isNumeric) throw fitsBadRequest({ ...placeOf(hdu), what: `column ${name} does not hold one number a row.` });
      return Float64Array.from(data as ArrayLike<number>, (value) => (value === null ? Number.NaN : Number(value)));
    },
    strings(name) {
      const { data, repeat } = need(name);
      if (Array.isArray(data) && repeat === 1 && (data.length === 0 || typeof data[0] === 'string')) return data as string[];
      throw fitsBadRequest({ ...placeOf(hdu), what: `column ${name} does not hold text.` });
    },
  };
}
