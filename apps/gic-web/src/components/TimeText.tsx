import { age } from '../lib/format.ts';
import { useServerNow } from '../lib/hooks.ts';
import { allScales, fullTime, shortTime, type TimeScale } from '../lib/time.ts';
import { useTimeScale } from '../lib/time-scale.ts';

/** An instant in the chosen scale; hovering shows all scales. `short` only under a head that names the scale. */
export function TimeText({ iso, short = false, scale }: { iso: string | null; short?: boolean; scale?: TimeScale }) {
  const [chosen] = useTimeScale();
  if (iso === null) return <span className="muted">–</span>;
  const ms = Date.parse(iso);
  const shown = scale ?? chosen;
  return (
    <time className="num" dateTime={iso} title={allScales(ms, null)}>
      {short ? shortTime(ms, shown) : fullTime(ms, shown)}
    </time>
  );
}

/** The age of something received at `iso`, counting up on the server's clock. */
export function Age({ iso }: { iso: string | null }) {
  const now = useServerNow();
  return <span className="num">{age(iso === null ? null : (now - Date.parse(iso)) / 1000)}</span>;
}
