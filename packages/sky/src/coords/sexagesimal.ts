import { wrap360 } from '../angles.ts';
import { angleMalformed } from '../errors.ts';

/** Units, minutes and seconds as one number of units. */
export const sexagesimal = (units: number, minutes: number, seconds: number): number => units + minutes / 60 + seconds / 3600;

/**
 * Right ascension [deg] from text: `14:22:33.4`, `14 22 33.4`, `14h22m33.4s` are hours; a number alone, or with `d` or `°`, is degrees.
 */
export function parseRa(text: string): number {
  const expected = 'a right ascension such as 14:22:33.4 (hours) or 215.639 (degrees)';
  const { value, parts, unit } = parseAngle(text, expected);
  const isHours = unit === 'h' || (unit === '' && parts > 1);
  const deg = isHours ? 15 * value : value;
  if (text.trim().startsWith('-') ? deg < -180 || isHours : deg > 360) throw angleMalformed({ text, expected });
  return wrap360(deg);
}

/** Declination [deg] from text: `-12:44:05.1`, `-12 44 05.1`, `-12d44m05.1s`, `-12.7347`. The sign of `-00:12` counts. */
export function parseDec(text: string): number {
  const expected = 'a declination such as +53:06:12.5 or 53.1035 (degrees)';
  const { value, unit } = parseAngle(text, expected);
  if (unit === 'h' || Math.abs(value) > 90) throw angleMalformed({ text, expected });
  return value;
}

const ANGLE =
  /^([+\-−]?)\s*(\d+(?:\.\d*)?|\.\d+)(?:\s*([hd°:]|\s)\s*(?:(\d{1,2}(?:\.\d*)?)\s*(?:[m'′:]|\s|$)\s*(?:(\d{1,2}(?:\.\d*)?)\s*(?:s|"|″|'')?)?)?)?$/i;

function parseAngle(text: string, expected: string): { value: number; parts: number; unit: string } {
  const match = ANGLE.exec(text.trim());
  if (match === null) throw angleMalformed({ text, expected });
  const [, sign, units, mark, minutes, seconds] = match;
  const m = Number(minutes ?? 0),
    s = Number(seconds ?? 0);
  const fractionTooEarly = (minutes !== undefined && units!.includes('.')) || (seconds !== undefined && minutes!.includes('.'));
  if (m >= 60 || s >= 60 || fractionTooEarly) throw angleMalformed({ text, expected });
  const magnitude = sexagesimal(Number(units), m, s);
  const unit = mark === undefined ? '' : mark.toLowerCase() === 'h' ? 'h' : /[d°]/i.test(mark) ? 'd' : '';
  return {
    value: sign === '-' || sign === '−' ? -magnitude : magnitude,
    parts: minutes === undefined ? 1 : seconds === undefined ? 2 : 3,
    unit,
  };
}

/** Right ascension as `14:22:33.40`, hours; never `60` in a field. */
export function formatRa(raDeg: number, secondDigits = 2, separator = ':'): string {
  return joinFields(wrap360(raDeg) / 15, secondDigits, separator, 24);
}

/** Declination as `+53:06:12.5`; never `60` in a field. */
export function formatDec(decDeg: number, secondDigits = 1, separator = ':'): string {
  return (
    (decDeg < 0 || Object.is(decDeg, -0) ? '-' : '+') +
    joinFields(Math.abs(decDeg), secondDigits, separator, Number.POSITIVE_INFINITY)
  );
}

function joinFields(value: number, digits: number, separator: string, wrapAt: number): string {
  if (!Number.isFinite(value)) return '—';
  // Rounded once, as a count of the smallest unit written, so that 59.999 s carries.
  const perSecond = 10 ** digits;
  let count = Math.round(value * 3600 * perSecond);
  if (count >= wrapAt * 3600 * perSecond) count -= wrapAt * 3600 * perSecond;
  const seconds = (count % (60 * perSecond)) / perSecond;
  const totalMinutes = Math.floor(count / (60 * perSecond));
  const two = (n: number): string => String(n).padStart(2, '0');
  const secondText = seconds.toFixed(digits).padStart(digits === 0 ? 2 : digits + 3, '0');
  return [two(Math.floor(totalMinutes / 60)), two(totalMinutes % 60), secondText].join(separator);
}
