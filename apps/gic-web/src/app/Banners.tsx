import type { Now } from '@colibri/contracts';
import { useEffect, useState } from 'react';
import { StatusSymbol } from '../components/StatusSymbol.tsx';
import { counter } from '../lib/format.ts';
import { useLink, useServerNow } from '../lib/hooks.ts';
import { nightClockMs } from '../lib/night-clock.ts';
import { serverClock } from '../lib/server-clock.ts';
import { fullTime } from '../lib/time.ts';
import { useTimeScale } from '../lib/time-scale.ts';

/** A simulated night is framed and says so on every page: its clock and its rate. */
export function SimulationBanner({ now }: { now: Now | undefined }) {
  const serverNow = useServerNow();
  const [scale] = useTimeScale();
  if (now?.simulation == null) return null;
  return (
    <div className="banner banner-simulation" role="note">
      <strong>SIMULATION</strong>
      <span className="num">
        {fullTime(nightClockMs(now, serverNow), scale)}, ×{now.simulation.rate}
      </span>
      <span className="muted banner-more">Invented sky: nothing here was observed.</span>
    </div>
  );
}

/** The page's own connection: said within 3 s, while the whole page loses its colour. */
export function DisconnectedBanner() {
  const link = useLink();
  const [tick, setTick] = useState(() => performance.now());
  const lost = link.lostSinceMs !== null;
  useEffect(() => {
    document.documentElement.toggleAttribute('data-disconnected', lost);
    if (!lost) return;
    const timer = setInterval(() => setTick(performance.now()), 500);
    return () => clearInterval(timer);
  }, [lost]);
  if (link.lostSinceMs === null) return null;
  const seconds = (Math.max(tick, link.lostSinceMs) - link.lostSinceMs) / 1000;
  const last =
    link.lastUpdateMs === null
      ? 'nothing received yet'
      : `last update ${new Date(link.lastUpdateMs).toISOString().slice(11, 19)} UT`;
  return (
    <div className="banner banner-disconnected" role="alert">
      <StatusSymbol state="unknown" label={null} />
      <strong className="num">
        Disconnected {counter(seconds)} — {last} — retrying ({link.attempt})
      </strong>
    </div>
  );
}

/** A client clock that is off is said; ages are corrected all the same. */
export function SkewBanner() {
  useServerNow();
  const skew = serverClock.skewSec();
  if (skew === null || Math.abs(skew) <= 2) return null;
  const size = Math.abs(skew);
  const text =
    size < 120 ? `${Math.round(size)} s` : size < 7200 ? `${Math.round(size / 60)} min` : `${(size / 3600).toFixed(1)} h`;
  return (
    <div className="banner banner-skew" role="note">
      <StatusSymbol state="watch" size={12} label={null} />
      <span>
        The clock of this device is {text} {skew > 0 ? 'ahead of' : 'behind'} the server's. Ages on this page are right: they are
        told on the server's clock.
      </span>
    </div>
  );
}
