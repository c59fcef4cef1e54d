import { ObservatoryError } from '@colibri/base';
import type { Problem } from '@colibri/contracts';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { internalFault, requestInvalid } from '../errors.ts';

/** HTTP status of our codes; a declared error that is not listed is 503 when it may pass and 500 when not. */
const statusOf: Readonly<Record<string, number>> = {
  REQUEST_INVALID: 400,
  ROUTE_UNKNOWN: 404,
  PERMISSION_DENIED: 403,
  TOO_MANY_REQUESTS: 429,
  FRAME_UNKNOWN: 404,
  PRODUCT_MISSING: 404,
  PRODUCT_LOST: 404,
  WORKSPACE_UNKNOWN: 404,
  PAGE_NOT_BUILT: 404,
};

export interface Refusal {
  readonly status: number;
  readonly body: Problem;
  /** The error to log when the fault is on our side; null for a client's mistake. */
  readonly log: ObservatoryError | null;
}

/** Any error as the answer a client gets: sentence, remedy, code and an id to report; never a stack or a path of ours. */
export function toRefusal(error: unknown, correlationId: string): Refusal {
  const known = declared(error);
  const shown = known ?? internalFault({}, error);
  const status = malformedStatus(error) ?? statusOf[shown.code] ?? (shown.retry === 'later' ? 503 : 500);
  return {
    status,
    body: { code: shown.code, message: shown.message, hint: shown.hint, correlationId },
    log: status >= 500 ? shown : null,
  };
}

function declared(error: unknown): ObservatoryError | null {
  if (error instanceof ObservatoryError) return error.code === 'UNEXPECTED' ? null : error;
  if (hasZodFastifySchemaValidationErrors(error)) {
    const what = error.validation
      .map(({ instancePath, message }) => `${fieldOf(instancePath)}${message ?? 'is wrong'}`)
      .join('; ');
    return requestInvalid({ what: `${what}.` });
  }
  return malformedStatus(error) === null ? null : requestInvalid({ what: (error as Error).message });
}

/** Status of Fastify's own refusals of malformed requests (too large, range outside …): their messages speak of the request only. */
function malformedStatus(error: unknown): number | null {
  const { statusCode } = error as { statusCode?: unknown };
  const isOurs = error instanceof ObservatoryError || hasZodFastifySchemaValidationErrors(error);
  return !isOurs && typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500 ? statusCode : null;
}

const fieldOf = (path: string): string => (path === '' || path === '/' ? '' : `${path.slice(1).replaceAll('/', '.')}: `);
