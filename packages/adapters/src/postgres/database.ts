import type { Kysely } from 'kysely';
import type { Tables } from './schema/tables.ts';

export type Engine = 'server' | 'embedded' | 'memory';

/** An open database with our tables in it, whichever engine keeps them. */
export interface Database {
  readonly engine: Engine;
  /** For people: where it is, without secrets. */
  readonly name: string;
  readonly db: Kysely<Tables>;
  /**
   * Calls back after each NOTIFY on the channel, from whatever process, with its payload; and with null after a lost connection was
   * restored, when notices may have been missed. Returns how to stop.
   */
  listen(channel: string, callback: (payload: string | null) => void): Promise<() => Promise<void>>;
  close(): Promise<void>;
}
