import type { SourceTable } from '@colibri/contracts';
import { readTable } from '@colibri/fits';
import { readFitsFile } from '@colibri/fits/node';

/** The table CATALOG of a catalogue file, every numeric column as an array; NaN and null become null. */
export async function readSources(path: string, frameId: string): Promise<SourceTable> {
  const file = await readFitsFile(path);
  const table = await readTable(file.hdu('CATALOG'));
  const columns: Record<string, (number | null)[]> = {};
  for (const { name, repeat, data } of table.columns) {
    if (repeat !== 1 || typeof data[0] === 'string') continue;
    columns[name] = Array.from(table.numbers(name), (value) => (Number.isFinite(value) ? value : null));
  }
  return { frameId, count: table.rowCount, columns };
}
