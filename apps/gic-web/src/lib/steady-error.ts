import { useRef } from 'react';

/** The error of a query that has no data yet, kept while it is asked again: a panel must not flicker between skeleton and error. */
export function useSteadyError(query: { readonly data: unknown; readonly error: unknown; readonly isError: boolean }): unknown {
  const last = useRef<unknown>(null);
  if (query.isError) last.current = query.error;
  else if (query.data !== undefined) last.current = null;
  return last.current;
}
