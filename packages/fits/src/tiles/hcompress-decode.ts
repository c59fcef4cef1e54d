import { TileDataError } from './rice-decode.ts';

/** HCOMPRESS_1; not yet. */
export function hcompressDecode(_src: Uint8Array, _dst: Int32Array, _size: readonly number[], _smooth: boolean): void {
  throw new TileDataError('HCOMPRESS_1 is not read yet');
}
