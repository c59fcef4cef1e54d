import { defineError, type ObservatoryError } from '../errors.ts';

export const storageFull = defineError<{ path: string }>({
  code: 'STORAGE_FULL',
  retry: 'later',
  summary: 'The disk has no room for a file.',
  message: (f) => `No space left on the device while writing ${f.path}.`,
  hint: 'Free space on that disk; waiting work goes on by itself.',
});

export const storageIo = defineError<{ path: string; what: string }>({
  code: 'STORAGE_IO',
  retry: 'later',
  summary: 'A file could not be read or written.',
  message: (f) => `${f.path}: ${f.what}`,
  hint: 'Check that the path exists, that this account may use it, and the health of the disk.',
});

/** A file-system failure as a declared error. */
export function storageError(path: string, cause: unknown): ObservatoryError {
  const code = (cause as { code?: string } | undefined)?.code;
  if (code === 'ENOSPC' || code === 'EDQUOT') return storageFull({ path }, cause);
  return storageIo({ path, what: cause instanceof Error ? cause.message : String(cause) }, cause);
}
