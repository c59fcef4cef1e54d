import type { CardValue } from './card.ts';
import { fitsCannotWrite } from './errors.ts';

const PLAIN = /^[A-Z0-9_-]{1,8}$/;

/** Text reduced to what FITS may hold (ASCII 32–126): accents are dropped, the rest becomes `?`. */
export function asciiText(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text;
  return text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[\r\n\t]+/g, ' ')
    .replace(/[^\x20-\x7e]/gu, '?');
}

/** A number as FITS writes it: shortest text that reads back as the same double. */
function numberText(value: number): string {
  if (Object.is(value, -0)) return '-0.0';
  const text = String(value).replace('e+', 'E').replace('e', 'E');
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return text;
  if (text.includes('.')) return text;
  return text.includes('E') ? text.replace('E', '.0E') : `${text}.0`;
}

/**
 * One logical card as records of 80 characters: fixed format where it fits, HIERARCH for long or spaced keywords,
 * CONTINUE for long strings.
 */
export function cardRecords(keyword: string, value: CardValue | undefined, comment: string): string[] {
  const remark = asciiText(comment);
  if (value === undefined) return commentary(keyword, remark);
  const name = keyword.toUpperCase();
  const head = PLAIN.test(name) ? `${name.padEnd(8)}= ` : hierarchHead(name);
  if (typeof value === 'string') return stringRecords(head, asciiText(value), remark);
  const body = scalarText(value);
  const fixed = head.length === 10 ? body.padStart(20) : body;
  if (head.length + fixed.length > 80) throw cannot(`the value of ${keyword} does not fit a card.`);
  return [withComment(head + fixed, remark)];
}

const cannot = (what: string): Error => fitsCannotWrite({ file: 'header', hdu: 0, offset: 0, what });

function hierarchHead(name: string): string {
  if (!/^[\x20-\x3c\x3e-\x7e]+$/.test(name) || name.length > 60) throw cannot(`${JSON.stringify(name)} cannot be a keyword.`);
  return `HIERARCH ${name} = `;
}

function scalarText(value: number | bigint | boolean | null): string {
  if (value === null) return '';
  if (typeof value === 'boolean') return value ? 'T' : 'F';
  if (typeof value === 'bigint') return value.toString();
  return numberText(value);
}

/** Adds ` / comment`, cut at the end of the record. */
function withComment(record: string, comment: string): string {
  const text = comment === '' ? record : `${record} / ${comment}`;
  return text.slice(0, 80).trimEnd().padEnd(80);
}

function commentary(keyword: string, text: string): string[] {
  if (keyword.length > 8) throw cannot(`${JSON.stringify(keyword)} cannot be a commentary keyword.`);
  const head = keyword.toUpperCase().padEnd(8);
  const records: string[] = [];
  for (let i = 0; i === 0 || i < text.length; i += 72) records.push((head + text.slice(i, i + 72)).padEnd(80));
  return records;
}

function stringRecords(head: string, value: string, comment: string): string[] {
  const quoted = value.replaceAll("'", "''");
  // Eight characters at least in fixed format; the empty string stays empty, for blanks would count as one.
  const whole = `${head}'${quoted.padEnd(head.length === 10 && value !== '' ? 8 : 0)}'`;
  // Comments begin in column 33 or later where they fit there: readers that write CHECKSUM anew to verify it (astropy) expect them so.
  const aligned = head.length === 10 && whole.length < 30 && comment.length <= 47 ? whole.padEnd(30) : whole;
  const full = comment === '' ? whole : `${aligned} / ${comment}`;
  // A comment that does not fit is cut for short values: CONTINUE is kept for the values themselves.
  if (full.length <= 80 || whole.length <= 80) return [full.slice(0, 80).trimEnd().padEnd(80)];
  const records: string[] = [];
  let rest = value;
  let start = `${head}'`;
  for (;;) {
    const room = 80 - start.length - 2; // closing quote and &
    const end = `${start}${rest.replaceAll("'", "''")}'`;
    if (end.length <= 80) {
      records.push(withComment(end, comment));
      return records;
    }
    let taken = '';
    let n = 0;
    while (n < rest.length) {
      const next = rest[n] === "'" ? "''" : rest[n]!;
      if (taken.length + next.length > room) break;
      taken += next;
      n++;
    }
    records.push(`${start}${taken}&'`.padEnd(80));
    rest = rest.slice(n);
    start = "CONTINUE  '";
  }
}
