import { type FitsTable, Header, openFits, readTable, tableHdu, writeFits } from '@colibri/fits';
import { catalogStore } from '../errors.ts';
import type { BandColumns, StarTable } from '../tables/star-table.ts';

/**
 * A table of stars as a FITS file: one binary table STARS with ID, RA, DEC (double), PMRA, PMDEC, ISSTAR and, for the
 * n-th band, MAGn and ERRn; BANDn holds its name (FITS knows no difference between columns g and G).
 */
export function encodeStars(table: StarTable, cards: readonly (readonly [string, string | number])[] = []): Uint8Array {
  const bands = [...table.bands];
  const header = Header.of([
    ['POSEPOCH', table.epochJyear, '[yr] Julian year of the positions'],
    ['RADESYS', 'ICRS', 'frame of the positions'],
    ['NBANDS', bands.length, 'number of bands'],
    ...bands.map(([name], i) => [`BAND${i + 1}`, name, `band of MAG${i + 1} and ERR${i + 1}, AB`] as const),
    ...cards.map(([keyword, value]) => [keyword, value, ''] as const),
  ]);
  return writeFits([
    tableHdu({
      name: 'STARS',
      rowCount: table.count,
      header,
      columns: [
        { name: 'ID', data: table.ids },
        { name: 'RA', data: table.raDeg, unit: 'deg' },
        { name: 'DEC', data: table.decDeg, unit: 'deg' },
        { name: 'PMRA', data: table.pmRaMasYr, unit: 'mas/yr', comment: 'proper motion in RA times cos(DEC)' },
        { name: 'PMDEC', data: table.pmDecMasYr, unit: 'mas/yr' },
        { name: 'ISSTAR', data: table.isStar, comment: '1 star, 0 extended, 255 not known' },
        ...bands.flatMap(([, { mag, err }], i) => [
          { name: `MAG${i + 1}`, data: mag, unit: 'mag' },
          { name: `ERR${i + 1}`, data: err, unit: 'mag' },
        ]),
      ],
    }),
  ]);
}

/** Reads what `encodeStars` wrote; CATALOG_STORE where it cannot be that. */
export async function decodeStars(bytes: Uint8Array, path: string): Promise<StarTable> {
  try {
    const file = await openFits(bytes, { name: path });
    const table = await readTable(file.hdu('STARS'));
    const epochJyear = Number(table.header.get('POSEPOCH'));
    const bandCount = Number(table.header.get('NBANDS'));
    if (!Number.isFinite(epochJyear) || !Number.isInteger(bandCount)) throw new Error('POSEPOCH or NBANDS is missing');
    const bands = new Map<string, BandColumns>();
    for (let n = 1; n <= bandCount; n++) {
      bands.set(String(table.header.get(`BAND${n}`)), { mag: floats(table, `MAG${n}`), err: floats(table, `ERR${n}`) });
    }
    return {
      count: table.rowCount,
      ids: table.strings('ID'),
      raDeg: table.numbers('RA'),
      decDeg: table.numbers('DEC'),
      pmRaMasYr: floats(table, 'PMRA'),
      pmDecMasYr: floats(table, 'PMDEC'),
      isStar: Uint8Array.from(table.numbers('ISSTAR')),
      bands,
      epochJyear,
    };
  } catch (cause) {
    const what = `cannot be read as a table of stars: ${cause instanceof Error ? cause.message : String(cause)}`;
    throw catalogStore({ path, what }, cause);
  }
}

const floats = (table: FitsTable, name: string): Float32Array => Float32Array.from(table.numbers(name));
