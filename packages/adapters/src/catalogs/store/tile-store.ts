import { mkdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type Clock, isoUtc, systemClock } from '@colibri/base';
import { type Files, nodeFiles, storageError, writeAtomically } from '@colibri/base/node';
import type { ReferenceCatalog } from '@colibri/pipeline';
import { propagate } from '@colibri/sky';
import { catalogStore } from '../errors.ts';
import { allRows, type StarTable, selectCone, takeRows } from '../tables/star-table.ts';
import { withImportLock } from './import-lock.ts';
import { mergeTables } from './merge-tables.ts';
import { type ImportRecord, indexPath, indexStamp, readIndex, type StoreIndex } from './store-index.ts';
import { decodeStars, encodeStars } from './tile-file.ts';
import { tileOf, tilesOfCone } from './tile-grid.ts';

/** A table to be imported. */
export interface ImportSource {
  /** What it is called in the provenance: a file name. */
  readonly source: string;
  /** Of its bytes: the same is not imported twice. */
  readonly sha256: string;
  /** Its stars, in batches. */
  readonly batches: AsyncIterable<StarTable> | Iterable<StarTable>;
}

export interface ImportReport extends ImportRecord {
  /** The same bytes were imported before: nothing was done. */
  readonly wasKnown: boolean;
  /** Rows that were there already, the same in every value. */
  readonly unchanged: number;
  readonly tilesWritten: number;
}

/** A local catalogue of tiles. */
export interface TileStore extends ReferenceCatalog {
  readonly dir: string;
  /** What is in it; null: nothing was imported yet. */
  info(): Promise<StoreIndex | null>;
  /** Adds a table; entries that are known (by name, else by place) are replaced. Atomic per tile; repeat it after a crash. */
  importStars(source: ImportSource): Promise<ImportReport>;
}

export interface TileStoreOptions {
  /** Of a new catalogue, as written in products; the folder's name by default. */
  readonly name?: string;
  readonly files?: Files;
  readonly clock?: Clock;
}

/** Decoded tiles kept in memory: a night looks at few places. */
const CACHED_TILES = 64;

/** Opens the store in a folder, which need not exist before the first import. */
export async function openTileStore(
  dir: string,
  { name, files = nodeFiles, clock = systemClock }: TileStoreOptions = {},
): Promise<TileStore> {
  let known = await readIndex(dir);
  const cache = new Map<string, Promise<StarTable>>();

  /** The index in force; an import by another process shows from the next question on. */
  const currentIndex = async (): Promise<StoreIndex | null> => {
    const stamp = await indexStamp(dir);
    if (stamp !== (known?.stamp ?? null)) {
      known = await readIndex(dir);
      cache.clear();
    }
    return known?.index ?? null;
  };
  const loadTile = (tile: string): Promise<StarTable> => {
    const kept = cache.get(tile);
    if (kept !== undefined) {
      cache.delete(tile); // moved to the young end
      cache.set(tile, kept);
      return kept;
    }
    const loading = readTile(dir, tile);
    cache.set(tile, loading);
    loading.catch(() => cache.delete(tile));
    if (cache.size > CACHED_TILES) cache.delete(cache.keys().next().value!);
    return loading;
  };

  const store: TileStore = {
    dir,
    get name() {
      return known?.index.name ?? name ?? basename(dir);
    },
    info: currentIndex,
    async cone(raDeg, decDeg, radiusDeg, limit) {
      const index = await currentIndex();
      const wanted = index === null ? [] : tilesOfCone(raDeg, decDeg, radiusDeg).filter((tile) => tile in index.tiles);
      const tables = await Promise.all(wanted.map(loadTile));
      return selectCone(store.name, tables, { raDeg, decDeg, radiusDeg }, limit, {
        epochJyear: index?.epochJyear ?? 2000,
        bandNames: index?.bands ?? [],
      });
    },
    async importStars(source) {
      await mkdir(dir, { recursive: true }).catch((cause: unknown) => Promise.reject(storageError(dir, cause)));
      return withImportLock(dir, async () => {
        const report = await importInto(dir, await readIndex(dir), store.name, source, { files, clock });
        await currentIndex();
        return report;
      });
    },
  };
  return store;
}

