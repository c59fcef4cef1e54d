import { catalogMalformed, catalogRefused, catalogUnreachable } from '../errors.ts';
import { type AnswerTable, parseAnswer } from './answer-table.ts';

/** How patient a question is. */
export interface Patience {
  /** For one attempt, answer included [ms]. */
  readonly timeoutMs: number;
  readonly attempts: number;
  /** Wait before the second attempt [ms]; doubled for each further one. */
  readonly backOffMs: number;
  /** Longest wait that a service may ask for by Retry-After [ms]; more counts as unreachable. */
  readonly longestWaitMs: number;
}

export const defaultPatience: Patience = { timeoutMs: 30_000, attempts: 4, backOffMs: 1000, longestWaitMs: 30_000 };

export interface AskOptions {
  readonly fetch: typeof globalThis.fetch;
  readonly patience: Patience;
  /** For tests. */
  readonly sleep: (ms: number) => Promise<void>;
  /** Of the service, for messages. */
  readonly service: string;
  /** Longest answer that is taken [bytes]. */
  readonly mostBytes: number;
}

/** One attempt that failed in a way that may pass, and how long the service asks us to wait. */
interface Failure {
  readonly what: string;
  readonly isMalformed: boolean;
  readonly waitMs: number | null;
}

/**
 * Asks until there is a table: again after no answer, a time-out, 429, 5xx, or an answer that was cut short, with
 * growing pauses; not again after a no (4xx, QUERY_STATUS ERROR: CATALOG_REFUSED).
 */
export async function askForTable(url: string, init: RequestInit, options: AskOptions): Promise<AnswerTable> {
  const { patience, sleep, service } = options;
  let failure: Failure | undefined;
  let attempts = 0;
  while (attempts < patience.attempts) {
    if (failure !== undefined) {
      const wait = failure.waitMs ?? patience.backOffMs * 2 ** (attempts - 1);
      if (wait > patience.longestWaitMs) break;
      await sleep(wait);
    }
    attempts++;
    const outcome = await attempt(url, init, options);
    if ('columns' in outcome) return outcome;
    failure = outcome;
  }
  const { what, isMalformed } = failure!;
  throw isMalformed ? catalogMalformed({ service, what }) : catalogUnreachable({ service, what, attempts });
}

async function attempt(
  url: string,
  init: RequestInit,
  { fetch, patience, service, mostBytes }: AskOptions,
): Promise<AnswerTable | Failure> {
  const signal = AbortSignal.timeout(patience.timeoutMs);
  let text: string, response: Response;
  try {
    response = await fetch(url, { ...init, signal });
    text = await bodyOf(response, mostBytes);
  } catch (error) {
    if (signal.aborted)
      return { what: `no whole answer within ${patience.timeoutMs / 1000} s.`, isMalformed: false, waitMs: null };
    if (error instanceof AnswerTooLong) throw catalogRefused({ service, what: error.message }, error);
    const cause = (error as { cause?: { code?: string; message?: string } }).cause;
    return { what: `${cause?.code ?? cause?.message ?? String(error)}.`, isMalformed: false, waitMs: null };
  }
  if (response.status === 429 || response.status >= 500) {
    return { what: `it answers ${response.status} ${response.statusText}.`, isMalformed: false, waitMs: retryAfter(response) };
  }
  const answer = parseAnswer(text);
  if (answer.kind === 'refused') throw catalogRefused({ service, what: answer.why });
  if (!response.ok) throw catalogRefused({ service, what: `${response.status} ${response.statusText}` });
  if (answer.kind === 'malformed') return { what: answer.why, isMalformed: true, waitMs: null };
  return answer.table;
}

class AnswerTooLong extends Error {}

async function bodyOf(response: Response, mostBytes: number): Promise<string> {
  if (response.body === null) return '';
  const decoder = new TextDecoder();
  let text = '',
    bytes = 0;
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > mostBytes) throw new AnswerTooLong(`the answer is longer than ${mostBytes} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** Seconds, or a date. */
function retryAfter(response: Response): number | null {
  const value = response.headers.get('retry-after');
  if (value === null) return null;
  const seconds = Number(value);
  if (Number.isFinite(seconds)) return seconds * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? null : Math.max(0, date - Date.now());
}
