import { type Card, parseCard, parseField } from './card.ts';
import { fitsBadEnd, fitsNoEnd, fitsTooLarge } from './errors.ts';
import { BLOCK, CARD, defaultLimits, padded } from './limits.ts';
import type { Reach } from './reach.ts';
import { readExactly } from './source.ts';

export interface ParseHeaderOptions {
  /** For messages. */
  readonly file?: string;
  readonly hdu?: number;
  /** Where the header begins in the file [byte]. */
  readonly offset?: number;
  /** Refuse bytes without an END card; false for bare header files. */
  readonly requireEnd?: boolean;
  readonly maxCards?: number;
}

export interface ParsedCards {
  readonly cards: Card[];
  /** Bytes from the first card to the end of the record that holds END; padded to whole blocks. */
  readonly length: number;
  readonly hasEnd: boolean;
}

const END = 'END'.padEnd(CARD);

/** Reads the cards of one header; strings continued by CONTINUE become one card. */
export function parseCards(bytes: Uint8Array, options: ParseHeaderOptions = {}): ParsedCards {
  const { file = 'header', hdu = 0, offset = 0, requireEnd = false, maxCards = defaultLimits.cards } = options;
  // Header files written as text have a line feed after each record.
  const stride = bytes[CARD] === 10 && (bytes.length <= 2 * CARD + 1 || bytes[2 * CARD + 1] === 10) ? CARD + 1 : CARD;
  const cards: Card[] = [];
  let pending: { first: Card; value: string; comment: string; raw: string } | undefined;
  const flush = (): void => {
    if (!pending) return;
    const { first, value, comment, raw } = pending;
    cards.push({ ...first, value, comment, raw });
    pending = undefined;
  };
  for (let at = 0, n = 0; at < bytes.length; at += stride, n++) {
    const record = latin1(bytes, at, Math.min(CARD, bytes.length - at)).padEnd(CARD);
    if (record === END) {
      flush();
      return { cards, length: padded(at + CARD), hasEnd: true };
    }
    if (n >= maxCards) {
      throw fitsTooLarge({ file, hdu, offset: offset + at, what: `the header has more than ${maxCards} cards.` });
    }
    for (let i = 0; i < 8; i++) {
      const code = record.charCodeAt(i);
      if (code > 126 || (code < 32 && code !== 9 && code !== 10 && code !== 13)) {
        const what = `byte value ${code} stands where a keyword should, after ${n} cards and no END.`;
        throw fitsBadEnd({ file, hdu, offset: offset + at + i, what });
      }
    }
    if (pending && record.startsWith('CONTINUE')) {
      const more = parseField(record.slice(8));
      if (typeof more.value === 'string' && record.slice(8).trimStart().startsWith("'")) {
        pending.value = pending.value.slice(0, -1) + more.value;
        pending.comment = joined(pending.comment, more.comment);
        pending.raw += record;
        if (!more.value.endsWith('&')) flush();
        continue;
      }
    }
    flush();
    const card = { ...parseCard(record), at };
    if (typeof card.value === 'string' && card.value.endsWith('&')) {
      pending = { first: card, value: card.value, comment: card.comment, raw: record };
    } else cards.push(card);
  }
  flush();
  if (requireEnd) {
    const what = `the header has no END in its ${Math.floor(bytes.length / CARD)} records.`;
    throw fitsNoEnd({ file, hdu, offset: offset + bytes.length, what });
  }
  return { cards, length: bytes.length, hasEnd: false };
}

const joined = (a: string, b: string): string => (a === '' || b === '' ? a + b : `${a} ${b}`);

function latin1(bytes: Uint8Array, at: number, length: number): string {
  return String.fromCharCode.apply(null, bytes.subarray(at, at + length) as unknown as number[]);
}

/** Reads as many blocks from `offset` as it takes to find END, or to know that there is none. */
export async function readHeaderBytes(source: Reach, offset: number, hdu: number, maxCards: number): Promise<Uint8Array> {
  const most = padded((maxCards + 1) * CARD);
  let bytes: Uint8Array = new Uint8Array(0);
  for (let blocks = 4; ; blocks *= 2) {
    const wanted = Math.min(blocks * BLOCK, most);
    const length = Math.min(wanted, (await source.reach(offset + wanted)) - offset);
    const more = await readExactly(source, offset + bytes.length, length - bytes.length, hdu);
    const whole = new Uint8Array(length);
    whole.set(bytes);
    whole.set(more, bytes.length);
    const from = Math.floor(bytes.length / CARD) * CARD;
    bytes = whole;
    if (length < wanted || length === most || isDecided(bytes, from)) return bytes;
  }
}

/** True when END, or a byte that no keyword begins with, stands at the start of a record: reading on is useless. */
function isDecided(bytes: Uint8Array, from: number): boolean {
  for (let at = from; at + CARD <= bytes.length; at += CARD) {
    const first = bytes[at]!;
    if (first > 126 || first === 0) return true;
    if (first !== 69 || bytes[at + 1] !== 78 || bytes[at + 2] !== 68) continue;
    let isBlank = true;
    for (let i = 3; i < CARD && isBlank; i++) isBlank = bytes[at + i] === 32;
    if (isBlank) return true;
  }
  return false;
}