const tilePath = (dir: string, tile: string): string => join(dir, `${tile}.fits`);

async function readTile(dir: string, tile: string): Promise<StarTable> {
  const path = tilePath(dir, tile);
  const bytes = await readFile(path).catch((cause: { code?: string }) => {
    throw cause.code === 'ENOENT'
      ? catalogStore({ path, what: 'is named by the index but is not there' }, cause)
      : storageError(path, cause);
  });
  return decodeStars(bytes, path);
}

async function importInto(
  dir: string,
  before: { index: StoreIndex } | null,
  name: string,
  { source, sha256, batches }: ImportSource,
  { files, clock }: { files: Files; clock: Clock },
): Promise<ImportReport> {
  const same = before?.index.imports.find((record) => record.sha256 === sha256);
  if (same !== undefined) return { ...same, wasKnown: true, unchanged: same.rows, added: 0, updated: 0, tilesWritten: 0 };
  let epochJyear = before?.index.epochJyear;
  const bands = new Set(before?.index.bands ?? []);
  const tiles: Record<string, number> = { ...before?.index.tiles };
  const total = { rows: 0, added: 0, updated: 0, unchanged: 0 };
  const written = new Set<string>();
  for await (const batch of batches) {
    epochJyear ??= batch.epochJyear;
    for (const band of batch.bands.keys()) bands.add(band);
    const moved = atEpoch(batch, epochJyear);
    total.rows += batch.count;
    for (const [tile, rows] of byTile(moved)) {
      const part = takeRows([[moved, rows]]);
      // A tile that exists though the index does not name it was left by an import that died: it is taken over.
      const old = tile in tiles ? await readTile(dir, tile) : await readTile(dir, tile).catch(() => null);
      const merged = mergeTables(old, part);
      total.added += merged.added;
      total.updated += merged.updated;
      total.unchanged += merged.unchanged;
      const isNew = !(tile in tiles);
      tiles[tile] = merged.table.count;
      if (merged.added + merged.updated === 0 && !isNew) continue;
      const path = tilePath(dir, tile);
      await mkdir(dirname(path), { recursive: true }).catch((cause: unknown) => Promise.reject(storageError(path, cause)));
      await writeAtomically(files, path, encodeStars(merged.table));
      written.add(tile);
    }
  }
  const record: ImportRecord = {
    source,
    sha256,
    importedAt: isoUtc(clock.now()),
    rows: total.rows,
    added: total.added,
    updated: total.updated,
  };
  const index: StoreIndex = {
    format: 1,
    name,
    epochJyear: epochJyear ?? 2000,
    bands: [...bands],
    rowCount: Object.values(tiles).reduce((sum, rows) => sum + rows, 0),
    tiles,
    imports: [...(before?.index.imports ?? []), record],
  };
  await writeAtomically(files, indexPath(dir), new TextEncoder().encode(`${JSON.stringify(index, null, 1)}\n`));
  return { ...record, wasKnown: false, unchanged: total.unchanged, tilesWritten: written.size };
}

/** The same stars at another epoch. */
function atEpoch(table: StarTable, epochJyear: number): StarTable {
  if (table.epochJyear === epochJyear) return table;
  const moved = takeRows([[table, allRows(table)]], epochJyear);
  for (let i = 0; i < moved.count; i++) {
    const [ra, dec] = propagate(
      table.raDeg[i]!,
      table.decDeg[i]!,
      table.pmRaMasYr[i]!,
      table.pmDecMasYr[i]!,
      table.epochJyear,
      epochJyear,
    );
    moved.raDeg[i] = ra;
    moved.decDeg[i] = dec;
  }
  return moved;
}

function byTile(table: StarTable): Map<string, number[]> {
  const rows = new Map<string, number[]>();
  for (let i = 0; i < table.count; i++) {
    const tile = tileOf(table.raDeg[i]!, table.decDeg[i]!);
    const kept = rows.get(tile);
    if (kept === undefined) rows.set(tile, [i]);
    else kept.push(i);
  }
  return rows;
}
