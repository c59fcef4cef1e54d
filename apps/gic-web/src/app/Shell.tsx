import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, Outlet, useNavigate, useRouterState } from '@tanstack/react-router';
import { lazy, Suspense, useCallback, useEffect, useMemo, useState } from 'react';
import { NightTimeBar } from '../components/NightTimeBar.tsx';
import { PanelBoundary } from '../components/PanelStates.tsx';
import { boardQuery, nowQuery, timesQuery } from '../lib/api.ts';
import { copyText } from '../lib/csv.ts';
import { useServerNow } from '../lib/hooks.ts';
import { startKeyboard, useKeys } from '../lib/keyboard.ts';
import { nightClockMs } from '../lib/night-clock.ts';
import { toggleDome } from '../lib/theme.ts';
import { minuteTime, scaleLabel } from '../lib/time.ts';
import { nextScale, useTimeScale } from '../lib/time-scale.ts';
import { useUrlState } from '../lib/url-state.ts';
import { DisconnectedBanner, SimulationBanner, SkewBanner } from './Banners.tsx';
import { DomeTitles } from './DomeTitles.tsx';
import { startLive } from './start-live.ts';
import { TopStrip } from './TopStrip.tsx';

const Palette = lazy(() => import('./Palette.tsx').then((module) => ({ default: module.Palette })));
const HelpDialog = lazy(() => import('./HelpDialog.tsx').then((module) => ({ default: module.HelpDialog })));

