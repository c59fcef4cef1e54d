/** Numbers as they are shown: a missing value is a dash, never a zero, and no more digits than asked for. */
const missing = '–';

export function fixed(value: number | null | undefined, digits: number): string {
  return value === null || value === undefined || !Number.isFinite(value) ? missing : value.toFixed(digits);
}

/** Sky levels and fluxes: three significant digits, thousands grouped with thin spaces. */
export function level(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return missing;
  const size = Math.abs(value);
  if (size >= 100) return Math.round(value).toLocaleString('en-US').replaceAll(',', '\u2009');
  return value.toFixed(size >= 10 ? 1 : size >= 1 ? 2 : 3);
}

/** `value ± error` with the error's two first digits: never more digits than the error allows. */
export function withError(value: number | null, error: number | null): string {
  if (value === null || !Number.isFinite(value)) return missing;
  if (error === null || !Number.isFinite(error) || error <= 0) return value.toFixed(2);
  const digits = Math.min(4, Math.max(0, 1 - Math.floor(Math.log10(error))));
  return `${value.toFixed(digits)} ± ${error.toFixed(digits)}`;
}

/** `0.41 s`, `18.2 s`, `4 m 52 s`, `3 h 12 m`. */
export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return missing;
  if (seconds < 10) return `${seconds.toFixed(2)} s`;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} m ${String(whole % 60).padStart(2, '0')} s`;
  return `${Math.floor(whole / 3600)} h ${String(Math.floor(whole / 60) % 60).padStart(2, '0')} m`;
}

/** Ages count up live and stop being precise: `3 s`, `2 min`, `>1 h`, `>2 d`. */
export function age(seconds: number | null): string {
  if (seconds === null || !Number.isFinite(seconds)) return 'never';
  const s = Math.max(0, seconds);
  if (s < 60) return `${Math.floor(s)} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min`;
  if (s < 86_400) return `>${Math.floor(s / 3600)} h`;
  return `>${Math.floor(s / 86_400)} d`;
}

/** `00:12`, minutes and seconds of a disconnection. */
export function counter(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  return `${String(Math.floor(s / 60)).padStart(2, '0')}:${String(s % 60).padStart(2, '0')}`;
}

export function bytes(count: number): string {
  if (count < 1000) return `${count} B`;
  if (count < 1_000_000) return `${(count / 1000).toFixed(0)} kB`;
  return `${(count / 1_000_000).toFixed(1)} MB`;
}

/** Median of the finite values; null when there is none. */
export function medianOf(values: readonly (number | null | undefined)[]): number | null {
  const sorted = values.filter((v): v is number => typeof v === 'number' && Number.isFinite(v)).sort((a, b) => a - b);
  if (sorted.length === 0) return null;
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

export const plural = (count: number, noun: string, nouns = `${noun}s`): string =>
  `${count.toLocaleString('en-US').replaceAll(',', '\u2009')} ${count === 1 ? noun : nouns}`;
