import { catalogColumns, catalogTable } from '../errors.ts';
import { toAb } from './ab-system.ts';
import { type ColumnPlan, parseStarness, planColumns } from './column-names.ts';
import { readTextTable, type TextRow } from './csv.ts';
import type { StarTable } from './star-table.ts';
import { tableBuilder } from './table-builder.ts';

export interface ReadStarsOptions {
  /** Julian year of the positions where the table has no column for it. */
  readonly epochJyear?: number;
  /** Name of the band where a table has one magnitude without a name. */
  readonly loneBand: string;
  /** Rows handed on at once. */
  readonly batchRows?: number;
}

const BATCH = 200_000;
const MISSING = /^(|nan|null|none|n\/a|--|\\n|-?inf)$/i;

/** Stars of a text table, in batches; CATALOG_TABLE with file and line where a value cannot be understood. */
export async function* csvStars(
  path: string,
  { epochJyear, loneBand, batchRows = BATCH }: ReadStarsOptions,
): AsyncGenerator<StarTable> {
  let plan: ColumnPlan | undefined;
  let columns: ReadonlyMap<string, number> = new Map();
  let width = 0;
  let builder: ReturnType<typeof tableBuilder> | undefined;
  let epoch = epochJyear;
  for await (const row of readTextTable(path)) {
    if (plan === undefined) {
      const names = row.fields.map((name) => name.replace(/^#\s*/, ''));
      const found = planColumns(names, loneBand);
      if ('missing' in found)
        throw catalogColumns({ file: path, what: `no column for ${found.missing}`, found: names.join(', ') });
      plan = found;
      columns = new Map(names.map((name, i) => [name, i]));
      width = names.length;
      continue;
    }
    if (row.fields.length !== width) {
      throw catalogTable({ file: path, line: row.line, what: `${row.fields.length} fields; the header has ${width}.` });
    }
    const cell = (name: string | null): string => (name === null ? '' : row.fields[columns.get(name)!]!);
    const number = (name: string | null): number => parseNumber(path, row, name, cell(name));
    epoch ??= plan.epoch === null ? 2000 : number(plan.epoch);
    builder ??= tableBuilder(
      plan.bands.map((band) => band.band),
      epoch,
    );
    builder.add({
      id: cell(plan.id),
      raDeg: coordinate(path, row, plan.ra, number(plan.ra), -360, 360),
      decDeg: coordinate(path, row, plan.dec, number(plan.dec), -90, 90),
      pmRaMasYr: number(plan.pmRa),
      pmDecMasYr: number(plan.pmDec),
      isStar: plan.type === null ? 255 : parseStarness(cell(plan.type)),
      mags: plan.bands.map(({ band, mag, err, errIsSnr }) => magnitude(number(mag) + toAb(band, epoch!), number(err), errIsSnr)),
    });
    if (builder.count >= batchRows) yield builder.take();
  }
  if (plan === undefined) throw catalogColumns({ file: path, what: 'it has no header', found: 'none' });
  if (builder !== undefined && builder.count > 0) yield builder.take();
}

/** NaN for what catalogues write where they know nothing; an error for text that is no number. */
function parseNumber(file: string, row: TextRow, name: string | null, text: string): number {
  if (MISSING.test(text)) return Number.NaN;
  const value = Number(text);
  if (Number.isNaN(value)) throw catalogTable({ file, line: row.line, what: `${name} is '${text}', expected a number.` });
  return value;
}

function coordinate(file: string, row: TextRow, name: string, value: number, least: number, most: number): number {
  if (value >= least && value <= most) return value < 0 && most === 360 ? value + 360 : value === 360 ? 0 : value;
  throw catalogTable({ file, line: row.line, what: `${name} is ${value}, expected degrees from ${least} to ${most}.` });
}

/** Magnitude and error; 99, −99, 0 without error and the like are NaN. */
export function magnitude(mag: number, err: number, errIsSnr: boolean): [number, number] {
  if (!(mag > -30 && mag < 50)) return [Number.NaN, Number.NaN];
  const error = errIsSnr ? 1.0857362 / err : err;
  return [mag, error >= 0 && error < 10 ? error : Number.NaN];
}
