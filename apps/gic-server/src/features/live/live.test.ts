import { connect, type Socket } from 'node:net';
import { type LiveEvent, liveEvent } from '@colibri/contracts';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type NightDouble, nightDouble } from '../../test/night-double.ts';

let night: NightDouble;
beforeAll(async () => {
  night = await nightDouble();
}, 120_000);
afterAll(() => night.close());

interface Listener {
  readonly events: (LiveEvent & { readonly heardAt: number })[];
  readonly resets: number[];
  readonly ended: Promise<void>;
  readonly opened: Promise<Headers>;
  text(): string;
  stop(): void;
}

/** A reader as a browser is one. */
function listen(query = '', headers: Record<string, string> = {}): Listener {
  const controller = new AbortController();
  const events: Listener['events'] = [];
  const resets: number[] = [];
  let text = '';
  const opened = fetch(`${night.server.address}/api/v1/live${query}`, { headers, signal: controller.signal });
  const read = async (): Promise<void> => {
    let rest = '';
    for await (const chunk of (await opened).body!.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      const messages = (rest + chunk).split('\n\n');
      rest = messages.pop()!;
      for (const message of messages) {
        const data = /^data: (.*)$/m.exec(message)?.[1];
        if (/^event: reset$/m.test(message)) resets.push(Number(/^id: (\d+)$/m.exec(message)![1]));
        else if (data) {
          const event = liveEvent.parse(JSON.parse(data));
          expect(message).toMatch(new RegExp(`^id: ${event.seq}$`, 'm'));
          events.push({ ...event, heardAt: performance.now() });
        }
      }
    }
  };
  return {
    events,
    resets,
    opened: opened.then((response) => response.headers),
    ended: read().catch(() => {}),
    text: () => text,
    stop: () => controller.abort(),
  };
}

/** A reader that only notes when events come: 200 of them leave the processor to the server. */
function markArrivals(after: number): Promise<{ readonly socket: Socket; readonly heardAt: number[] }> {
  const socket = connect(night.server.port, '127.0.0.1');
  const heardAt: number[] = [];
  socket.on('error', () => {});
  socket.write(`GET /api/v1/live?after=${after} HTTP/1.1\r\nhost: localhost\r\n\r\n`);
  return new Promise((resolve) => {
    socket.on('data', (chunk) => {
      if (chunk.includes('retry:')) resolve({ socket, heardAt });
      if (chunk.includes('\nid: ')) heardAt.push(performance.now());
    });
  });
}

const head = async (): Promise<number> => ((await (await night.get('/api/v1/board')).json()) as { seq: number }).seq;
const seqs = (listener: Listener): number[] => listener.events.map((event) => event.seq);
const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);
const patiently = { timeout: 20_000, interval: 20 };

