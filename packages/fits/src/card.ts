/** The value of a card; null where the card has a value field that is empty (value undefined). */
export type CardValue = string | number | bigint | boolean | null;

/** One logical card; a long string continued over several records is one. */
export interface Card {
  /** Upper case as stored; HIERARCH keywords without that word: `ESO TEL ALT`. Empty for blank cards. */
  readonly keyword: string;
  /** undefined for commentary cards (COMMENT, HISTORY, blank, no value indicator). */
  readonly value: CardValue | undefined;
  /** The comment after the slash, or the text of a commentary card. */
  readonly comment: string;
  /** The records as read, 80 characters each; undefined for cards made or changed here. */
  readonly raw?: string;
  /** What is odd about it, if anything. */
  readonly oddity?: string;
  /** Where the card began, counted from the start of the header [byte]; undefined for cards made here. */
  readonly at?: number;
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([EeDd][+-]?\d+)?$/;
const INTEGER = /^[+-]?\d+$/;

/** What stands behind `= ` of a card: value, comment and, when something is wrong, what. */
export interface ParsedField {
  readonly value: CardValue;
  readonly comment: string;
  readonly oddity?: string;
}

/**
 * Reads a value field in free format (FITS 4.0, section 4.2). It is forgiving: what cannot be understood becomes
 * text with an `oddity`, so that one bad optional card does not make a frame unreadable.
 */
export function parseField(field: string): ParsedField {
  const text = field.trimStart();
  if (text.startsWith("'")) return parseString(text);
  const slash = text.indexOf('/');
  const body = (slash < 0 ? text : text.slice(0, slash)).trim();
  const comment = slash < 0 ? '' : text.slice(slash + 1).trim();
  if (body === '') return { value: null, comment };
  if (body === 'T') return { value: true, comment };
  if (body === 'F') return { value: false, comment };
  if (INTEGER.test(body)) {
    const value = Number(body);
    return { value: Number.isSafeInteger(value) ? value : BigInt(body.replace(/^\+/, '')), comment };
  }
  if (NUMBER.test(body)) return { value: Number(body.replace(/[dD]/, 'E')), comment };
  if (/^\(.*\)$/.test(body)) return { value: body, comment }; // complex: kept as text
  return { value: body, comment, oddity: `value ${JSON.stringify(body)} is neither a string in quotes, a number nor T or F` };
}

function parseString(text: string): ParsedField {
  let value = '';
  let i = 1;
  for (;;) {
    const quote = text.indexOf("'", i);
    if (quote < 0) {
      return { value: (value + text.slice(i)).trimEnd(), comment: '', oddity: 'the closing quote is missing' };
    }
    value += text.slice(i, quote);
    if (text[quote + 1] === "'") {
      value += "'";
      i = quote + 2;
      continue;
    }
    const rest = text.slice(quote + 1).trim();
    const comment = rest.startsWith('/') ? rest.slice(1).trim() : rest;
    // Trailing blanks do not count, but a string of blanks only is not the empty string.
    const trimmed = value.trimEnd();
    const kept = trimmed === '' && value !== '' ? ' ' : trimmed;
    if (rest !== '' && !rest.startsWith('/'))
      return { value: kept, comment, oddity: 'text follows the closing quote without a slash' };
    return { value: kept, comment };
  }
}

/** One record as keyword, value and comment; CONTINUE is left to the header. */
export function parseCard(record: string): Card {
  const keyword = record.slice(0, 8).trimEnd();
  if (keyword === 'HIERARCH') {
    const equals = record.indexOf('=', 9);
    const name = record.slice(9, equals < 0 ? undefined : equals).trim();
    if (equals > 0 && name !== '')
      return { keyword: name.replace(/ +/g, ' ').toUpperCase(), ...parseField(record.slice(equals + 1)), raw: record };
    return { keyword, value: undefined, comment: record.slice(8).trimEnd(), raw: record };
  }
  if (
    record.slice(8, 10) === '= ' &&
    keyword !== 'COMMENT' &&
    keyword !== 'HISTORY' &&
    keyword !== 'CONTINUE' &&
    keyword !== ''
  ) {
    const parsed = { keyword, ...parseField(record.slice(10)), raw: record };
    return /^[A-Z0-9_-]+$/.test(keyword)
      ? parsed
      : { ...parsed, oddity: parsed.oddity ?? `keyword ${JSON.stringify(keyword)} has characters the standard forbids` };
  }
  if (record[8] === '=' && /^[A-Z0-9_-]+$/.test(keyword) && keyword !== 'COMMENT' && keyword !== 'HISTORY') {
    const oddity = 'the value indicator lacks its blank (column 10)';
    return { keyword, ...parseField(record.slice(9)), raw: record, oddity };
  }
  return { keyword, value: undefined, comment: record.slice(8).trimEnd(), raw: record };
}
