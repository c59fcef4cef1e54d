/** When may the same work be tried again: after the trouble around us has passed, or never. */
export type Retry = 'later' | 'never';

/** Values that feed the message, the log and the charts. */
export type Facts = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** What an error of one kind says; written once, next to the code that raises it. */
export interface ErrorDefinition<F extends Facts> {
  /** Stable, never reused: `FITS_TRUNCATED`. */
  readonly code: string;
  /** One sentence for docs/errors.md: what happened. */
  readonly summary: string;
  readonly retry: Retry;
  /** Found, expected and where. */
  readonly message: (facts: F) => string;
  /** What a tired observer should do. */
  readonly hint: string;
}

/** Raises errors of one kind, and carries their definition for the generated documentation. */
export interface ErrorKind<F extends Facts> extends ErrorDefinition<F> {
  (facts: F, cause?: unknown): ObservatoryError;
}

/** Every error that this software raises on purpose. `message`, `hint` and `code` may be shown; the stack stays in the log. */
export class ObservatoryError extends Error {
  readonly code: string;
  readonly hint: string;
  readonly retry: Retry;
  readonly facts: Facts;

  constructor(init: { code: string; message: string; hint: string; retry: Retry; facts: Facts; cause?: unknown }) {
    super(init.message, init.cause === undefined ? undefined : { cause: init.cause });
    this.name = 'ObservatoryError';
    this.code = init.code;
    this.hint = init.hint;
    this.retry = init.retry;
    this.facts = init.facts;
  }
}

/**
 * Declares one kind of error.
 *
 * ```ts
 * export const fitsTruncated = defineError<{ file: string; expectedBytes: number; actualBytes: number }>({
 *   code: 'FITS_TRUNCATED', retry: 'later',
 *   summary: 'The file ends before the data its own header announces.',
 *   message: (f) => `${f.file} ends after ${f.actualBytes} bytes; its header announces ${f.expectedBytes}.`,
 *   hint: 'The transfer is still running or stopped early: compare with the source and copy it again.',
 * });
 * throw fitsTruncated({ file, expectedBytes, actualBytes });
 * ```
 */
export function defineError<F extends Facts>(definition: ErrorDefinition<F>): ErrorKind<F> {
  const raise = (facts: F, cause?: unknown): ObservatoryError =>
    new ObservatoryError({
      code: definition.code,
      message: definition.message(facts),
      hint: definition.hint,
      retry: definition.retry,
      facts,
      cause,
    });
  return Object.freeze(Object.assign(raise, definition));
}

/** True for an error of this kind. */
export function isErrorOf<F extends Facts>(kind: ErrorKind<F>, error: unknown): error is ObservatoryError {
  return error instanceof ObservatoryError && error.code === kind.code;
}

/** An error that nobody declared: a fault of ours. It keeps its cause and is never retried blindly. */
export const unexpected = defineError<{ where: string; what: string }>({
  code: 'UNEXPECTED',
  retry: 'never',
  summary: 'Something failed that no rule foresaw: a fault of this software.',
  message: (f) => `${f.where} failed: ${f.what}`,
  hint: 'Keep the input and the log line with this code and report them; other work is not affected.',
});

/** Any thrown value as an ObservatoryError; declared errors pass unchanged. */
export function asObservatoryError(error: unknown, where: string): ObservatoryError {
  if (error instanceof ObservatoryError) return error;
  return unexpected({ where, what: error instanceof Error ? error.message : String(error) }, error);
}
