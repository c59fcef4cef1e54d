import { problem } from '@colibri/contracts';
import { serverClock } from './server-clock.ts';

/** What a schema of the contracts can do for us. */
export interface Schema<T> {
  safeParse(
    value: unknown,
  ):
    | { success: true; data: T }
    | { success: false; error: { issues: readonly { path: readonly PropertyKey[]; message: string }[] } };
}

/** A refused or impossible request, with everything a person needs to report it. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly code: string;
  readonly hint: string;
  readonly correlationId: string | null;
  readonly status: number | null;
  readonly url: string;
  readonly at: number;

  constructor(facts: {
    code: string;
    message: string;
    hint: string;
    correlationId?: string | null;
    status?: number | null;
    url: string;
  }) {
    super(facts.message);
    this.code = facts.code;
    this.hint = facts.hint;
    this.correlationId = facts.correlationId ?? null;
    this.status = facts.status ?? null;
    this.url = facts.url;
    this.at = serverClock.now();
  }
}

type Heard = () => void;
const heardListeners = new Set<Heard>();

/** Calls back whenever the server answered anything at all: the connection is alive. */
export function onServerHeard(listener: Heard): () => void {
  heardListeners.add(listener);
  return () => heardListeners.delete(listener);
}

export async function request(url: string, init?: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, init);
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    throw new RequestError({
      code: 'WEB_UNREACHABLE',
      message: 'The server does not answer.',
      hint: 'The network or the server is away; the page tries again by itself.',
      url,
    });
  }
  for (const heard of heardListeners) heard();
  if (!response.ok) throw await refusal(response, url);
  return response;
}

async function refusal(response: Response, url: string): Promise<RequestError> {
  const body: unknown = await response.json().catch(() => null);
  const parsed = problem.safeParse(body);
  if (parsed.success) return new RequestError({ ...parsed.data, status: response.status, url });
  return new RequestError({
    code: `HTTP_${response.status}`,
    message: `The server answered ${`${response.status} ${response.statusText}`.trim()}.`,
    hint: 'The answer carried no explanation: see the log of the server.',
    correlationId: response.headers.get('x-correlation-id'),
    status: response.status,
    url,
  });
}

/** GETs JSON and checks it against the contract: what the page shows has the agreed shape, or the page says that it has not. */
export async function getJson<T>(url: string, schema: Schema<T>, signal?: AbortSignal): Promise<T> {
  const sentAt = performance.now();
  const response = await request(url, signal ? { signal } : undefined);
  const body: unknown = await response.json();
  const receivedAt = performance.now();
  const parsed = schema.safeParse(body);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new RequestError({
      code: 'WEB_CONTRACT',
      message: `The answer does not have the agreed shape: ${issue ? `${issue.path.join('.') || 'body'}: ${issue.message}` : 'unknown'}.`,
      hint: 'Page and server are of different versions: reload the page.',
      status: response.status,
      url,
    });
  }
  const time = (parsed.data as { serverTime?: unknown }).serverTime;
  if (typeof time === 'string') serverClock.observe(Date.parse(time), sentAt, receivedAt);
  return parsed.data;
}

/** GETs bytes, telling how many have come. */
export async function getBytes(
  url: string,
  onProgress?: (received: number, total: number | null) => void,
  signal?: AbortSignal,
): Promise<ArrayBuffer> {
  const response = await request(url, signal ? { signal } : undefined);
  const announced = response.headers.get('content-length');
  const total = announced === null ? null : Number(announced);
  if (response.body === null || onProgress === undefined) return response.arrayBuffer();
  const reader = response.body.getReader();
  const parts: Uint8Array[] = [];
  let received = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    received += value.byteLength;
    for (const heard of heardListeners) heard();
    onProgress(received, total);
  }
  const whole = new Uint8Array(received);
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.byteLength;
  }
  return whole.buffer;
}
