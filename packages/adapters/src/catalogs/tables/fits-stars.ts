import { type FitsFile, type FitsTable, openFits, readTable, tableColumns } from '@colibri/fits';
import { catalogColumns, catalogTable } from '../errors.ts';
import { toAb } from './ab-system.ts';
import { type ColumnPlan, parseStarness, planColumns } from './column-names.ts';
import { magnitude, type ReadStarsOptions } from './csv-stars.ts';
import type { StarTable } from './star-table.ts';
import { tableBuilder } from './table-builder.ts';

/** Stars of every table of a FITS file that has positions (LDAC's LDAC_OBJECTS, Gaia's, ours). Rows without a position are left out. */
export async function* fitsStars(
  path: string,
  bytes: Uint8Array,
  { epochJyear, loneBand }: ReadStarsOptions,
): AsyncGenerator<StarTable> {
  const file = await openFits(bytes, { name: path });
  let found = 0;
  const seen: string[] = [];
  for (const [table, plan] of await tablesOfStars(file, loneBand, seen)) {
    found++;
    yield starsOf(path, table, plan, epochJyear);
  }
  if (found === 0) {
    throw catalogColumns({
      file: path,
      what: 'no table with columns for right ascension and declination',
      found: seen.join(', ') || 'none',
    });
  }
}

async function tablesOfStars(file: FitsFile, loneBand: string, seen: string[]): Promise<[FitsTable, ColumnPlan][]> {
  const tables: [FitsTable, ColumnPlan][] = [];
  for (const hdu of file.hdus) {
    if (!/table/i.test(hdu.kind)) continue;
    const names = tableColumns(hdu).map((column) => column.name);
    seen.push(...names);
    const plan = planColumns(names, loneBand);
    if (!('missing' in plan)) tables.push([await readTable(hdu), plan]);
  }
  return tables;
}

function starsOf(path: string, table: FitsTable, plan: ColumnPlan, epochGiven: number | undefined): StarTable {
  const numbers = (name: string | null): Float64Array | null => (name === null ? null : table.numbers(name));
  const texts = (name: string | null): readonly string[] | null => {
    if (name === null) return null;
    const { data } = table.column(name);
    return Array.from(data as ArrayLike<unknown>, String); // 64-bit identifiers keep every digit
  };
  const ra = toDegrees(table, plan.ra),
    dec = toDegrees(table, plan.dec);
  const epochs = numbers(plan.epoch);
  const epoch = epochGiven ?? commonEpoch(epochs) ?? 2000;
  const id = texts(plan.id),
    type = texts(plan.type);
  const pmRa = numbers(plan.pmRa),
    pmDec = numbers(plan.pmDec);
  const bands = plan.bands.map((band) => ({ ...band, mags: numbers(band.mag)!, errs: numbers(band.err) }));
  const builder = tableBuilder(
    plan.bands.map(({ band }) => band),
    epoch,
  );
  for (let i = 0; i < table.rowCount; i++) {
    if (Number.isNaN(ra[i]!) || Number.isNaN(dec[i]!)) continue;
    if (!(ra[i]! >= -360 && ra[i]! <= 360 && Math.abs(dec[i]!) <= 90)) {
      throw catalogTable({
        file: path,
        line: i + 1,
        what: `row ${i + 1} has the position (${ra[i]}, ${dec[i]}), expected degrees.`,
      });
    }
    builder.add({
      id: id?.[i]?.trim() ?? '',
      raDeg: ra[i]! < 0 ? ra[i]! + 360 : ra[i]! === 360 ? 0 : ra[i]!,
      decDeg: dec[i]!,
      pmRaMasYr: pmRa?.[i] ?? Number.NaN,
      pmDecMasYr: pmDec?.[i] ?? Number.NaN,
      isStar: type === null ? 255 : parseStarness(type[i]!),
      mags: bands.map(({ band, mags, errs, errIsSnr }) =>
        magnitude(mags[i]! + toAb(band, epoch), errs?.[i] ?? Number.NaN, errIsSnr),
      ),
    });
  }
  return builder.take();
}

/** A coordinate column in degrees, whatever unit it declares. */
function toDegrees(table: FitsTable, name: string): Float64Array {
  const unit = table.column(name).unit.trim().toLowerCase();
  const values = table.numbers(name);
  return /^rad/.test(unit) ? values.map((v) => (v * 180) / Math.PI) : values;
}

/** The epoch that most rows have [yr]; they differ by less than a tenth of a year in the catalogues we know. */
function commonEpoch(epochs: Float64Array | null): number | null {
  if (epochs === null) return null;
  const counts = new Map<number, number>();
  for (const value of epochs) if (value > 1850 && value < 2200) counts.set(value, (counts.get(value) ?? 0) + 1);
  let best: number | null = null,
    most = 0;
  for (const [value, count] of counts) if (count > most) [best, most] = [value, count];
  return best;
}
