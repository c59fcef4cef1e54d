import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { ObservatoryError } from '@colibri/base';
import { frameRow, frameSummary, sourceTable } from '@colibri/contracts';
import { z } from 'zod';
import { productUnreadable } from '../../errors.ts';
import { defineRoute, type Feature } from '../../http/define-route.ts';
import { frameId, pipelineName } from '../../http/fields.ts';
import type { Services } from '../../services.ts';
import type { Product } from './products.ts';
import { readSources } from './sources.ts';

const params = z.strictObject({ frameId });
const query = z.strictObject({ pipeline: pipelineName.optional() });

/** One frame: its rows, its figures, its sources and its pixels. */
export const frames = ({ products, previews }: Services): Feature => ({
  name: 'frames',
  title: 'Frames',
  routes: [
    defineRoute({
      method: 'GET',
      path: '/api/v1/frames/:frameId',
      permission: 'frame.read',
      summary: 'Every revision of a frame in every pipeline, or in one.',
      params,
      query,
      answer: frameRow.array(),
      handle: ({ params, query }) => products.rows(params.frameId, query.pipeline ?? null),
    }),
    defineRoute({
      method: 'GET',
      path: '/api/v1/frames/:frameId/summary',
      permission: 'frame.read',
      summary: 'What was found on the frame, with errors, and how. Of the newest result where no pipeline is named.',
      params,
      query,
      answer: frameSummary,
      handle: async ({ params, query }) => {
        const product = await products.find(params.frameId, query.pipeline ?? null, 'summary');
        return readable(product, async () => frameSummary.parse(JSON.parse(await readFile(product.path, 'utf8'))));
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/api/v1/frames/:frameId/sources',
      permission: 'frame.read',
      summary: 'The catalogue of the frame, column by column; null stands for not known.',
      params,
      query,
      answer: sourceTable,
      handle: async ({ params, query }) => {
        const product = await products.find(params.frameId, query.pipeline ?? null, 'catalog');
        return readable(product, () => readSources(product.path, params.frameId));
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/api/v1/frames/:frameId/preview',
      permission: 'frame.read',
      summary:
        'A small FITS image: SCI averaged over blocks of its unmasked pixels, with its WCS; at most `size` pixels on a side.',
      params,
      query: query.extend({ size: z.coerce.number().int().min(64).max(4096).default(1024) }),
      answer: 'application/fits',
      async handle({ params, query }, { request, reply }) {
        const product = await products.find(params.frameId, query.pipeline ?? null, 'reduced');
        const preview = await readable(product, () => previews.get(product, query.size));
        reply.type('application/fits').header('etag', preview.etag).header('cache-control', 'private, no-cache');
        if (request.headers['if-none-match'] === preview.etag) return reply.code(304).send();
        return reply.header('content-length', preview.sizeBytes).send(createReadStream(preview.path));
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/api/v1/frames/:frameId/file/:product',
      permission: 'frame.read',
      summary: 'A product as it lies in the workspace; parts of it by Range.',
      params: params.extend({ product: z.enum(['reduced', 'catalog', 'summary']) }),
      query,
      answer: 'application/octet-stream',
      async handle({ params, query }, { reply }) {
        const product = await products.find(params.frameId, query.pipeline ?? null, params.product);
        reply
          .type(product.path.endsWith('.json') ? 'application/json; charset=utf-8' : 'application/fits')
          .header('cache-control', 'private, no-cache')
          .header('content-disposition', `attachment; filename="${basename(product.path).replace(/[^\w.+-]/g, '_')}"`);
        return reply.sendFile(product.inside, product.root, { cacheControl: false, dotfiles: 'allow' });
      },
    }),
  ],
});

/** Reading a product: what is wrong with a file is said of the product, without our paths; a fault of ours stays one. */
async function readable<T>(product: Product, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const what = reasonOf(error);
    if (what === null) throw error;
    throw productUnreadable(
      {
        frameId: product.row.frameId,
        product: product.kind,
        what: what.replaceAll(product.path, basename(product.path)).slice(0, 300),
      },
      error,
    );
  }
}

function reasonOf(error: unknown): string | null {
  if (error instanceof SyntaxError || error instanceof z.ZodError) return 'its content does not have the agreed shape.';
  const isDeclared = error instanceof ObservatoryError && error.code !== 'UNEXPECTED' && error.retry === 'never';
  return isDeclared ? error.message : null;
}
