import { now as nowSchema } from '@colibri/contracts';
import { defineRoute, type Feature } from '../../http/define-route.ts';
import type { Services } from '../../services.ts';
import { chipsOf } from './chips.ts';

/** What the strip on every page shows. */
export const now = ({ store, night, clock, site }: Services): Feature => ({
  name: 'now',
  title: 'Now',
  routes: [
    defineRoute({
      method: 'GET',
      path: '/api/v1/now',
      permission: 'board.read',
      summary:
        'Five chips (safety, telescope, alert, GP1, link), the times of the night, and the clock of the simulation where one is played.',
      answer: nowSchema,
      async handle() {
        const { nightId, simulation } = await night.current();
        const [instances, alertFrames] = await Promise.all([store.instances(), store.alertFrames(nightId)]);
        const nowMs = clock.now();
        return {
          serverTime: new Date(nowMs).toISOString(),
          site,
          night: night.times(nightId),
          chips: chipsOf(instances, alertFrames, nowMs),
          simulation,
        };
      },
    }),
  ],
});
