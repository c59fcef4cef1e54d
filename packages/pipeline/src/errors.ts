import { defineError } from '@colibri/base';

export const unknownRow = defineError<{ key: string; near: string | null }>({
  code: 'LEDGER_UNKNOWN_ROW',
  retry: 'never',
  summary: 'A change was asked for a frame that the ledger does not know.',
  message: (f) => `The ledger has no row ${f.key}${f.near ? `; the nearest is ${f.near}` : ''}.`,
  hint: 'Offer the frame first; if it was offered, this process talks to another database than the one that knows it.',
});
