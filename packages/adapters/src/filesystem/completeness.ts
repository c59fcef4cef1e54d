import { ObservatoryError } from '@colibri/base';
import { openFits } from '@colibri/fits';
import { openFileSource } from '@colibri/fits/node';

/** What a file's own headers say of its bytes. */
export type Completeness =
  | { readonly state: 'complete' }
  /** More bytes are announced than are there, or there is nothing yet: it may still be growing. */
  | { readonly state: 'incomplete'; readonly error: ObservatoryError }
  /** No further bytes will mend it: processing will say so. */
  | { readonly state: 'broken'; readonly error: ObservatoryError };

const blockBytes = 2880;

/**
 * Looks whether a file is whole by its own account: every HDU's data are there and the last one ends the file at a multiple of
 * 2880 bytes; a gzip stream is unpacked to its trailer.
 */
export async function completenessOf(path: string): Promise<Completeness> {
  const source = await openFileSource(path);
  try {
    const file = await openFits(source);
    const last = file.hdus[file.hdus.length - 1]!;
    if (/\.gz$/i.test(path)) return { state: 'complete' };
    const end = Math.ceil((last.dataOffset + last.dataLength) / blockBytes) * blockBytes;
    // Padding still missing: harmless to read, but a writer at work looks just like it.
    if (source.size < end) return { state: 'incomplete', error: shortPadding(path, source.size, end) };
    return { state: 'complete' };
  } catch (error) {
    if (!(error instanceof ObservatoryError)) throw error;
    // `later`: cut, empty, a gzip stream that ends early: more bytes may cure it.
    return { state: error.retry === 'later' ? 'incomplete' : 'broken', error };
  } finally {
    await source.close();
  }
}

function shortPadding(file: string, actualBytes: number, expectedBytes: number): ObservatoryError {
  return new ObservatoryError({
    code: 'FITS_TRUNCATED',
    message: `${file} ends after ${actualBytes} bytes; its last HDU ends at byte ${expectedBytes}.`,
    hint: 'The transfer is still running or stopped early: compare with the source and copy it again.',
    retry: 'later',
    facts: { file, actualBytes, expectedBytes },
  });
}
