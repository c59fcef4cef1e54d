import { z } from 'zod';
import { tooManyReaders } from '../../errors.ts';
import { defineRoute, type Feature } from '../../http/define-route.ts';
import type { Services } from '../../services.ts';

const MOST_READERS = 1000;

/** The live stream: events after a snapshot, for as long as the reader stays. */
export const live = ({ hub }: Services): Feature => ({
  name: 'live',
  title: 'Live stream',
  routes: [
    defineRoute({
      method: 'GET',
      path: '/api/v1/live',
      permission: 'board.read',
      summary:
        'Server-sent events: `id` is the sequence number, `data` a LiveEvent. Resumes after `Last-Event-ID` or `after`; without either it begins now. An event named `reset` ends a stream that cannot be resumed: fetch the snapshot again.',
      query: z.strictObject({ after: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).optional() }),
      answer: 'text/event-stream',
      async handle({ query }, { request, reply }) {
        if (hub.readers >= MOST_READERS) throw tooManyReaders({ most: MOST_READERS });
        const lastEventId = request.headers['last-event-id'];
        const resumed = typeof lastEventId === 'string' && /^\d{1,15}$/.test(lastEventId) ? Number(lastEventId) : null;
        reply.hijack();
        const { raw } = reply;
        raw.writeHead(200, {
          ...(reply.getHeaders() as Record<string, string>),
          'content-type': 'text/event-stream; charset=utf-8',
          'cache-control': 'no-store',
          'x-accel-buffering': 'no',
        });
        raw.flushHeaders();
        raw.socket?.setNoDelay(true);
        raw.write('retry: 2000\n\n');
        await hub.join(raw, resumed ?? query.after ?? null).catch(() => raw.destroy()); // too late for a Problem: the reader comes back
      },
    }),
  ],
});
