import { resolve } from 'node:path';
import { catalogNameOf, importCatalog, storeInFolder } from '@colibri/adapters/catalogs';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { standard } from '../sequences.ts';
import { loadGp1 } from '../world/load-config.ts';
import { consoleOutput, type Output } from './shared.ts';

export interface CatalogImport {
  readonly name?: string;
  readonly catalog?: string;
  readonly config?: string;
  readonly epoch?: number;
}

/** `gp1 catalog import FILE...`: tables of stars into the local store that astrometry reads. */
export async function catalogImportCommand(
  files: readonly string[],
  options: CatalogImport,
  output: Output = consoleOutput,
): Promise<ExitCode> {
  const folder = options.catalog ?? (options.config ? (await loadGp1(options.config, standard)).config.catalog : 'catalogs');
  for (const file of files) {
    const name = options.name ?? catalogNameOf(file);
    const store = await storeInFolder(resolve(folder), name);
    const report = await importCatalog(store, file, options.epoch === undefined ? {} : { epochJyear: options.epoch });
    output.out(
      `${file} → ${resolve(folder)}, catalogue ${name}: ${report.wasKnown ? 'known already, nothing done' : `${report.rows} rows: ${report.added} added, ${report.updated} updated, ${report.unchanged} unchanged`}`,
    );
  }
  return exitCodes.done;
}
