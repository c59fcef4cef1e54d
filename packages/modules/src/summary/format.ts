export { chanceText } from '../candidates/chance-text.ts';

/** Text for HTML and its attributes. */
export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' })[c]!);

export const MISSING = '–';

/** A number with so many digits after the point, with a real minus; `–` where it is not known. */
export function fixed(value: number | null | undefined, digits = 2): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return MISSING;
  const text = value.toFixed(digits);
  return Number(text) === 0 ? text.replace('-', '') : text.replace('-', '−');
}

/** Value and error with the digits that the error allows: `17.42 ± 0.05`. */
export function withError(value: number | null | undefined, err: number | null | undefined, fewest = 0, most = 3): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return MISSING;
  if (err === null || err === undefined || !Number.isFinite(err) || err <= 0) return fixed(value, Math.max(fewest, 2));
  const digits = Math.max(fewest, Math.min(most, 1 - Math.floor(Math.log10(err * 1.05))));
  return `${fixed(value, digits)} ± ${fixed(err, digits)}`;
}

/** `T+41 s`, `T+12.4 min`, `T+3.21 h`, `T+2.10 d`: three figures, unit by size. */
export function sinceTrigger(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return MISSING;
  const sign = seconds < 0 ? '−' : '+';
  return `T${sign}${duration(Math.abs(seconds))}`;
}

export function duration(seconds: number): string {
  const [value, unit] =
    seconds < 100
      ? [seconds, 's']
      : seconds < 5940
        ? [seconds / 60, 'min']
        : seconds < 172800
          ? [seconds / 3600, 'h']
          : [seconds / 86400, 'd'];
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${value.toFixed(unit === 's' ? (value < 10 ? 1 : 0) : digits)} ${unit}`;
}

/** `2026-01-01 04:20:01 UT` of an ISO instant. */
export const instant = (iso: string): string => `${iso.slice(0, 19).replace('T', ' ')} UT`;
export const clock = (iso: string): string => iso.slice(11, 19);

/** Rounds for JSON: enough digits for the quantity, no noise in the file; NaN becomes null. */
export const rounded = (value: number | null | undefined, digits: number): number | null =>
  value === null || value === undefined || !Number.isFinite(value) ? null : Number(value.toFixed(digits));
