import { defineError } from '@colibri/base';

export const catalogUnreachable = defineError<{ service: string; what: string; attempts: number }>({
  code: 'CATALOG_UNREACHABLE',
  retry: 'later',
  summary: 'A catalogue service does not answer, or answers that it is busy.',
  message: (f) => `${f.service} gave no answer in ${f.attempts} attempts: ${f.what}`,
  hint: 'Check the link to the outside. A local catalogue (`gp1 catalog import`) does without the service; waiting work goes on by itself.',
});

export const catalogMalformed = defineError<{ service: string; what: string }>({
  code: 'CATALOG_MALFORMED',
  retry: 'later',
  summary: 'A catalogue service answered with something that is not the table that was asked for.',
  message: (f) => `${f.service} answered, but ${f.what}.`,
  hint: 'The answer was cut short or the service changed its format. It is asked again later; if it goes on, compare the answer with the VizieR page of that catalogue.',
});

export const catalogRefused = defineError<{ service: string; what: string }>({
  code: 'CATALOG_REFUSED',
  retry: 'never',
  summary: 'A catalogue service refuses the question itself.',
  message: (f) => `${f.service} refuses the query: ${f.what}`,
  hint: 'The table or one of its columns was renamed there: compare the query with the VizieR page of that catalogue.',
});

export const catalogTable = defineError<{ file: string; line: number; what: string }>({
  code: 'CATALOG_TABLE',
  retry: 'never',
  summary: 'A row of a table to be imported cannot be understood.',
  message: (f) => `${f.file}:${f.line}: ${f.what}`,
  hint: 'Mend that row and import again: nothing of this import was kept that a repetition would not replace.',
});

export const catalogColumns = defineError<{ file: string; what: string; found: string }>({
  code: 'CATALOG_COLUMNS',
  retry: 'never',
  summary: 'A table to be imported lacks a column that is needed.',
  message: (f) => `${f.file}: ${f.what}; its columns are ${f.found}.`,
  hint: 'Name the columns ra, dec (ICRS, degrees) and one magnitude per band, as `r` with `e_r`; packages/adapters/src/catalogs/README.md lists what is known.',
});

export const catalogStore = defineError<{ path: string; what: string }>({
  code: 'CATALOG_STORE',
  retry: 'never',
  summary: 'A file of the local catalogue is damaged.',
  message: (f) => `${f.path}: ${f.what}`,
  hint: 'Remove the folder of that catalogue and import its tables again.',
});

export const catalogBusy = defineError<{ dir: string; pid: number }>({
  code: 'CATALOG_BUSY',
  retry: 'later',
  summary: 'Another process is importing into the same local catalogue.',
  message: (f) => `Process ${f.pid} is importing into ${f.dir}.`,
  hint: 'Wait until it has ended and import again.',
});
