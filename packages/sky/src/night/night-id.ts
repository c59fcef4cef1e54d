import { nightMalformed } from '../errors.ts';
import { dateOfMjd, isoDate, MJD_OF_POSIX_EPOCH, mjdOfDate } from '../time/calendar.ts';
import { mjdUtc, msOfMjdUtc } from '../time/iso.ts';

const DAY_MS = 86_400_000;

/**
 * The night that an instant belongs to: the civil date at the site on the evening that the night starts, from local
 * mean noon to local mean noon: `dateOf(t_UTC + longitude/15 h − 12 h)`. The longitude rules, never a time zone.
 *
 * @param at - ISO UTC, or milliseconds since 1970
 */
export function nightId(at: string | number, longitudeEastDeg: number): string {
  const ms = typeof at === 'number' ? at : msOfMjdUtc(mjdUtc(at));
  return isoDate(Math.floor((ms - noonMs(longitudeEastDeg)) / DAY_MS) + MJD_OF_POSIX_EPOCH);
}

/** Local mean noon after 0 h UT of the date [ms], whole: the label of a night and its bounds must agree to the millisecond. */
const noonMs = (longitudeEastDeg: number): number => Math.ceil((0.5 - longitudeEastDeg / 360) * DAY_MS);

/** First and last instant of a night [ms since 1970]: the two local mean noons. */
export function nightBounds(night: string, longitudeEastDeg: number): { startMs: number; endMs: number } {
  const evening = eveningMjd(night);
  const startMs = (evening - MJD_OF_POSIX_EPOCH) * DAY_MS + noonMs(longitudeEastDeg);
  return { startMs, endMs: startMs + DAY_MS };
}

/** `Night 22→23 Nov 2026 · UT 23 Nov`: the evening and the morning, and the UT date at local midnight, which file names carry. */
export function nightLabel(night: string, longitudeEastDeg: number): string {
  const evening = eveningMjd(night);
  const from = dateOfMjd(evening),
    to = dateOfMjd(evening + 1);
  const { startMs } = nightBounds(night, longitudeEastDeg);
  const ut = dateOfMjd(Math.floor((startMs + DAY_MS / 2) / DAY_MS) + MJD_OF_POSIX_EPOCH);
  const start =
    from.year !== to.year
      ? `${from.day} ${MONTHS[from.month - 1]} ${from.year}`
      : from.month !== to.month
        ? `${from.day} ${MONTHS[from.month - 1]}`
        : `${from.day}`;
  return `Night ${start}→${to.day} ${MONTHS[to.month - 1]} ${to.year} · UT ${ut.day} ${MONTHS[ut.month - 1]}`;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** MJD of the evening's date; NIGHT_MALFORMED for anything but a true `YYYY-MM-DD`. */
export function eveningMjd(night: string): number {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(night);
  if (match === null) throw nightMalformed({ text: night });
  const mjd = mjdOfDate(Number(match[1]), Number(match[2]), Number(match[3]));
  if (isoDate(mjd) !== night) throw nightMalformed({ text: night });
  return mjd;
}
