import type { StarTable } from './star-table.ts';

/** One entry on its way into a table; what is not known is NaN, '' or 255. */
export interface StarRow {
  readonly id: string;
  readonly raDeg: number;
  readonly decDeg: number;
  readonly pmRaMasYr: number;
  readonly pmDecMasYr: number;
  readonly isStar: 0 | 1 | 255;
  /** Magnitude and error per band, in the order of the builder's bands. */
  readonly mags: readonly (readonly [mag: number, err: number])[];
}

/** Grows columns row by row. */
export function tableBuilder(bandNames: readonly string[], epochJyear: number) {
  let rows: StarRow[] = [];
  return {
    get count(): number {
      return rows.length;
    },
    add: (row: StarRow): void => void rows.push(row),
    /** The rows so far as a table; the builder starts anew. */
    take(): StarTable {
      const taken = rows;
      rows = [];
      return {
        count: taken.length,
        ids: taken.map((row) => row.id),
        raDeg: Float64Array.from(taken, (row) => row.raDeg),
        decDeg: Float64Array.from(taken, (row) => row.decDeg),
        pmRaMasYr: Float32Array.from(taken, (row) => row.pmRaMasYr),
        pmDecMasYr: Float32Array.from(taken, (row) => row.pmDecMasYr),
        isStar: Uint8Array.from(taken, (row) => row.isStar),
        bands: new Map(
          bandNames.map((name, b) => [
            name,
            {
              mag: Float32Array.from(taken, (row) => row.mags[b]?.[0] ?? Number.NaN),
              err: Float32Array.from(taken, (row) => row.mags[b]?.[1] ?? Number.NaN),
            },
          ]),
        ),
        epochJyear,
      };
    },
  };
}