describe('live stream', () => {
  it('answers at once, before there is any event, and shows every second that it lives', async () => {
    const listener = listen();
    const headers = await listener.opened;
    expect(headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect([headers.get('cache-control'), headers.get('x-accel-buffering')]).toEqual(['no-store', 'no']);
    expect(headers.get('content-security-policy')).toContain("default-src 'self'");
    await expect.poll(() => listener.text().match(/^:$/gm)?.length ?? 0, patiently).toBeGreaterThan(1);
    listener.stop();
  });

  it('replays what came after the snapshot, then goes on, in order and without a gap', async () => {
    const key = await night.frame('replayed');
    const snapshot = await head();
    await night.ledger.update(key, { state: 'reducing' });
    await night.ledger.update(key, { state: 'reduced' });
    const listener = listen(`?after=${snapshot}`);
    await listener.opened;
    await night.ledger.update(key, { state: 'measured' });
    await night.ledger.update(key, { state: 'published' });
    await expect.poll(() => seqs(listener), patiently).toEqual(range(snapshot + 1, snapshot + 4));
    expect(listener.events.map(({ body }) => 'state' in body && body.state)).toEqual([
      'reducing',
      'reduced',
      'measured',
      'published',
    ]);
    listener.stop();
  });

  it('resumes where a browser says it was, which wins over the address', async () => {
    const last = await head();
    const listener = listen('?after=0', { 'last-event-id': String(last - 1) });
    await expect.poll(() => seqs(listener), patiently).toEqual([last]);
    listener.stop();
  });

  it.each(['ahead of', 'too far behind'])('tells a reader that is %s the log to fetch the snapshot', async (where) => {
    const key = await night.frame(`reset ${where}`);
    if (where === 'too far behind') {
      await sql`delete from event`.execute(night.database.db);
      await night.ledger.update(key, { latencySec: 1 });
    }
    const listener = listen(where === 'ahead of' ? '?after=1000000' : '?after=1');
    await listener.ended;
    expect(listener.resets).toEqual([await head()]);
    expect(listener.events).toEqual([]);
  });

  it('loses nothing while events come as fast as they can', async () => {
    const key = await night.frame('fast');
    const start = await head();
    const listeners: Listener[] = [];
    for (let i = 0; i < 40; i++) {
      if (i % 8 === 0) listeners.push(listen(`?after=${start}`)); // some join in the middle
      await night.ledger.update(key, { latencySec: i });
    }
    for (const listener of listeners) {
      await expect.poll(() => listener.events.length, patiently).toBe(40);
      expect(seqs(listener)).toEqual(range(start + 1, start + 40));
      listener.stop();
    }
  });

  it('reaches 200 readers within half a second', { timeout: 120_000 }, async () => {
    const key = await night.frame('crowd');
    /** 95th percentile of the time from commit to reader, over ten events [ms]. */
    const delay = async (readers: number): Promise<number> => {
      const start = await head();
      const marks = await Promise.all(Array.from({ length: readers }, () => markArrivals(start)));
      const delays: number[] = [];
      for (let i = 1; i <= 10; i++) {
        await night.ledger.update(key, { latencySec: i });
        const committed = performance.now();
        await expect.poll(() => marks.every(({ heardAt }) => heardAt.length >= i), patiently).toBe(true);
        delays.push(...marks.map(({ heardAt }) => heardAt[i - 1]! - committed));
      }
      for (const { socket } of marks) socket.destroy();
      return delays.sort((x, y) => x - y)[Math.floor(delays.length * 0.95)]!;
    };
    const calm = await delay(1);
    // On a busy machine one reader waits as well, and that must not decide.
    expect(await delay(200)).toBeLessThan(Math.max(500, 10 * calm));
  });

  it('drops readers that never read, and no other', { timeout: 120_000 }, async () => {
    const key = await night.frame('stalled');
    const start = await head();
    const stalled = await Promise.all(Array.from({ length: 3 }, () => markArrivals(start)));
    for (const { socket } of stalled) socket.pause();
    const listeners = Array.from({ length: 2 }, () => listen(`?after=${start}`));
    // The kernel's buffers swallow a few MiB before anybody can see that a reader does not read.
    const sentence = 'A long doubt. '.repeat(40_000);
    const dropped = async (): Promise<number> =>
      Number(/^gic_live_dropped_total (\d+)$/m.exec(await (await night.get('/metrics')).text())?.[1]);
    for (let i = 0; i < 60 && (await dropped()) < 3; i++) await night.ledger.update(key, { warnings: [sentence] });
    expect(await dropped()).toBe(3);
    const last = await head();
    for (const listener of listeners) {
      await expect.poll(() => listener.events.at(-1)?.seq, patiently).toBe(last);
      expect(seqs(listener)).toEqual(range(start + 1, last));
      listener.stop();
    }
  });

  it('ends when the server closes, and the server does not wait for its readers', async () => {
    const other = await nightDouble();
    const response = await fetch(`${other.server.address}/api/v1/live`);
    const whole = response.text();
    const started = performance.now();
    await other.close();
    expect(await whole).toContain('retry:');
    expect(performance.now() - started).toBeLessThan(5000);
  });
});
