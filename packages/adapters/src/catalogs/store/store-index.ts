import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { storageError } from '@colibri/base/node';
import { catalogStore } from '../errors.ts';

/** One table that was imported. */
export interface ImportRecord {
  readonly source: string;
  readonly sha256: string;
  readonly importedAt: string;
  readonly rows: number;
  readonly added: number;
  readonly updated: number;
}

/** What `index.json` of a store says: the truth about which tiles are there. */
export interface StoreIndex {
  readonly format: 1;
  /** As written in products. */
  readonly name: string;
  readonly epochJyear: number;
  /** In the order of first import; answers are sorted by the first. All AB. */
  readonly bands: readonly string[];
  readonly rowCount: number;
  /** Rows per tile. */
  readonly tiles: Readonly<Record<string, number>>;
  readonly imports: readonly ImportRecord[];
}

export const indexPath = (dir: string): string => join(dir, 'index.json');

/** The index as it is on disk, with a stamp that changes when the file does; null where there is none. */
export async function readIndex(dir: string): Promise<{ index: StoreIndex; stamp: string } | null> {
  const path = indexPath(dir);
  try {
    const { mtimeMs, size, ino } = await stat(path);
    const index = JSON.parse(await readFile(path, 'utf8')) as Partial<StoreIndex>;
    const isWhole =
      index.format === 1 &&
      typeof index.name === 'string' &&
      typeof index.epochJyear === 'number' &&
      Array.isArray(index.bands) &&
      typeof index.tiles === 'object' &&
      Array.isArray(index.imports);
    if (!isWhole) throw catalogStore({ path, what: 'is not an index of this format (format 1)' });
    return { index: index as StoreIndex, stamp: `${mtimeMs} ${size} ${ino}` };
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return null;
    if (error instanceof SyntaxError) throw catalogStore({ path, what: `is not JSON: ${error.message}` }, error);
    if ((error as { code?: string }).code?.startsWith('CATALOG_')) throw error;
    throw storageError(path, error);
  }
}

/** Changes when the index does; null where there is none. */
export async function indexStamp(dir: string): Promise<string | null> {
  try {
    const { mtimeMs, size, ino } = await stat(indexPath(dir));
    return `${mtimeMs} ${size} ${ino}`;
  } catch {
    return null;
  }
}
