import { defineError, type Facts } from '@colibri/base';

/** Where in a file something is wrong: its name, the HDU counted from 0, the byte counted from 0. */
export interface FitsPlace {
  readonly file: string;
  readonly hdu: number;
  readonly offset: number;
}

interface Told extends FitsPlace, Facts {
  readonly file: string;
  readonly hdu: number;
  readonly offset: number;
  /** What was found and what was expected, as the end of a sentence. */
  readonly what: string;
}

/** Declares an error of this package; every message begins with file, HDU and byte. */
const fitsError = (code: string, retry: 'later' | 'never', summary: string, hint: string) =>
  defineError<Told & Facts>({
    code,
    retry,
    summary,
    hint,
    message: (f) => `${f.file}, HDU ${f.hdu}, byte ${f.offset}: ${f.what}`,
  });

export const fitsEmpty = fitsError(
  'FITS_EMPTY',
  'later',
  'The file has no bytes.',
  'The transfer has not begun or was cut at once: compare with the source and copy it again.',
);

export const fitsNotFits = fitsError(
  'FITS_NOT_FITS',
  'never',
  'The file does not begin like a FITS file (`SIMPLE  =`).',
  'Check what wrote this file; if it is a FITS file inside another wrapper, unpack it first.',
);

export const fitsWrapper = fitsError(
  'FITS_UNSUPPORTED_WRAPPER',
  'never',
  'The file is packed in a way that is not read here (.Z, .bz2, .xz, .zip …).',
  'Unpack it (uncompress, bunzip2 …) or pack it with gzip or fpack instead.',
);

export const fitsTruncated = fitsError(
  'FITS_TRUNCATED',
  'later',
  'The file ends before the data its own header announces.',
  'The transfer is still running or stopped early: compare with the source and copy it again.',
);

export const fitsNoEnd = fitsError(
  'FITS_NO_END',
  'later',
  'A header has no END card.',
  'The file is cut inside its header or is damaged: copy it again, or look at it with `fold -w 80`.',
);

export const fitsBadEnd = fitsError(
  'FITS_HEADER_NOT_TEXT',
  'never',
  'A header holds bytes that cannot be part of a card.',
  'The file is damaged or was altered as text: copy it again in binary mode.',
);

export const fitsMissingCard = fitsError(
  'FITS_MISSING_KEYWORD',
  'never',
  'A header lacks a card without which its data cannot be found.',
  'Ask the writer of the file; `fitsverify` lists all that the standard demands.',
);

export const fitsBadCard = fitsError(
  'FITS_BAD_KEYWORD',
  'never',
  'A card that describes the data has an illegal value.',
  'Correct the card or ask the writer of the file; `fitsverify` lists all that the standard demands.',
);

export const fitsTooLarge = fitsError(
  'FITS_TOO_LARGE',
  'never',
  'The file or something it announces exceeds the limits of this reader.',
  'If the file is right, raise the limits given to openFits; otherwise its header is damaged.',
);

export const fitsTableLayout = fitsError(
  'FITS_TABLE_LAYOUT',
  'never',
  'The columns of a table do not fit its rows, or a column format cannot be understood.',
  'Check TFORMn, TBCOLn, TDIMn and NAXIS1; `fitsverify` names the column.',
);

export const fitsHeapRange = fitsError(
  'FITS_HEAP_RANGE',
  'never',
  'A variable-length entry points outside the heap of its table.',
  'The table is damaged: copy the file again or ask its writer.',
);

export const fitsBadField = fitsError(
  'FITS_BAD_FIELD',
  'never',
  'A field of a table does not hold what its format promises.',
  'Check that TBCOLn and TFORMn agree with the text of the row.',
);

export const fitsTileCorrupt = fitsError(
  'FITS_TILE_CORRUPT',
  'never',
  'A compressed tile cannot be decoded.',
  'The compressed data are damaged: copy the file again, or compare with what funpack says.',
);

export const fitsCompression = fitsError(
  'FITS_UNSUPPORTED_COMPRESSION',
  'never',
  'The compression of an image or column is not known here.',
  'RICE_1, GZIP_1, GZIP_2, PLIO_1, HCOMPRESS_1 and NOCOMPRESS are read; repack the file with fpack.',
);

export const fitsGzip = fitsError(
  'FITS_GZIP_CORRUPT',
  'later',
  'The gzip wrapper is damaged or cut.',
  'The transfer is still running or the file is damaged: `gzip -t` tells; copy it again.',
);

export const fitsChecksum = fitsError(
  'FITS_CHECKSUM_MISMATCH',
  'later',
  'DATASUM or CHECKSUM does not agree with the bytes.',
  'The bytes changed since they were written: copy the file again from its source.',
);

export const fitsReadFailed = fitsError(
  'FITS_READ_FAILED',
  'later',
  'The bytes of a file could not be read.',
  'Check that the file still exists and was not shortened while being read, and the health of the disk.',
);

export const fitsNoSuchHdu = fitsError(
  'FITS_NO_SUCH_HDU',
  'never',
  'The file has no HDU of this name or number.',
  'List the HDUs of the file with `gp1 inspect`.',
);

export const fitsWrongKind = fitsError(
  'FITS_WRONG_KIND',
  'never',
  'The HDU is not of the kind asked for (a table read as an image, for example).',
  'List the HDUs of the file with `gp1 inspect` and choose another.',
);

export const fitsBadRequest = fitsError(
  'FITS_BAD_REQUEST',
  'never',
  'A section, row range or output array does not fit the data.',
  'Sections are 0-based, half open, one range per axis, inside the shape of the image.',
);

export const fitsCannotWrite = fitsError(
  'FITS_CANNOT_WRITE',
  'never',
  'Something cannot be expressed in FITS.',
  'Change the name, value, shape or format that the message quotes.',
);
