import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { UnitRow } from '@colibri/contracts';
import { unitRow } from '@colibri/contracts';
import { z } from 'zod';
import { productLost, unitUnknown, workspaceUnknown } from '../../errors.ts';
import { defineRoute, type Feature } from '../../http/define-route.ts';
import type { Services } from '../../services.ts';
import { resolveInside } from '../frames/products.ts';

const query = z.strictObject({ key: z.string().min(3).max(300) });

/**
 * The page of a unit is a document of its own, made by GP1 from data of the sky and of headers: it may show itself, and nothing else: no
 * script, no request, no frame around it but ours.
 */
const documentSecurity =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox";

/** Units of frames: stack, candidates and the page that a burst advocate reads. */
export const units = ({ store, workspaces }: Services): Feature => {
  const find = async (key: string): Promise<UnitRow> => {
    const row = await store.unit(key);
    if (!row) throw unitUnknown({ key });
    return row;
  };
  const place = async (row: UnitRow, name: string) => {
    const workspace = workspaces.get(row.pipeline);
    if (workspace === undefined) throw workspaceUnknown({ pipeline: row.pipeline });
    const found = row.products.includes(name) ? await resolveInside(workspace, `${row.folder}/${name}`) : null;
    if (!found) throw productLost({ frameId: row.folder, product: name });
    return found;
  };
  /** A file called summary.html, wherever it lies in a workspace. */
  const page = async (asked: string) => {
    const [, pipeline = '', folder = ''] = /^([^/]+)\/(.+)\/summary\.html$/.exec(asked) ?? [];
    const workspace = workspaces.get(pipeline);
    if (workspace === undefined) throw workspaceUnknown({ pipeline });
    const found = await resolveInside(workspace, `${folder}/summary.html`);
    if (!found?.path.endsWith('/summary.html')) throw productLost({ frameId: folder, product: 'summary.html' });
    return found;
  };
  return {
    name: 'units',
    title: 'Units',
    routes: [
      defineRoute({
        method: 'GET',
        path: '/api/v1/units/row',
        permission: 'frame.read',
        summary: 'One unit: how far it came, its figures, its files.',
        query,
        answer: unitRow,
        handle: ({ query }) => find(query.key),
      }),
      defineRoute({
        method: 'GET',
        // As it lies in the workspace, so that the links between pages lead on: <pipeline>/<folder>/summary.html.
        path: '/api/v1/units/pages/*',
        permission: 'frame.read',
        summary: 'The summary of a unit, or of a target over its filters, as a page: candidates, light curves, limits.',
        params: z.object({ '*': z.string().max(300) }),
        answer: 'text/html',
        hidden: true,
        async handle({ params }, { reply }) {
          const { path } = await page(params['*']);
          reply
            .type('text/html; charset=utf-8')
            .header('cache-control', 'private, no-cache')
            .header('content-security-policy', documentSecurity);
          return reply.send(await readFile(path));
        },
      }),
      defineRoute({
        method: 'GET',
        path: '/api/v1/units/file',
        permission: 'frame.read',
        summary: 'A product of a unit as it lies in the workspace; parts of it by Range.',
        query: query.extend({
          name: z
            .string()
            .regex(/^[\w.+-]+(\/[\w.+-]+)?$/)
            .max(120),
        }),
        answer: 'application/octet-stream',
        async handle({ query }, { reply }) {
          const { path, inside, root } = await place(await find(query.key), query.name);
          const type = path.endsWith('.json') ? 'application/json; charset=utf-8' : 'application/octet-stream';
          reply
            .type(type)
            .header('cache-control', 'private, no-cache')
            .header('content-disposition', `attachment; filename="${basename(path).replace(/[^\w.+-]/g, '_')}"`);
          return reply.sendFile(inside, root, { cacheControl: false, dotfiles: 'allow' });
        },
      }),
    ],
  };
};
