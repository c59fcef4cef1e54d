import { timeBeforeUtc } from '../errors.ts';

/**
 * TAI − UTC [s] from the MJD (UTC) on which each value starts: every leap second since UTC took its present form.
 * Source: IERS Bulletin C, as distributed in leap-seconds.list.
 */
export const LEAP_SECONDS: readonly (readonly [mjd: number, taiMinusUtc: number])[] = [
  [41317, 10], // 1972-01-01
  [41499, 11], // 1972-07-01
  [41683, 12], // 1973-01-01
  [42048, 13], // 1974-01-01
  [42413, 14], // 1975-01-01
  [42778, 15], // 1976-01-01
  [43144, 16], // 1977-01-01
  [43509, 17], // 1978-01-01
  [43874, 18], // 1979-01-01
  [44239, 19], // 1980-01-01
  [44786, 20], // 1981-07-01
  [45151, 21], // 1982-07-01
  [45516, 22], // 1983-07-01
  [46247, 23], // 1985-07-01
  [47161, 24], // 1988-01-01
  [47892, 25], // 1990-01-01
  [48257, 26], // 1991-01-01
  [48804, 27], // 1992-07-01
  [49169, 28], // 1993-07-01
  [49534, 29], // 1994-07-01
  [50083, 30], // 1996-01-01
  [50630, 31], // 1997-07-01
  [51179, 32], // 1999-01-01
  [53736, 33], // 2006-01-01
  [54832, 34], // 2009-01-01
  [56109, 35], // 2012-07-01
  [57204, 36], // 2015-07-01
  [57754, 37], // 2017-01-01
];

/**
 * The table was complete when it was last compared with IERS Bulletin C; after this MJD (UTC) a newer bulletin may have
 * announced another leap second: compare, extend the table and move this date.
 */
export const LEAP_SECONDS_CHECKED_UNTIL_MJD = 61219; // 2026-06-28, expiry of leap-seconds.list of 2025-07-07

/** A sentence when an instant lies beyond the checked part of the table, else null. */
export function leapSecondNote(mjdUtc: number): string | null {
  if (mjdUtc <= LEAP_SECONDS_CHECKED_UNTIL_MJD) return null;
  return 'The leap-second table was compared with IERS Bulletin C until 2026-06-28 only: TAI − UTC = 37 s is assumed here.';
}

/** TAI − UTC [s] on a UTC day (MJD). Throws TIME_BEFORE_UTC before 1972. */
export function taiMinusUtc(mjdUtc: number): number {
  for (let i = LEAP_SECONDS.length - 1; i >= 0; i--) {
    if (mjdUtc >= LEAP_SECONDS[i]![0]) return LEAP_SECONDS[i]![1];
  }
  throw timeBeforeUtc({ mjd: mjdUtc });
}

/** Length of a UTC day [s]: 86401 where a leap second ends it. */
export function utcDaySeconds(mjdDay: number): number {
  return LEAP_SECONDS.some(([start]) => start === mjdDay + 1 && start !== 41317) ? 86401 : 86400;
}
