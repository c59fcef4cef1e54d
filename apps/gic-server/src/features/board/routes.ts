import { board as boardSchema, nightTimes as nightTimesSchema } from '@colibri/contracts';
import { z } from 'zod';
import { defineRoute, type Feature } from '../../http/define-route.ts';
import { nightLabel } from '../../http/fields.ts';
import type { Services } from '../../services.ts';

/** The frame × module matrix of one night, and the night's own times. */
export const board = ({ store, night, clock }: Services): Feature => ({
  name: 'board',
  title: 'Board',
  routes: [
    defineRoute({
      method: 'GET',
      path: '/api/v1/board',
      permission: 'board.read',
      summary:
        'Every frame of a night in every pipeline; of the newest night with frames when none is named. `seq` says where the live stream goes on.',
      query: z.strictObject({ night: nightLabel.optional() }),
      answer: boardSchema,
      handle: async ({ query }) => ({
        ...(await store.board(query.night ?? null, (await night.current()).nightId)),
        serverTime: new Date(clock.now()).toISOString(),
      }),
    }),
    defineRoute({
      method: 'GET',
      path: '/api/v1/nights/:night/times',
      permission: 'board.read',
      summary: 'Sunset to sunrise and the Moon of one night at the site.',
      params: z.strictObject({ night: nightLabel }),
      answer: nightTimesSchema,
      handle: ({ params }) => night.times(params.night),
    }),
  ],
});
