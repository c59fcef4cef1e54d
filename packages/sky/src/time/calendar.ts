/** MJD of a Gregorian calendar date at 0 h (proleptic before 1582). Source: Fliegel & van Flandern (1968), Comm. ACM 11, 657. */
export function mjdOfDate(year: number, month: number, day: number): number {
  const a = Math.floor((14 - month) / 12);
  const y = year + 4800 - a,
    m = month + 12 * a - 3;
  const julianDayNumber =
    day + Math.floor((153 * m + 2) / 5) + 365 * y + Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400) - 32045;
  return julianDayNumber - 2400001;
}

/** Gregorian calendar date of a whole MJD. */
export function dateOfMjd(mjdDay: number): { year: number; month: number; day: number } {
  const a = mjdDay + 2400001 + 32044;
  const b = Math.floor((4 * a + 3) / 146097);
  const c = a - Math.floor((146097 * b) / 4);
  const d = Math.floor((4 * c + 3) / 1461);
  const e = c - Math.floor((1461 * d) / 4);
  const m = Math.floor((5 * e + 2) / 153);
  return {
    day: e - Math.floor((153 * m + 2) / 5) + 1,
    month: m + 3 - 12 * Math.floor(m / 10),
    year: 100 * b + d - 4800 + Math.floor(m / 10),
  };
}

/** `YYYY-MM-DD` of a whole MJD. */
export function isoDate(mjdDay: number): string {
  const { year, month, day } = dateOfMjd(mjdDay);
  return `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
}

/** MJD of 1970-01-01, where POSIX time starts. */
export const MJD_OF_POSIX_EPOCH = 40587;
/** JD − MJD. */
export const JD_MINUS_MJD = 2400000.5;