/** The frame around every page: strip, banners, rail, page, night time bar, search and keys. */
export function Shell() {
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const [search, setSearch] = useUrlState();
  const [scale, setScale] = useTimeScale();
  const [palette, setPalette] = useState(false);
  const [help, setHelp] = useState(false);
  const [toast, setToast] = useState<string | null>(null);
  const path = useRouterState({ select: (state) => state.location.pathname });
  const pathNight = /^\/night\/([^/]+)/.exec(path)?.[1];
  const night = pathNight ?? search.night;
  const now = useQuery(nowQuery);
  const board = useQuery(boardQuery(night));
  const nightId = night ?? board.data?.nightId ?? now.data?.night.nightId;
  const timeBased = !path.startsWith('/image/');

  useEffect(() => startLive(queryClient), [queryClient]);
  useEffect(startKeyboard, []);
  useEffect(() => {
    const titles: readonly [RegExp, string][] = [
      [/^\/gp1/, 'GP1 board'],
      [/^\/night\//, `Night ${pathNight ?? ''}`],
      [/^\/image\//, decodeURIComponent(path.split('/')[2] ?? 'Image')],
    ];
    document.title = `${titles.find(([pattern]) => pattern.test(path))?.[1] ?? 'Now'} · GIC`;
  }, [path, pathNight]);
  useEffect(() => {
    if (toast === null) return;
    const timer = setTimeout(() => setToast(null), 1800);
    return () => clearTimeout(timer);
  }, [toast]);

  const goToNight = useCallback(
    (id: string | undefined) => {
      if (pathNight !== undefined && id !== undefined)
        void navigate({ to: '/night/$night/frames', params: { night: id }, search: {} as never });
      else setSearch({ night: id, from: undefined, to: undefined, row: undefined });
    },
    [navigate, pathNight, setSearch],
  );
  const stepNight = (step: 1 | -1) => {
    const nights = board.data?.nights ?? [];
    const index = nightId === undefined ? -1 : nights.indexOf(nightId);
    const next = nights[index + step];
    if (next === undefined) setToast(step === 1 ? 'This is the newest night.' : 'No earlier night is known.');
    else goToNight(next);
  };
  const copyLink = () => void copyText(location.href).then((done) => setToast(done ? 'Link to this view copied' : location.href));
  const go = (to: string) => () => void navigate({ to } as never);

  useKeys('Everywhere', [
    { keys: 'g n', label: 'Go to Now', run: go('/') },
    { keys: 'g g', label: 'Go to the GP1 board', run: go('/gp1') },
    {
      keys: 'g l',
      label: 'Go to the night: frames and charts',
      run: () => nightId !== undefined && void navigate({ to: '/night/$night/frames', params: { night: nightId } }),
    },
    { keys: '[', label: 'Previous night', run: () => stepNight(-1) },
    { keys: ']', label: 'Next night', run: () => stepNight(1) },
    {
      keys: '.',
      label: 'Return to live',
      run: () =>
        pathNight === undefined
          ? setSearch({ night: undefined, from: undefined, to: undefined })
          : goToNight(board.data?.nights.at(-1)),
    },
    {
      keys: 't',
      label: 'Time scale: UT, site, mine, MJD',
      run: () => {
        setScale(nextScale(scale));
        setToast(`Times in ${scaleLabel(Date.now(), nextScale(scale))}`);
      },
    },
    { keys: 'Shift+D', label: 'Dome theme: red only', run: toggleDome },
    { keys: '/', label: 'Search and commands', run: () => setPalette(true) },
    { keys: 'ctrl+k', label: 'Search and commands', run: () => setPalette(true) },
    { keys: 'c', label: 'Copy the link to this exact view', run: copyLink },
    { keys: '?', label: 'This keyboard map', run: () => setHelp(true) },
  ]);

  return (
    <div className={now.data?.simulation == null ? 'shell' : 'shell shell-simulation'}>
      <TopStrip now={now.data} nightId={nightId} onSearch={() => setPalette(true)} onHelp={() => setHelp(true)} />
      <DisconnectedBanner />
      <SimulationBanner now={now.data} />
      <SkewBanner />
      <div className="shell-middle">
        <Rail nightId={nightId} />
        <main className="page" data-scroll id="page">
          <PanelBoundary key={path} source="Page">
            <Outlet />
          </PanelBoundary>
        </main>
      </div>
      {timeBased && nightId !== undefined ? (
        <PanelBoundary source="Night time bar">
          <TimeBarDock nightId={nightId} isLive={night === undefined || board.data?.nights.at(-1) === nightId} />
        </PanelBoundary>
      ) : null}
      <PhoneBar nightId={nightId} onMore={() => setPalette(true)} />
      <Suspense fallback={null}>
        {palette ? (
          <Palette
            opened
            onClose={() => setPalette(false)}
            board={board.data}
            longitudeEastDeg={now.data?.site.longitudeEastDeg ?? -115.464}
          />
        ) : null}
        {help ? <HelpDialog opened onClose={() => setHelp(false)} /> : null}
      </Suspense>
      <DomeTitles />
      <output className={toast === null ? 'toast' : 'toast toast-on'} aria-live="polite">
        {toast}
      </output>
    </div>
  );
}

function TimeBarDock({ nightId, isLive }: { nightId: string; isLive: boolean }) {
  const [search, setSearch] = useUrlState();
  const [scale] = useTimeScale();
  const serverNow = useServerNow();
  const now = useQuery(nowQuery);
  const times = useQuery(timesQuery(nightId));
  const board = useQuery(boardQuery(isLive ? search.night : nightId));
  const night = now.data?.night.nightId === nightId ? now.data.night : times.data;
  const nowMs = isLive ? nightClockMs(now.data, serverNow) : null;
  const window = useMemo(
    () =>
      search.from === undefined || search.to === undefined ? null : ([Date.parse(search.from), Date.parse(search.to)] as const),
    [search.from, search.to],
  );
  const rows = board.data?.nightId === nightId ? board.data.rows : [];
  const newer =
    window === null ? 0 : rows.filter((row) => row.observedAt !== null && Date.parse(row.observedAt) > window[1]).length;
  const clear = () => setSearch({ from: undefined, to: undefined });
  if (night === undefined)
    return (
      <div className="night-bar night-bar-empty muted">
        {times.isError ? `The times of Sun and Moon are missing: ${times.error.message}` : 'Waiting for the times of the night…'}
      </div>
    );
  return (
    <div className="dock">
      {window === null ? null : (
        <div className="dock-note">
          <span className="num">
            {isLive ? 'Paused' : 'Window'} {minuteTime(window[0], scale)}–{minuteTime(window[1], scale)}{' '}
            {scaleLabel(window[0], scale)}
            {isLive && newer > 0 ? ` — ${newer} newer frames` : ''}
          </span>
          <button type="button" className="link" onClick={clear}>
            {isLive ? 'Resume (.)' : 'Whole night'}
          </button>
        </div>
      )}
      <NightTimeBar
        times={night}
        rows={rows}
        nowMs={nowMs}
        axis={search.axis ?? 'night'}
        scale={scale}
        window={window}
        onWindow={(next) =>
          setSearch(
            next === null
              ? { from: undefined, to: undefined }
              : { from: new Date(next[0]).toISOString(), to: new Date(next[1]).toISOString() },
          )
        }
        onAxis={(axis) => setSearch({ axis: axis === 'night' ? undefined : axis }, 'quiet')}
      />
    </div>
  );
}

function Rail({ nightId }: { nightId: string | undefined }) {
  return (
    <nav className="rail" aria-label="Pages">
      <Link to="/" activeOptions={{ exact: true, includeSearch: false }} className="rail-link">
        {icons.now}
        Now
      </Link>
      <Link to="/gp1" activeOptions={{ includeSearch: false }} className="rail-link">
        {icons.gp1}
        GP1
      </Link>
      {nightId === undefined ? null : (
        <Link
          to="/night/$night/frames"
          params={{ night: nightId }}
          activeOptions={{ includeSearch: false }}
          className="rail-link"
        >
          {icons.night}
          Night
        </Link>
      )}
    </nav>
  );
}

/** Phone: the same pages within the reach of a thumb. */
function PhoneBar({ nightId, onMore }: { nightId: string | undefined; onMore: () => void }) {
  return (
    <nav className="phone-bar" aria-label="Pages">
      <Link to="/" activeOptions={{ exact: true, includeSearch: false }} className="rail-link">
        {icons.now}
        Now
      </Link>
      <Link to="/gp1" activeOptions={{ includeSearch: false }} className="rail-link">
        {icons.gp1}
        GP1
      </Link>
      {nightId === undefined ? null : (
        <Link
          to="/night/$night/frames"
          params={{ night: nightId }}
          activeOptions={{ includeSearch: false }}
          className="rail-link"
        >
          {icons.night}
          Night
        </Link>
      )}
      <button type="button" className="rail-link" onClick={onMore}>
        {icons.more}
        More
      </button>
    </nav>
  );
}

const icon = (path: string) => (
  <svg
    viewBox="0 0 24 24"
    width="22"
    height="22"
    aria-hidden="true"
    fill="none"
    stroke="currentColor"
    strokeWidth="1.7"
    strokeLinecap="round"
    strokeLinejoin="round"
  >
    <path d={path} />
  </svg>
);
const icons = {
  now: icon('M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18ZM12 7.5V12l3 2'),
  gp1: icon('M4 5h16M4 10h16M4 15h16M4 20h16M9.5 5v15M15 5v15'),
  night: icon('M4 19V5M4 19h16M7 15l3.5-4l3 2.5L19 7'),
  more: icon('M10.5 4a6.5 6.5 0 1 0 0 13a6.5 6.5 0 0 0 0-13ZM15.5 15.5L20 20'),
};
