import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { ReferenceCatalog } from '@colibri/pipeline';
import { type CombinedAnswer, combineCatalogs } from './combine-catalogs.ts';
import { readIndex } from './store/store-index.ts';
import { openTileStore, type TileStore, type TileStoreOptions } from './store/tile-store.ts';

/**
 * The catalogues of a folder: the folder itself where it is a store, else each store in it, in the order of their
 * names, the first with coverage answering. null: there is none.
 */
export async function openCatalogFolder(
  folder: string,
  onAnswer?: (answer: CombinedAnswer) => void,
): Promise<ReferenceCatalog | null> {
  if ((await readIndex(folder)) !== null) return openTileStore(folder);
  const names = (await readdir(folder, { withFileTypes: true }).catch(() => [])).filter((entry) => entry.isDirectory());
  const stores: TileStore[] = [];
  for (const { name } of names.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if ((await readIndex(join(folder, name))) !== null) stores.push(await openTileStore(join(folder, name)));
  }
  const [first, ...rest] = stores;
  if (first === undefined) return null;
  return rest.length === 0 ? first : combineCatalogs(first, rest, onAnswer);
}

/** The store in a folder of catalogues that takes the imports of one catalogue: `Gaia DR3` lives in `gaia-dr3`. */
export function storeInFolder(folder: string, name: string, options: Omit<TileStoreOptions, 'name'> = {}): Promise<TileStore> {
  const slug = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
  return openTileStore(join(folder, slug || 'catalog'), { ...options, name });
}

/** `refcat` of `/data/refcat.csv.gz`: the name of a catalogue where none is given. */
export const catalogNameOf = (path: string): string =>
  basename(path).replace(/(\.(csv|tsv|txt|fits?|fts|cat|ldac|gz|fz))+$/i, '');
