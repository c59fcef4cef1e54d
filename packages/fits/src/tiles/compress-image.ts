import { fitsCannotWrite } from '../errors.ts';
import type { WritableHdu } from '../write.ts';
import type { ImageInput } from '../write-image.ts';

export interface QuantizeOptions {
  /** Noise per step: the step is the noise of the tile divided by this (fpack's -q). Default 4. */
  readonly level?: number;
  readonly dither?: 'none' | 'dither1' | 'dither2';
  /** 1 to 10000: ZDITHER0. */
  readonly seed?: number;
}

export interface CompressOptions {
  readonly algorithm: 'RICE_1' | 'GZIP_2';
  /** Shape of a tile; one row when absent. */
  readonly tile?: readonly number[];
  /** Of floats. `lossless` needs GZIP_2. Default: level 4, dither1, for RICE_1; lossless for GZIP_2. */
  readonly quantize?: QuantizeOptions | 'lossless';
}

export function compressedImageHdu(_input: ImageInput, _options: CompressOptions): WritableHdu {
  throw fitsCannotWrite({ file: 'image', hdu: 0, offset: 0, what: 'not yet.' });
}
