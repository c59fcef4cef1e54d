import { z } from 'zod';
import { notReady } from '../../errors.ts';
import { defineRoute, type Feature } from '../../http/define-route.ts';
import type { Services } from '../../services.ts';

/** For supervisors and charts: is the process alive, can it do its work, what are its figures. */
export const health = ({ store, metrics, version }: Services): Feature => ({
  name: 'health',
  title: 'Health',
  routes: [
    defineRoute({
      method: 'GET',
      path: '/health/live',
      permission: 'operation.read',
      summary: 'Answers while the process lives.',
      answer: z.object({ status: z.literal('live'), version: z.string(), uptimeSec: z.number() }),
      handle: () => ({ status: 'live' as const, version, uptimeSec: Math.round(process.uptime()) }),
    }),
    defineRoute({
      method: 'GET',
      path: '/health/ready',
      permission: 'operation.read',
      summary: 'Answers 200 while the database answers, else 503.',
      answer: z.object({ status: z.literal('ready'), databaseMs: z.number() }),
      async handle() {
        const started = performance.now();
        try {
          await store.range();
        } catch {
          throw notReady({ what: 'the database does not answer.' });
        }
        return { status: 'ready' as const, databaseMs: Math.round((performance.now() - started) * 10) / 10 };
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/metrics',
      permission: 'operation.read',
      summary: 'Figures of the server in the text format of Prometheus.',
      answer: 'text/plain; version=0.0.4; charset=utf-8',
      handle: async (_, { reply }) =>
        reply
          .type(metrics.contentType)
          .header('cache-control', 'no-store')
          .send(await metrics.text()),
    }),
  ],
});
