import { nightLabel as labelOf, lstDeg, nightId, sanPedroMartir } from '@colibri/sky';

/** Time scales of the interface. An instant without its scale does not exist in this product. */
export type TimeScale = 'ut' | 'site' | 'mine' | 'mjd';
export const timeScales: readonly TimeScale[] = ['ut', 'site', 'mine', 'mjd'];
export const timeScaleNames: Readonly<Record<TimeScale, string>> = { ut: 'UT', site: 'Site', mine: 'Mine', mjd: 'MJD' };
const siteZone = 'America/Tijuana';

const mjdOfUnixEpoch = 40_587;
const msPerDay = 86_400_000;

export const mjdOf = (ms: number): number => ms / msPerDay + mjdOfUnixEpoch;

interface Parts {
  readonly date: string;
  readonly time: string;
  readonly zone: string;
}

const formatters = new Map<string, Intl.DateTimeFormat>();

function zonedParts(ms: number, zone: string | undefined): Parts {
  const key = zone ?? '';
  let formatter = formatters.get(key);
  if (formatter === undefined) {
    formatter = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      timeZoneName: 'short',
    });
    formatters.set(key, formatter);
  }
  const part: Record<string, string> = {};
  for (const { type, value } of formatter.formatToParts(ms)) part[type] = value;
  return {
    date: `${part['year']}-${part['month']}-${part['day']}`,
    time: `${part['hour']}:${part['minute']}:${part['second']}`,
    zone: part['timeZoneName'] ?? '',
  };
}

function partsIn(ms: number, scale: Exclude<TimeScale, 'mjd'>): Parts {
  if (scale === 'ut') {
    const iso = new Date(ms).toISOString();
    return { date: iso.slice(0, 10), time: iso.slice(11, 19), zone: 'UT' };
  }
  return zonedParts(ms, scale === 'site' ? siteZone : undefined);
}

/** `05:12:07`: for dense tables whose header names the scale; MJD gives its fraction with five decimals. */
export function shortTime(ms: number, scale: TimeScale): string {
  return scale === 'mjd' ? mjdOf(ms).toFixed(5) : partsIn(ms, scale).time;
}

/** `05:12`: for axes and windows. */
export function minuteTime(ms: number, scale: TimeScale): string {
  return scale === 'mjd' ? mjdOf(ms).toFixed(3) : partsIn(ms, scale).time.slice(0, 5);
}

/** `2026-11-23 05:12:07 UT`, `MJD 61367.21675`. */
export function fullTime(ms: number, scale: TimeScale): string {
  if (scale === 'mjd') return `MJD ${mjdOf(ms).toFixed(5)}`;
  const { date, time, zone } = partsIn(ms, scale);
  return `${date} ${time} ${zone}`;
}

export const dateIn = (ms: number, scale: TimeScale): string =>
  scale === 'mjd' ? `MJD ${Math.floor(mjdOf(ms))}` : partsIn(ms, scale).date;

/** Name of the scale at an instant, for a column's head: `UT`, `PST`, `CET`, `MJD`. */
export const scaleLabel = (ms: number, scale: TimeScale): string => (scale === 'mjd' ? 'MJD' : partsIn(ms, scale).zone);

/** Local mean sidereal time [h, 0–24). */
export const siderealHours = (ms: number, longitudeEastDeg: number): number => lstDeg(mjdOf(ms), longitudeEastDeg) / 15;

export function siderealText(ms: number, longitudeEastDeg: number): string {
  const seconds = Math.floor(siderealHours(ms, longitudeEastDeg) * 3600);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}

/** All scales of one instant, one a line: what hovering any time shows. */
export function allScales(ms: number, longitudeEastDeg: number | null): string {
  const lines = [fullTime(ms, 'ut'), fullTime(ms, 'site'), fullTime(ms, 'mine'), fullTime(ms, 'mjd')];
  if (longitudeEastDeg !== null) lines.push(`${siderealText(ms, longitudeEastDeg)} LST`);
  return lines.join('\n');
}

/** `Night 22→23 Nov 2026 · UT 23 Nov`: the evening at the site and the UT date of its dark hours, always both. */
export function nightLabel(night: string, longitudeEastDeg: number = sanPedroMartir.longitudeEastDeg): string {
  try {
    return labelOf(night, longitudeEastDeg);
  } catch {
    return `Night ${night}`; // a link may carry anything
  }
}

/** The night an instant belongs to. */
export const nightIdOf = (ms: number, longitudeEastDeg: number): string => nightId(ms, longitudeEastDeg);
