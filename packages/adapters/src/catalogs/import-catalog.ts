import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { storageError } from '@colibri/base/node';
import type { ImportReport, TileStore } from './store/tile-store.ts';
import { csvStars, type ReadStarsOptions } from './tables/csv-stars.ts';
import { fitsStars } from './tables/fits-stars.ts';

export interface ImportCatalogOptions {
  /** Julian year of the positions, where the table does not say it (2000 by default). */
  readonly epochJyear?: number;
  /** Band of a single column MAG; `G` where the file's name has Gaia in it, else `mag`. */
  readonly loneBand?: string;
}

/**
 * Imports a table of stars: CSV (or semicolons, tabs, bars), gzipped or not, or a FITS file with a table of positions
 * (Gaia's, LDAC). The same bytes twice change nothing; several tables of one catalogue are united.
 */
export async function importCatalog(store: TileStore, path: string, options: ImportCatalogOptions = {}): Promise<ImportReport> {
  const sha256 = await hashOf(path);
  const settings: ReadStarsOptions = {
    loneBand: options.loneBand ?? (/gaia/i.test(basename(path)) ? 'G' : 'mag'),
    ...(options.epochJyear === undefined ? {} : { epochJyear: options.epochJyear }),
  };
  const isFits = await startsAsFits(path);
  const batches = isFits ? fitsStars(path, await readFile(path), settings) : csvStars(path, settings);
  return store.importStars({ source: basename(path), sha256, batches });
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  } catch (cause) {
    throw storageError(path, cause);
  }
  return hash.digest('hex');
}

/** FITS by its first word, or by its name where it is packed. */
async function startsAsFits(path: string): Promise<boolean> {
  if (/\.(fits?|fts|cat)(\.gz|\.fz)?$/i.test(path) && !/\.csv/i.test(path)) return true;
  const file = await open(path, 'r').catch((cause: unknown) => Promise.reject(storageError(path, cause)));
  try {
    const start = Buffer.alloc(9);
    await file.read(start, 0, 9, 0);
    return start.toString('latin1') === 'SIMPLE  =';
  } finally {
    await file.close();
  }
}
