import type { Chip, Now } from '@colibri/contracts';
import { Link } from '@tanstack/react-router';
import { StatusSymbol } from '../components/StatusSymbol.tsx';
import { age } from '../lib/format.ts';
import { effectiveState, freshnessOf } from '../lib/freshness.ts';
import { useLink, useServerNow } from '../lib/hooks.ts';
import { nightClockMs } from '../lib/night-clock.ts';
import { setTheme, type Theme, themes, useTheme } from '../lib/theme.ts';
import { allScales, fullTime, nightLabel, shortTime, siderealText, timeScaleNames } from '../lib/time.ts';
import { nextScale, useTimeScale } from '../lib/time-scale.ts';

const chipTitles: Readonly<Record<Chip['id'], string>> = {
  safety: 'Safety',
  telescope: 'Telescope',
  alert: 'Alert',
  gp1: 'GP1',
  link: 'Link',
};
const chipOrder: readonly Chip['id'][] = ['safety', 'telescope', 'alert', 'gp1', 'link'];

/** The top strip, the same on every page: which night, what time, and five chips that answer promise 1. */
export function TopStrip({
  now,
  nightId,
  onSearch,
  onHelp,
}: {
  now: Now | undefined;
  nightId: string | undefined;
  onSearch: () => void;
  onHelp: () => void;
}) {
  return (
    <header className="strip">
      <Link to="/" className="brand" aria-label="GIC, to the start page">
        <svg viewBox="0 0 32 32" width="26" height="26" aria-hidden="true">
          <circle cx="16" cy="16" r="9.5" fill="none" stroke="currentColor" strokeWidth="2" />
          <path d="M16 2v7M16 23v7M2 16h7M23 16h7" stroke="currentColor" strokeWidth="2" />
          <circle cx="16" cy="16" r="2.8" fill="currentColor" />
        </svg>
      </Link>
      <NightName nightId={nightId ?? now?.night.nightId} />
      <Clocks now={now} />
      <nav className="chips" aria-label="State of the observatory">
        {chipOrder.map((id) => (
          <StripChip key={id} id={id} chip={now?.chips.find((chip) => chip.id === id)} />
        ))}
      </nav>
      <div className="strip-tools">
        <StreamAge />
        <button type="button" className="button search-button" onClick={onSearch} title="Search and commands (/ or Ctrl K)">
          Search <kbd>/</kbd>
        </button>
        <ThemeSwitch />
        <button type="button" className="button square" onClick={onHelp} title="Keyboard map (?)" aria-label="Keyboard map">
          ?
        </button>
      </div>
    </header>
  );
}

function NightName({ nightId }: { nightId: string | undefined }) {
  if (nightId === undefined) return <span className="night-name muted">Night …</span>;
  const [night, ut] = nightLabel(nightId).split(' · ');
  return (
    <Link
      to="/night/$night/frames"
      params={{ night: nightId }}
      className="night-name"
      title={`${nightLabel(nightId)}: frames and charts of the night`}
    >
      <strong>{night}</strong>
      <span className="muted night-sep"> · </span>
      <span className="muted">{ut}</span>
    </Link>
  );
}

function Clocks({ now }: { now: Now | undefined }) {
  const serverNow = useServerNow();
  const [scale, setScale] = useTimeScale();
  const ms = nightClockMs(now, serverNow);
  const longitude = now?.site.longitudeEastDeg ?? null;
  const [siteTime, siteZone] = fullTime(ms, 'site').split(' ').slice(1) as [string, string];
  return (
    <button
      type="button"
      className="clocks"
      onClick={() => setScale(nextScale(scale))}
      title={`Times are shown in ${timeScaleNames[scale]}; press t to change\n${allScales(ms, longitude)}`}
    >
      <Clock label="UT" value={shortTime(ms, 'ut')} on={scale === 'ut'} />
      <Clock label={`Site ${siteZone}`} value={siteTime} on={scale === 'site'} />
      {scale === 'mine' ? <Clock label={fullTime(ms, 'mine').split(' ')[2] ?? 'Mine'} value={shortTime(ms, 'mine')} on /> : null}
      {scale === 'mjd' ? <Clock label="MJD" value={shortTime(ms, 'mjd')} on /> : null}
      {scale === 'mine' || scale === 'mjd' ? null : (
        <Clock label="LST" value={longitude === null ? '–' : siderealText(ms, longitude)} on={false} />
      )}
    </button>
  );
}

