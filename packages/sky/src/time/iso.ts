import { timeMalformed } from '../errors.ts';
import { dateOfMjd, isoDate, MJD_OF_POSIX_EPOCH, mjdOfDate } from './calendar.ts';
import { utcDaySeconds } from './leap-seconds.ts';

/** A UTC instant as a day and the seconds passed in it, which reach 86401 on days with a leap second. */
export interface UtcInstant {
  readonly mjdDay: number;
  readonly secondOfDay: number;
}

const ISO = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2}(?:\.\d*)?))?)?\s*(Z|UTC?|[+-]\d{2}:?\d{2})?$/i;

/**
 * Reads `2026-11-23T05:12:07.123` (UTC; a blank for the T, `Z`, an offset such as `+00:00`, or the date alone are fine).
 * Second 60 is accepted where a leap second was.
 */
export function parseUtc(iso: string): UtcInstant {
  const expected = 'a UTC date and time such as 2026-11-23T05:12:07.123';
  const match = ISO.exec(iso.trim());
  if (match === null) throw timeMalformed({ text: iso, expected });
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((field) => Number(field ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const mjdDay = mjdOfDate(year, month, day);
  const back = dateOfMjd(mjdDay);
  const isLeapSecond = second >= 60 && hour === 23 && minute === 59 && second < utcDaySeconds(mjdDay) - 86340;
  const isDate = month >= 1 && month <= 12 && back.month === month && back.day === day;
  if (!isDate || hour > 24 || minute > 59 || (second >= 60 && !isLeapSecond) || (hour === 24 && minute + second > 0)) {
    throw timeMalformed({ text: iso, expected });
  }
  const zone = /^([+-])(\d{2}):?(\d{2})$/.exec(match[7] ?? '');
  const offsetSeconds = zone === null ? 0 : (zone[1] === '-' ? -60 : 60) * (Number(zone[2]) * 60 + Number(zone[3]));
  return normalised(mjdDay, hour * 3600 + minute * 60 + second - offsetSeconds);
}

function normalised(mjdDay: number, secondOfDay: number): UtcInstant {
  let day = mjdDay,
    second = secondOfDay;
  while (second < 0) second += utcDaySeconds(--day);
  while (second >= utcDaySeconds(day)) second -= utcDaySeconds(day++);
  return { mjdDay: day, secondOfDay: second };
}

/**
 * MJD (UTC) of an ISO instant, the fraction counted in the true length of that day, as ERFA and astropy do: the last
 * second of a day with a leap second is thus distinct from the first of the next. Good to 1 µs.
 */
export function mjdUtc(iso: string): number {
  return mjdOfInstant(parseUtc(iso));
}

export const mjdOfInstant = ({ mjdDay, secondOfDay }: UtcInstant): number => mjdDay + secondOfDay / utcDaySeconds(mjdDay);

/** MJD (UTC) of POSIX milliseconds (which do not count leap seconds). */
export const mjdUtcOfMs = (ms: number): number => MJD_OF_POSIX_EPOCH + ms / 86_400_000;

/** POSIX milliseconds of an MJD (UTC), rounded to the nearest; a leap second repeats the one before midnight. */
export const msOfMjdUtc = (mjd: number): number => Math.round((mjd - MJD_OF_POSIX_EPOCH) * 86_400_000);

/** `2026-11-23T05:12:07.123Z` of an MJD (UTC), rounded once; `:60` inside a leap second. Digits after the second: 0 to 6. */
export function isoUtcOfMjd(mjd: number, digits = 3): string {
  if (!Number.isFinite(mjd)) throw timeMalformed({ text: String(mjd), expected: 'a finite MJD' });
  let day = Math.floor(mjd);
  const perSecond = 10 ** digits;
  let count = Math.round((mjd - day) * utcDaySeconds(day) * perSecond);
  if (count >= utcDaySeconds(day) * perSecond) {
    day++;
    count = 0;
  }
  const second = count / perSecond;
  // The 86 401st second still belongs to 23:59.
  const minuteOfDay = Math.min(Math.floor(second / 60), 1439);
  const inMinute = (count - minuteOfDay * 60 * perSecond) / perSecond;
  const two = (n: number): string => String(n).padStart(2, '0');
  const secondText = inMinute.toFixed(digits).padStart(digits === 0 ? 2 : digits + 3, '0');
  return `${isoDate(day)}T${two(Math.floor(minuteOfDay / 60))}:${two(minuteOfDay % 60)}:${secondText}Z`;
}
