import { allRows, type StarTable, takeRows } from '../tables/star-table.ts';

/**
 * Puts the rows of an import into a tile. A row with the key of one that is there replaces it, band by band: a band that
 * the new row does not know keeps its old value.
 */
export function mergeTables(
  old: StarTable | null,
  incoming: StarTable,
): { table: StarTable; added: number; updated: number; unchanged: number } {
  const merged = takeRows(
    old === null
      ? [[incoming, []]]
      : [
          [old, allRows(old)],
          [incoming, []],
        ],
  );
  const place = new Map<string, number>();
  for (let i = 0; i < merged.count; i++) place.set(keyOf(merged, i), i);
  const fresh: number[] = [];
  const freshPlace = new Map<string, number>();
  let updated = 0,
    unchanged = 0;
  for (let row = 0; row < incoming.count; row++) {
    const key = keyOf(incoming, row);
    const at = place.get(key);
    if (at !== undefined) {
      if (overwrite(merged, at, incoming, row)) updated++;
      else unchanged++;
      continue;
    }
    // Twice in one table: the later row counts.
    const twin = freshPlace.get(key);
    if (twin === undefined) freshPlace.set(key, fresh.push(row) - 1);
    else {
      fresh[twin] = row;
      unchanged++;
    }
  }
  const table =
    fresh.length === 0
      ? merged
      : takeRows([
          [merged, allRows(merged)],
          [incoming, fresh],
        ]);
  return { table, added: fresh.length, updated, unchanged };
}

/** What tells two entries apart: the catalogue's own name, else the place to 0.04 mas. */
const keyOf = (table: StarTable, row: number): string =>
  table.ids[row] || `@${table.raDeg[row]!.toFixed(8)},${table.decDeg[row]!.toFixed(8)}`;

/** Copies one row over another; true where that changed anything. */
function overwrite(into: StarTable, at: number, from: StarTable, row: number): boolean {
  let isChanged = false;
  const set = (target: Float64Array | Float32Array | Uint8Array, value: number): void => {
    if (Object.is(target[at], value)) return;
    target[at] = value;
    isChanged = true;
  };
  set(into.raDeg, from.raDeg[row]!);
  set(into.decDeg, from.decDeg[row]!);
  if (!Number.isNaN(from.pmRaMasYr[row]!)) set(into.pmRaMasYr, from.pmRaMasYr[row]!);
  if (!Number.isNaN(from.pmDecMasYr[row]!)) set(into.pmDecMasYr, from.pmDecMasYr[row]!);
  if (from.isStar[row] !== 255) set(into.isStar, from.isStar[row]!);
  for (const [band, { mag, err }] of from.bands) {
    if (Number.isNaN(mag[row]!)) continue;
    set(into.bands.get(band)!.mag, mag[row]!);
    set(into.bands.get(band)!.err, err[row]!);
  }
  return isChanged;
}
