import type { Clock } from '@colibri/base';
import { serviceResting } from './errors.ts';

export interface RestingFetchOptions {
  /** For messages. */
  readonly service: string;
  readonly fetch?: typeof globalThis.fetch;
  readonly clock: Pick<Clock, 'monotonic'>;
  /** Rest after the first failure [s]; doubled after each further one, at most `longestRestSec`. */
  readonly restSec?: number;
  readonly longestRestSec?: number;
}

/**
 * A circuit breaker: after no answer, 429 or 5xx the service rests, and questions fail at once (SERVICE_RESTING) instead of each waiting
 * for its time-out. After the rest one question tries; an answer ends the trouble, another failure doubles the rest.
 */
export function restingFetch(options: RestingFetchOptions): typeof globalThis.fetch {
  const { service, clock, restSec = 60, longestRestSec = 900 } = options;
  let failures = 0;
  let openAt = Number.NEGATIVE_INFINITY;
  let what = '';
  const failed = (reason: string): void => {
    const rest = Math.min(longestRestSec, restSec * 2 ** failures++);
    openAt = clock.monotonic() + rest * 1000;
    what = reason;
  };
  return async (input, init) => {
    const waitMs = openAt - clock.monotonic();
    if (waitMs > 0) throw serviceResting({ service, seconds: Math.ceil(waitMs / 1000), what });
    // While one question tries, the others need not.
    if (failures > 0) openAt = clock.monotonic() + restSec * 1000;
    try {
      const response = await (options.fetch ?? globalThis.fetch)(input, init);
      if (response.status === 429 || response.status >= 500) failed(`it answers ${response.status}`);
      else {
        failures = 0;
        openAt = Number.NEGATIVE_INFINITY;
      }
      return response;
    } catch (error) {
      const { cause } = error as { cause?: { code?: string } };
      failed(cause?.code ?? (error as Error).message);
      throw error;
    }
  };
}
