import type { ServerResponse } from 'node:http';
import type { BoardStore } from '@colibri/adapters/postgres';
import { asObservatoryError, type Log } from '@colibri/base';
import type { LiveEvent } from '@colibri/contracts';

/** Events read from the database at a time. */
const BATCH = 500;
/** A reader that is further behind is told to fetch the snapshot: that is less than the events it missed. */
const LONGEST_REPLAY = 5000;
/** Bytes waiting for one reader before it is dropped; it comes back and catches up, or fetches the snapshot. */
const MOST_BUFFERED_BYTES = 2 ** 20;
/** Comments that show the line is alive. Shorter than the page's patience, 1.2 s, so that silence means trouble. */
const KEEP_ALIVE_MS = 1000;
/** Notifications are the hurry, looking is the truth: a lost one costs this much. */
const LOOK_MS = 5000;

interface Reader {
  readonly response: ServerResponse;
  /** Last event written. */
  seq: number;
  /** Caught up: gets events as they come. */
  isLive: boolean;
}

/** Fan-out of the event log to any number of readers: the database is read once for all of them. */
export class LiveHub {
  readonly #store: BoardStore;
  readonly #log: Log;
  readonly #readers = new Set<Reader>();
  #head = 0;
  #dropped = 0;
  #pumping: Promise<void> | null = null;
  #isMore = false;
  #timers: NodeJS.Timeout[] = [];
  #stopListening: (() => Promise<void>) | null = null;
  #watcher: (event: LiveEvent) => void = () => {};

  constructor(store: BoardStore, log: Log) {
    this.#store = store;
    this.#log = log;
  }

  async start(): Promise<void> {
    this.#stopListening = await this.#store.listen(() => this.#pump());
    this.#head = (await this.#store.range()).last;
    this.#timers = [setInterval(() => this.#keepAlive(), KEEP_ALIVE_MS), setInterval(() => this.#pump(), LOOK_MS)];
    for (const timer of this.#timers) timer.unref();
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    for (const { response } of this.#readers) response.end();
    this.#readers.clear();
    await this.#stopListening?.();
    await this.#pumping?.catch(() => {});
  }

  /** Calls back with each new event, before it is sent; one watcher, inside this process. */
  watch(watcher: (event: LiveEvent) => void): void {
    this.#watcher = watcher;
  }

  get readers(): number {
    return this.#readers.size;
  }

  /** Readers that were dropped because they did not read. */
  get dropped(): number {
    return this.#dropped;
  }

  get head(): number {
    return this.#head;
  }

  /** Sends what came after `after` (null: only what comes from now on), then everything new, until the reader goes. */
  async join(response: ServerResponse, after: number | null): Promise<void> {
    const reader: Reader = { response, seq: after ?? this.#head, isLive: false };
    this.#readers.add(reader);
    response.on('close', () => this.#readers.delete(reader));
    response.on('error', () => this.#readers.delete(reader));
    const { first, last } = await this.#store.range();
    if (reader.seq > last || reader.seq < first - 1 || last - reader.seq > LONGEST_REPLAY) {
      response.end(`id: ${last}\nevent: reset\ndata: {"seq":${last}}\n\n`);
      return;
    }
    while (reader.seq < this.#head && this.#readers.has(reader)) {
      const events = await this.#store.eventsAfter(reader.seq, BATCH);
      if (events.length === 0) break;
      for (const event of events) this.#send(reader, event.seq, encode(event));
      await drained(response);
    }
    reader.isLive = true; // nothing was awaited since the head was compared: no event is missed
  }

  #pump(): void {
    this.#isMore = true;
    this.#pumping ??= this.#read().finally(() => {
      this.#pumping = null;
      if (this.#isMore) this.#pump();
    });
  }

  async #read(): Promise<void> {
    try {
      while (this.#isMore) {
        this.#isMore = false;
        const events = await this.#store.eventsAfter(this.#head, BATCH);
        for (const event of events) {
          const bytes = encode(event);
          this.#head = event.seq;
          this.#watcher(event);
          for (const reader of this.#readers) if (reader.isLive) this.#send(reader, event.seq, bytes);
        }
        if (events.length === BATCH) this.#isMore = true;
      }
    } catch (error) {
      const { code, message } = asObservatoryError(error, 'Live');
      this.#isMore = false; // the next notification or look tries again
      this.#log.log('WARNING', 'Live', message, { code });
    }
  }

  #send(reader: Reader, seq: number, bytes: Uint8Array): void {
    if (seq <= reader.seq || reader.response.destroyed) return;
    reader.seq = seq;
    reader.response.write(bytes);
    if (reader.response.writableLength <= MOST_BUFFERED_BYTES) return;
    this.#dropped++;
    this.#readers.delete(reader);
    reader.response.destroy();
  }

  #keepAlive(): void {
    for (const { response } of this.#readers) if (response.writableLength === 0) response.write(':\n\n');
  }
}

const encode = (event: LiveEvent): Uint8Array => Buffer.from(`id: ${event.seq}\ndata: ${JSON.stringify(event)}\n\n`);

/** Waits until a replaying reader has taken what it got, or is gone. */
function drained(response: ServerResponse): Promise<void> {
  if (!response.writableNeedDrain || response.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(patience);
      response.off('drain', done);
      response.off('close', done);
      resolve();
    };
    const patience = setTimeout(() => response.destroy(), 10_000);
    response.once('drain', done);
    response.once('close', done);
  });
}
