import { fitsCompression } from '../errors.ts';
import { type Hdu, placeOf } from '../hdu.ts';
import type { FitsColumn } from '../table-types.ts';

/** Compressed tables; not yet. */
export async function readCompressedTable(
  hdu: Hdu,
  _start: number,
  _end: number,
  _isWanted: (name: string) => boolean,
): Promise<FitsColumn[]> {
  throw fitsCompression({ ...placeOf(hdu, hdu.headerOffset), what: 'compressed tables are not read yet.' });
}
