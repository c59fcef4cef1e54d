import type { BoardStore } from '@colibri/adapters/postgres';
import type { Clock, Log } from '@colibri/base';
import type { Now } from '@colibri/contracts';
import type { Previews } from './features/frames/previews.ts';
import type { ProductFinder } from './features/frames/products.ts';
import type { LiveHub } from './features/live/live-hub.ts';
import type { WebPage } from './features/page/web-page.ts';
import type { Metrics } from './metrics.ts';
import type { NightClock } from './night.ts';

/** What the features work with; made once in `main.ts`. */
export interface Services {
  readonly store: BoardStore;
  readonly hub: LiveHub;
  readonly night: NightClock;
  readonly products: ProductFinder;
  /** Pipeline → folder of its products. */
  readonly workspaces: ReadonlyMap<string, string>;
  readonly previews: Previews;
  readonly page: WebPage;
  readonly metrics: Metrics;
  readonly site: Now['site'];
  readonly clock: Clock;
  readonly log: Log;
  readonly version: string;
}