function Clock({ label, value, on }: { label: string; value: string; on: boolean }) {
  return (
    <span className={on ? 'clock clock-on' : 'clock'}>
      <small>{label}</small>
      <span className="num">{value}</span>
    </span>
  );
}

function StripChip({ id, chip }: { id: Chip['id']; chip: Chip | undefined }) {
  const serverNow = useServerNow();
  const ageSec = chip?.asOf == null ? null : (serverNow - Date.parse(chip.asOf)) / 1000;
  const freshness = freshnessOf(ageSec, chip?.periodSec ?? 10);
  const state = chip === undefined ? 'unknown' : effectiveState(chip.state, freshness);
  const word = chip === undefined ? 'no word yet' : freshness === 'stale' ? 'unknown' : chip.word;
  const title = [
    chip?.detail,
    freshness === 'stale' && chip !== undefined ? `Last known ${age(ageSec)} ago: ${chip.word}` : null,
    chip?.asOf == null ? 'Nothing was ever received' : `Received ${age(ageSec)} ago; expected every ${chip.periodSec} s`,
  ]
    .filter(Boolean)
    .join('\n');
  return (
    <Link
      to={id === 'gp1' || id === 'alert' ? '/gp1' : '/'}
      className={`chip chip-${state} ${freshness}`}
      title={title}
      aria-label={`${chipTitles[id]}: ${word}, ${age(ageSec)} old`}
    >
      <StatusSymbol state={state} size={17} label={null} />
      <span className="chip-text">
        <small>
          {chipTitles[id]} <span className="chip-age num">{age(ageSec)}</span>
        </small>
        <span className="chip-word">{word}</span>
      </span>
    </Link>
  );
}

/** How old the newest datum of the live stream is: the page's own freshness. */
function StreamAge() {
  const link = useLink();
  const serverNow = useServerNow();
  const lost = link.lostSinceMs !== null;
  const state = lost ? 'unknown' : link.phase === 'live' ? 'ok' : 'info';
  const seconds = link.lastUpdateMs === null ? null : (serverNow - link.lastUpdateMs) / 1000;
  return (
    <span className="stream-age" title="The live stream of this page, and the age of its newest datum">
      <StatusSymbol state={state} size={11} label={lost ? 'disconnected' : link.phase} />
      <span className="num muted">
        {lost ? 'cut' : link.phase === 'live' ? age(seconds) : link.phase === 'idle' ? '' : 'joining'}
      </span>
    </span>
  );
}

const themeNames: Readonly<Record<Theme, string>> = { light: 'Light', dark: 'Dark', dome: 'Dome' };
const themeIcons: Readonly<Record<Theme, React.ReactNode>> = {
  light: (
    <>
      <circle r="3.4" fill="none" stroke="currentColor" strokeWidth="1.6" />
      <path
        d="M0 -7V-5.2M0 5.2V7M-7 0H-5.2M5.2 0H7M-5 -5L-3.7 -3.7M3.7 3.7L5 5M-5 5L-3.7 3.7M3.7 -3.7L5 -5"
        stroke="currentColor"
        strokeWidth="1.6"
      />
    </>
  ),
  dark: <path d="M3 -5.6A6 6 0 1 0 5.8 2.4A5 5 0 0 1 3 -5.6Z" fill="none" stroke="currentColor" strokeWidth="1.6" />,
  dome: (
    <path d="M-6.4 5.5V1A6.4 6.4 0 0 1 6.4 1V5.5ZM-1.2 5.5V-5M1.2 5.5V-5" fill="none" stroke="currentColor" strokeWidth="1.5" />
  ),
};

function ThemeSwitch() {
  const theme = useTheme();
  return (
    <fieldset className="segments theme-switch">
      <legend className="sr-only">Theme</legend>
      {themes.map((each) => (
        <button
          key={each}
          type="button"
          aria-pressed={theme === each}
          onClick={() => setTheme(each)}
          title={each === 'dome' ? 'Dome: red only (Shift D)' : themeNames[each]}
          aria-label={`${themeNames[each]} theme`}
        >
          <svg viewBox="-8 -8 16 16" width="15" height="15" aria-hidden="true">
            {themeIcons[each]}
          </svg>
        </button>
      ))}
    </fieldset>
  );
}
