import type { ReferenceStars } from '@colibri/pipeline';
import { separationDeg } from '@colibri/sky';

/** Magnitudes of one band, AB [mag]; NaN where not known. */
export interface BandColumns {
  readonly mag: Float32Array;
  readonly err: Float32Array;
}

/** Entries as columns of one length, as they are imported and stored: `ReferenceStars` with what tells two entries apart. */
export interface StarTable {
  readonly count: number;
  /** The entry's own name in its catalogue; '' where it has none. */
  readonly ids: readonly string[];
  readonly raDeg: Float64Array;
  readonly decDeg: Float64Array;
  readonly pmRaMasYr: Float32Array;
  readonly pmDecMasYr: Float32Array;
  /** 1 star, 0 extended, 255 not known. */
  readonly isStar: Uint8Array;
  readonly bands: ReadonlyMap<string, BandColumns>;
  readonly epochJyear: number;
}

/** The rows of several tables, in this order. Bands are united in the order of their first appearance; what is missing is NaN. */
export function takeRows(
  sources: readonly (readonly [StarTable, ArrayLike<number>])[],
  epochJyear = sources[0]?.[0].epochJyear ?? Number.NaN,
  bandNames: readonly string[] = [...new Set(sources.flatMap(([table]) => [...table.bands.keys()]))],
): StarTable {
  const count = sources.reduce((sum, [, rows]) => sum + rows.length, 0);
  const ids = new Array<string>(count);
  const raDeg = new Float64Array(count),
    decDeg = new Float64Array(count),
    pmRaMasYr = new Float32Array(count),
    pmDecMasYr = new Float32Array(count),
    isStar = new Uint8Array(count);
  const bands = new Map<string, BandColumns>(
    bandNames.map((name) => [
      name,
      { mag: new Float32Array(count).fill(Number.NaN), err: new Float32Array(count).fill(Number.NaN) },
    ]),
  );
  let to = 0;
  for (const [table, rows] of sources) {
    const pairs = bandNames.flatMap((name) => {
      const from = table.bands.get(name);
      return from === undefined ? [] : [[from, bands.get(name)!] as const];
    });
    for (let k = 0; k < rows.length; k++, to++) {
      const row = rows[k]!;
      ids[to] = table.ids[row] ?? '';
      raDeg[to] = table.raDeg[row]!;
      decDeg[to] = table.decDeg[row]!;
      pmRaMasYr[to] = table.pmRaMasYr[row]!;
      pmDecMasYr[to] = table.pmDecMasYr[row]!;
      isStar[to] = table.isStar[row]!;
      for (const [from, into] of pairs) {
        into.mag[to] = from.mag[row]!;
        into.err[to] = from.err[row]!;
      }
    }
  }
  return { count, ids, raDeg, decDeg, pmRaMasYr, pmDecMasYr, isStar, bands, epochJyear };
}

/** 0, 1 … n − 1. */
export const allRows = (table: StarTable): Int32Array => Int32Array.from({ length: table.count }, (_, i) => i);

/**
 * The answer of a catalogue: entries of several tables within a cone (border included), brightest first in the first
 * band (entries without it last, then as they came), at most `limit`.
 */
export function selectCone(
  name: string,
  tables: readonly StarTable[],
  cone: { readonly raDeg: number; readonly decDeg: number; readonly radiusDeg: number },
  limit: number,
  { epochJyear, bandNames }: { readonly epochJyear: number; readonly bandNames: readonly string[] },
): ReferenceStars {
  const found: { table: number; row: number; mag: number }[] = [];
  const firstBand = bandNames[0];
  tables.forEach((table, t) => {
    const mags = firstBand === undefined ? undefined : table.bands.get(firstBand)?.mag;
    for (let row = 0; row < table.count; row++) {
      const dec = table.decDeg[row]!;
      if (Math.abs(dec - cone.decDeg) > cone.radiusDeg + 1e-9) continue;
      if (separationDeg(cone.raDeg, cone.decDeg, table.raDeg[row]!, dec) > cone.radiusDeg + 1e-12) continue;
      const mag = mags?.[row] ?? Number.NaN;
      found.push({ table: t, row, mag: Number.isNaN(mag) ? Number.POSITIVE_INFINITY : mag });
    }
  });
  found.sort((a, b) => (a.mag < b.mag ? -1 : a.mag > b.mag ? 1 : a.table - b.table || a.row - b.row));
  const chosen = found.slice(0, Math.max(0, Math.floor(limit)));
  // takeRows wants runs of one table: one run per entry keeps the order of brightness.
  const { count, raDeg, decDeg, pmRaMasYr, pmDecMasYr, isStar, bands } = takeRows(
    runs(chosen).map(({ table, rows }) => [tables[table]!, rows] as const),
    epochJyear,
    bandNames,
  );
  return { name, count, raDeg, decDeg, epochJyear, pmRaMasYr, pmDecMasYr, isStar, bands };
}

function runs(entries: readonly { table: number; row: number }[]): { table: number; rows: number[] }[] {
  const result: { table: number; rows: number[] }[] = [];
  for (const { table, row } of entries) {
    const last = result.at(-1);
    if (last?.table === table) last.rows.push(row);
    else result.push({ table, rows: [row] });
  }
  return result;
}
