import { catalogMalformed } from '../errors.ts';
import { magnitude } from '../tables/csv-stars.ts';
import type { StarTable } from '../tables/star-table.ts';
import { tableBuilder } from '../tables/table-builder.ts';
import type { AnswerTable } from './answer-table.ts';
import { columnsOf, type VizierTable } from './vizier-tables.ts';

/** The stars of an answer, in AB. The cone search may leave columns out that are empty; position and magnitudes it may not. */
export function starsOfAnswer(answer: AnswerTable, table: VizierTable, service: string): StarTable {
  const place = new Map<string, number>();
  for (const name of columnsOf(table)) {
    // VizieR's VOTables write `_2MASS` and `USNO-B1_0` where a name is no identifier.
    const at = answer.columns.findIndex((column) => column === name || plain(column) === plain(name));
    if (at >= 0) place.set(name, at);
  }
  for (const needed of [table.ra, table.dec, table.bands[0]!.mag]) {
    if (!place.has(needed)) throw catalogMalformed({ service, what: `the answer has no column ${needed}` });
  }
  const builder = tableBuilder(
    table.bands.map(({ band }) => band),
    table.epochJyear,
  );
  answer.rows.forEach((row, index) => {
    const text = (name: string | null): string => (name === null ? '' : (row[place.get(name) ?? -1] ?? ''));
    const number = (name: string | null): number => {
      const cell = text(name);
      if (cell === '' || /^(nan|null)$/i.test(cell)) return Number.NaN;
      const value = Number(cell);
      if (Number.isNaN(value))
        throw catalogMalformed({ service, what: `row ${index + 1} of the answer has ${name} = '${cell}'` });
      return value;
    };
    const raDeg = number(table.ra),
      decDeg = number(table.dec);
    if (!(raDeg >= 0 && raDeg <= 360 && Math.abs(decDeg) <= 90)) {
      throw catalogMalformed({ service, what: `row ${index + 1} of the answer lies at (${raDeg}, ${decDeg})` });
    }
    builder.add({
      id: text(table.id),
      raDeg: raDeg === 360 ? 0 : raDeg,
      decDeg,
      pmRaMasYr: number(table.pmRa),
      pmDecMasYr: number(table.pmDec),
      isStar: table.shape.isStar(number),
      mags: table.bands.map(({ mag, err, toAb }) => magnitude(number(mag) + toAb, number(err), false)),
    });
  });
  return builder.take();
}

const plain = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '');
