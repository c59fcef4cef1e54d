import type { BoardStore } from '@colibri/adapters/postgres';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { LiveHub } from './features/live/live-hub.ts';

export interface Metrics {
  readonly contentType: string;
  text(): Promise<string>;
  answered(route: string, status: number, seconds: number): void;
}

/** Figures of the process, its answers, its live readers and the frames it knows. */
export function makeMetrics(store: BoardStore, hub: LiveHub): Metrics {
  const register = new Registry();
  const registers = [register];
  collectDefaultMetrics({ register });
  const answers = new Histogram({
    name: 'gic_http_answer_seconds',
    help: 'Time from request to answer, by route and status; live streams not counted.',
    labelNames: ['route', 'status'],
    buckets: [0.005, 0.01, 0.03, 0.1, 0.3, 1, 3],
    registers,
  });
  new Gauge({
    name: 'gic_live_readers',
    help: 'Open live streams.',
    registers,
    collect() {
      this.set(hub.readers);
    },
  });
  new Gauge({
    name: 'gic_live_seq',
    help: 'Sequence number of the newest event sent.',
    registers,
    collect() {
      this.set(hub.head);
    },
  });
  new Counter({
    name: 'gic_live_dropped_total',
    help: 'Live readers dropped because they did not read.',
    registers,
    collect() {
      this.reset();
      this.inc(hub.dropped);
    },
  });
  new Gauge({
    name: 'gic_frames',
    help: 'Frames by pipeline and state, all nights.',
    labelNames: ['pipeline', 'state'],
    registers,
    async collect() {
      this.reset();
      for (const { pipeline, state, count } of await store.countByState().catch(() => [])) this.set({ pipeline, state }, count);
    },
  });
  return {
    contentType: register.contentType,
    text: () => register.metrics(),
    answered: (route, status, seconds) => answers.observe({ route, status: String(status) }, seconds),
  };
}
