import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { FastifyInstance } from 'fastify';

const pack = promisify(gzip);
/** Shorter answers are not worth it. */
const LEAST_BYTES = 4096;

/** Packs long JSON and text answers for clients that take gzip. */
export function compressAnswers(app: FastifyInstance): void {
  app.addHook('onSend', async (request, reply, payload) => {
    const type = String(reply.getHeader('content-type') ?? '');
    if (typeof payload !== 'string' || payload.length < LEAST_BYTES || !/json|^text\//.test(type)) return payload;
    reply.header('vary', 'accept-encoding');
    if (reply.hasHeader('content-encoding') || !/\bgzip\b/.test(request.headers['accept-encoding'] ?? '')) return payload;
    const packed = await pack(payload, { level: 4 });
    reply.header('content-encoding', 'gzip').removeHeader('content-length');
    return packed;
  });
}
