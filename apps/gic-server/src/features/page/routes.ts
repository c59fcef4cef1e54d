import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { pageNotBuilt, routeUnknown } from '../../errors.ts';
import { defineRoute, type Feature } from '../../http/define-route.ts';
import { contentSecurity } from '../../http/security.ts';
import type { Services } from '../../services.ts';
import type { PageFile } from './web-page.ts';

/** The page itself: its files, and `index.html` for every address that the page's own router knows. */
export const page = ({ page: site }: Services): Feature => ({
  name: 'page',
  title: 'Page',
  routes: [
    defineRoute({
      method: 'GET',
      path: '/*',
      permission: 'page.read',
      summary: 'The web page.',
      params: z.object({ '*': z.string() }),
      answer: 'text/html',
      hidden: true,
      async handle({ params }, { request, reply }) {
        const path = params['*'];
        const file = path === '' ? null : await site.file(path);
        if (file && path !== 'index.html') return send(request, reply, file);
        if (
          /^(api|health|metrics)(\/|$)/.test(path) ||
          (/\.[a-z0-9]{2,5}$/i.test(path.split('/').at(-1)!) && path !== 'index.html')
        ) {
          throw routeUnknown({ method: request.method, path: `/${path}` });
        }
        const index = await site.index();
        if (!index) throw pageNotBuilt({ folder: 'apps/gic-web/dist' });
        return send(request, reply, index);
      },
    }),
  ],
});

function send(request: FastifyRequest, reply: FastifyReply, file: PageFile): FastifyReply {
  reply
    .type(file.type)
    .header('etag', file.etag)
    .header('vary', 'accept-encoding')
    .header('cache-control', file.isImmutable ? 'public, max-age=31536000, immutable' : 'no-cache');
  if (file.type.startsWith('text/html')) reply.header('content-security-policy', contentSecurity(file.scriptHashes));
  if (request.headers['if-none-match'] === file.etag) return reply.code(304).send();
  const takesBrotli = /\bbr\b/.test(request.headers['accept-encoding'] ?? '');
  return takesBrotli && file.packed ? reply.header('content-encoding', 'br').send(file.packed) : reply.send(file.bytes);
}
