import { JD_MINUS_MJD } from './calendar.ts';
import { LEAP_SECONDS, taiMinusUtc, utcDaySeconds } from './leap-seconds.ts';

/** TT − TAI [s], by definition. */
export const TT_MINUS_TAI = 32.184;

/** MJD (TAI) of an MJD (UTC). From 1972 on. */
export function taiOfUtc(mjdUtc: number): number {
  const day = Math.floor(mjdUtc);
  const seconds = (mjdUtc - day) * utcDaySeconds(day) + taiMinusUtc(day);
  return day + seconds / 86400;
}

/** MJD (UTC) of an MJD (TAI). Inside a leap second the result lies in the last 1/86401 of that day. */
export function utcOfTai(mjdTai: number): number {
  // The offset in force: each starts, on the TAI axis, at its UTC midnight plus itself.
  let offset = 0;
  for (let i = LEAP_SECONDS.length - 1; i >= 0 && offset === 0; i--) {
    const [start, value] = LEAP_SECONDS[i]!;
    if (mjdTai >= start + value / 86400) offset = value;
  }
  if (offset === 0) taiMinusUtc(mjdTai); // throws: before 1972
  let day = Math.floor(mjdTai - offset / 86400);
  // Inside a leap second the old offset still holds, yet it reaches past the midnight that the second delays.
  if (LEAP_SECONDS.some(([start, value]) => start === day && value > offset)) day--;
  return day + ((mjdTai - day) * 86400 - offset) / utcDaySeconds(day);
}

export const ttOfUtc = (mjdUtc: number): number => taiOfUtc(mjdUtc) + TT_MINUS_TAI / 86400;
export const utcOfTt = (mjdTt: number): number => utcOfTai(mjdTt - TT_MINUS_TAI / 86400);

/**
 * TDB − TT [s] for the centre of the Earth, good to 10 µs from 1600 to 2200.
 * Source: Kaplan (2005), USNO Circular 179, equation 2.6.
 */
export function tdbMinusTt(mjdTt: number): number {
  const t = (mjdTt - 51544.5) / 36525;
  return (
    0.001657 * Math.sin(628.3076 * t + 6.2401) +
    0.000022 * Math.sin(575.3385 * t + 4.297) +
    0.000014 * Math.sin(1256.6152 * t + 6.1969) +
    0.000005 * Math.sin(606.9777 * t + 4.0212) +
    0.000005 * Math.sin(52.9691 * t + 0.4444) +
    0.000002 * Math.sin(21.3299 * t + 5.5431) +
    0.00001 * t * Math.sin(628.3076 * t + 4.249)
  );
}

/** MJD (TDB) of an MJD (UTC). */
export function tdbOfUtc(mjdUtc: number): number {
  const tt = ttOfUtc(mjdUtc);
  return tt + tdbMinusTt(tt) / 86400;
}

export const jdOfMjd = (mjd: number): number => mjd + JD_MINUS_MJD;
export const mjdOfJd = (jd: number): number => jd - JD_MINUS_MJD;

/** Julian epoch, such as 2016.0, of an MJD in TT (UTC will do: a minute is 2e-6 yr). */
export const julianEpoch = (mjdTt: number): number => 2000 + (mjdTt - 51544.5) / 365.25;
/** MJD (TT) of a Julian epoch. */
export const mjdOfJulianEpoch = (jyear: number): number => 51544.5 + (jyear - 2000) * 365.25;
