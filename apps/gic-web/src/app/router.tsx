import { createRootRoute, createRoute, createRouter, Link, lazyRouteComponent, retainSearchParams } from '@tanstack/react-router';
import { EmptyState, ErrorState } from '../components/PanelStates.tsx';
import { Gp1Page } from '../features/gp1/Gp1Page.tsx';
import { NowPage } from '../features/now/NowPage.tsx';
import { parseSearch, stringifySearch, validateSearch } from '../lib/url-state.ts';
import { Shell } from './Shell.tsx';

/** The pages that exist. Image and charts come in their own pieces, when somebody opens them. */
const root = createRootRoute({
  component: Shell,
  validateSearch,
  search: { middlewares: [retainSearchParams(['ts'])] },
  errorComponent: ({ error }) => <ErrorState error={error} source="Page" onRetry={() => location.reload()} />,
  notFoundComponent: () => (
    <EmptyState title="There is no such page.">
      <p>
        What exists: <Link to="/">Now</Link> and the <Link to="/gp1">GP1 board</Link>, from where nights and images open.
      </p>
    </EmptyState>
  ),
});
const index = createRoute({ getParentRoute: () => root, path: '/', component: NowPage });
const gp1 = createRoute({ getParentRoute: () => root, path: '/gp1', component: Gp1Page });
const night = createRoute({
  getParentRoute: () => root,
  path: '/night/$night/frames',
  component: lazyRouteComponent(() => import('../features/night/NightPage.tsx'), 'NightPage'),
});
const image = createRoute({
  getParentRoute: () => root,
  path: '/image/$frameId',
  component: lazyRouteComponent(() => import('../features/images/ImagePage.tsx'), 'ImagePage'),
});

export const router = createRouter({
  routeTree: root.addChildren([index, gp1, night, image]),
  parseSearch,
  stringifySearch,
  defaultPreload: 'intent',
  scrollRestoration: false,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
