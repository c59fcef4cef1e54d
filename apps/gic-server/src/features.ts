import { board } from './features/board/routes.ts';
import { frames } from './features/frames/routes.ts';
import { health } from './features/health/routes.ts';
import { live } from './features/live/routes.ts';
import { now } from './features/now/routes.ts';
import { openapi } from './features/openapi/routes.ts';
import { page } from './features/page/routes.ts';
import { units } from './features/units/routes.ts';
import type { Feature } from './http/define-route.ts';
import type { Services } from './services.ts';

/** The server, as a list. */
export const features = (services: Services): readonly Feature[] => [
  now(services),
  board(services),
  live(services),
  frames(services),
  units(services),
  health(services),
  openapi(),
  page(services),
];
