import type { HeaderValues } from './frame.ts';

/** Text of a card without blanks around it; numbers as written by JavaScript; undefined when absent or empty. */
export function headerText(header: HeaderValues, ...keywords: readonly string[]): string | undefined {
  for (const keyword of keywords) {
    const value = header.get(keyword);
    if (value === null || value === undefined) continue;
    const text = String(value).trim();
    if (text !== '') return text;
  }
  return undefined;
}

/** A number, also where the card holds it as text. */
export function headerNumber(header: HeaderValues, ...keywords: readonly string[]): number | undefined {
  for (const keyword of keywords) {
    const value = header.get(keyword);
    const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
    if (typeof number === 'number' && Number.isFinite(number)) return number;
  }
  return undefined;
}

/** An angle [deg]: decimal degrees, or sexagesimal `hh:mm:ss` (hours where `isHours`) with `:` or blanks. */
export function headerAngle(header: HeaderValues, keyword: string, isHours: boolean): number | undefined {
  const text = headerText(header, keyword);
  if (text === undefined) return undefined;
  const parts = /^([+-]?)(\d+)[:\s](\d+)(?:[:\s](\d+(?:\.\d*)?))?$/.exec(text);
  if (!parts) return headerNumber(header, keyword);
  const [minutes, seconds] = [Number(parts[3]), Number(parts[4] ?? 0)];
  if (minutes >= 60 || seconds >= 60) return undefined;
  const value = Number(parts[2]) + minutes / 60 + seconds / 3600;
  return (parts[1] === '-' ? -value : value) * (isHours ? 15 : 1);
}

/** The first pair of keywords that gives a point of the sky, ICRS [deg]. */
export function headerPoint(
  header: HeaderValues,
  pairs: readonly (readonly [string, string])[],
): { raDeg: number; decDeg: number } | null {
  for (const [ra, dec] of pairs) {
    const [raDeg, decDeg] = [headerAngle(header, ra, true), headerAngle(header, dec, false)];
    if (raDeg === undefined || decDeg === undefined) continue;
    if (raDeg >= -180 && raDeg <= 360 && Math.abs(decDeg) <= 90) return { raDeg: raDeg < 0 ? raDeg + 360 : raDeg, decDeg };
  }
  return null;
}

/** Milliseconds since 1970 UTC of `YYYY-MM-DDThh:mm:ss.sss`, with or without `Z`; undefined when it is no date. */
export function parseUtc(text: string): number | undefined {
  const iso = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d*)?)?))?Z?$/.exec(text.trim());
  if (!iso) return undefined;
  // A leap second (:60) is read as the last instant of its minute: JavaScript's clock has no name for it.
  const time = (iso[2] ?? '00:00:00').replace(/:60(\.\d*)?$/, ':59.999').replace(/\.$/, '');
  const milliseconds = Date.parse(`${iso[1]}T${time}Z`);
  // Date.parse takes 30 February for 2 March.
  return new Date(milliseconds || 0).toISOString().startsWith(iso[1]!) ? milliseconds : undefined;
}
