import pg from 'pg';
import { connectionConfig, type Target } from './pool.ts';

/**
 * One connection that waits for NOTIFY on any number of channels. When it breaks it is made anew, with a pause that grows to 5 s, and
 * every callback is told (null) that notices may have been missed.
 */
export class Listener {
  readonly #target: Target;
  readonly #callbacks = new Map<string, Set<(payload: string | null) => void>>();
  #client: pg.Client | null = null;
  #connecting: Promise<void> | null = null;
  #retry: NodeJS.Timeout | null = null;
  #pauseMs = 100;
  #closed = false;

  constructor(target: Target) {
    this.#target = target;
  }

  async listen(channel: string, callback: (payload: string | null) => void): Promise<() => Promise<void>> {
    const callbacks = this.#callbacks.get(channel) ?? new Set();
    this.#callbacks.set(channel, callbacks);
    callbacks.add(callback);
    await this.#connect();
    await this.#client?.query(`listen ${pg.escapeIdentifier(channel)}`);
    return async () => {
      callbacks.delete(callback);
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#retry) clearTimeout(this.#retry);
    await this.#connecting?.catch(() => {});
    await this.#client?.end().catch(() => {});
    this.#client = null;
  }

  #connect(): Promise<void> {
    if (this.#client) return Promise.resolve();
    this.#connecting ??= this.#open().finally(() => {
      this.#connecting = null;
    });
    return this.#connecting;
  }

  async #open(): Promise<void> {
    const client = new pg.Client(connectionConfig(this.#target));
    client.on('notification', ({ channel, payload }) => {
      for (const callback of this.#callbacks.get(channel) ?? []) callback(payload ?? '');
    });
    client.on('error', () => this.#lost(client));
    client.on('end', () => this.#lost(client));
    await client.connect();
    this.#client = client;
    this.#pauseMs = 100;
    for (const channel of this.#callbacks.keys()) await client.query(`listen ${pg.escapeIdentifier(channel)}`);
  }

  #lost(client: pg.Client): void {
    if (this.#client !== client) return;
    this.#client = null;
    client.end().catch(() => {});
    this.#reconnect();
  }

  #reconnect(): void {
    if (this.#closed) return;
    this.#retry = setTimeout(() => {
      this.#connect().then(
        () => {
          for (const callbacks of this.#callbacks.values()) for (const callback of callbacks) callback(null);
        },
        () => this.#reconnect(),
      );
    }, this.#pauseMs);
    this.#pauseMs = Math.min(5000, this.#pauseMs * 2);
  }
}
