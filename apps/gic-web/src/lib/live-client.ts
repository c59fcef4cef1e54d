import { type Board, type LiveEvent, liveEvent, type Now } from '@colibri/contracts';
import { applyEvents } from './board-data.ts';
import { onServerHeard, RequestError } from './fetcher.ts';
import { initialLink, type LinkAction, type LinkEffect, type LinkState, linkTiming, stepLink } from './live-machine.ts';
import { serverClock } from './server-clock.ts';
import { makeSseParser } from './sse.ts';

/** What the live client asks of the rest of the page. */
interface LivePorts {
  /** Fetches the boards on screen and the newest one again; resolves to the smallest `seq` among them. */
  refetchBoards(): Promise<number>;
  /** Applies events to every cached board. */
  applyEvents(events: readonly LiveEvent[]): void;
  /** Asks the server whether it lives; its answer also refreshes the strip. */
  probe(signal: AbortSignal): Promise<Now>;
  liveUrl(after: number): string;
}

interface LinkView {
  readonly phase: LinkState['phase'];
  /** Since when disconnected, by the monotonic clock [ms]; null: connected. */
  readonly lostSinceMs: number | null;
  readonly attempt: number;
  /** Server time at which the last datum came [ms since 1970]. */
  readonly lastUpdateMs: number | null;
}

/** Events kept so that a board fetched a moment ago catches up with what came meanwhile. */
const keptEvents = 2000;
/** Events of one burst are applied together: the screen need not be faster. */
const applyEveryMs = 100;

class LiveClient {
  private state: LinkState = initialLink;
  private view: LinkView = { phase: 'idle', lostSinceMs: null, attempt: 0, lastUpdateMs: null };
  private ports: LivePorts | null = null;
  private stream: AbortController | null = null;
  private pending: LiveEvent[] = [];
  private recent: LiveEvent[] = [];
  private flushTimer: ReturnType<typeof setTimeout> | null = null;
  private readonly listeners = new Set<() => void>();

  /** Starts the stream; returns how to stop it. */
  start(ports: LivePorts): () => void {
    this.ports = ports;
    const tick = setInterval(() => this.step({ type: 'tick', atMs: performance.now() }), linkTiming.tickMs);
    const offline = () => this.step({ type: 'offline', atMs: performance.now() });
    const online = () => this.step({ type: 'online', atMs: performance.now() });
    addEventListener('offline', offline);
    addEventListener('online', online);
    const deafen = onServerHeard(() => this.step({ type: 'heard', atMs: performance.now() }));
    this.step({ type: 'start', atMs: performance.now() });
    return () => {
      clearInterval(tick);
      removeEventListener('offline', offline);
      removeEventListener('online', online);
      deafen();
      this.stream?.abort();
      this.ports = null;
      this.state = initialLink;
    };
  }

  /** A board just fetched, with the events that arrived while it was on its way. */
  catchUp(board: Board): Board {
    return applyEvents(board, this.recent);
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly getView = (): LinkView => this.view;

  private step(action: LinkAction, event?: LiveEvent): void {
    const [next, effects] = stepLink(this.state, action);
    this.state = next;
    for (const effect of effects) this.run(effect, event);
    this.publish(action.type === 'snapshot' || (action.type === 'event' && effects.length > 0));
  }

  private publish(dataCame: boolean): void {
    const { phase, lostSinceMs, attempt } = this.state;
    const old = this.view;
    const lastUpdateMs = dataCame ? serverClock.now() : old.lastUpdateMs;
    if (old.phase === phase && old.lostSinceMs === lostSinceMs && old.attempt === attempt && old.lastUpdateMs === lastUpdateMs)
      return;
    this.view = { phase, lostSinceMs, attempt, lastUpdateMs };
    for (const listener of this.listeners) listener();
  }

  private run(effect: LinkEffect, event: LiveEvent | undefined): void {
    switch (effect.do) {
      case 'fetch-snapshot':
        this.ports?.refetchBoards().then(
          (seq) => this.step({ type: 'snapshot', seq, atMs: performance.now() }),
          (error: unknown) =>
            this.step({ type: answered(error) ? 'snapshot-refused' : 'snapshot-failed', atMs: performance.now() }),
        );
        return;
      case 'open':
        void this.readStream(effect.after);
        return;
      case 'close':
        this.stream?.abort();
        this.stream = null;
        return;
      case 'probe': {
        const patience = AbortSignal.timeout(linkTiming.probeMs);
        this.ports?.probe(patience).then(
          () => this.step({ type: 'probe-ok', atMs: performance.now() }),
          () => this.step({ type: 'probe-failed', atMs: performance.now() }),
        );
        return;
      }
      case 'apply':
        if (event !== undefined) this.queue(event);
    }
  }

  private queue(event: LiveEvent): void {
    this.pending.push(event);
    this.recent.push(event);
    if (this.recent.length > 2 * keptEvents) this.recent = this.recent.slice(-keptEvents);
    this.flushTimer ??= setTimeout(() => {
      this.flushTimer = null;
      const events = this.pending;
      this.pending = [];
      this.ports?.applyEvents(events);
    }, applyEveryMs);
  }

  private async readStream(after: number): Promise<void> {
    this.stream?.abort();
    const controller = new AbortController();
    this.stream = controller;
    try {
      const response = await fetch(this.ports!.liveUrl(after), {
        headers: { accept: 'text/event-stream' },
        signal: controller.signal,
      });
      if (!response.ok || response.body === null) throw new Error(`stream refused: ${response.status}`);
      this.step({ type: 'opened', atMs: performance.now() });
      const parse = makeSseParser((message) => this.receive(message.data));
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        this.step({ type: 'heard', atMs: performance.now() });
        parse(value);
      }
    } catch {
      // told below: whatever ended the stream, the machine decides what follows
    }
    if (this.stream === controller) this.step({ type: 'closed', atMs: performance.now() });
  }

  private receive(data: string): void {
    let body: unknown;
    try {
      body = JSON.parse(data);
    } catch {
      return;
    }
    const parsed = liveEvent.safeParse(body);
    // An event we cannot read leaves a gap behind, and the gap brings the snapshot.
    if (parsed.success) this.step({ type: 'event', seq: parsed.data.seq, atMs: performance.now() }, parsed.data);
  }
}

/** The server said something, though not what was asked for. */
const answered = (error: unknown): boolean => error instanceof RequestError && error.status !== null;

export const liveClient = new LiveClient();
