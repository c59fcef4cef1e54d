import type { Card, CardValue } from './card.ts';
import { asciiText, cardRecords } from './card-text.ts';
import { type ParseHeaderOptions, parseCards } from './header-parse.ts';
import { CARD, padded } from './limits.ts';

/**
 * The cards of one HDU, in order. Keywords are looked up without case, HIERARCH keywords with or without that word;
 * of repeated keywords the first counts. Unchanged cards are written back exactly as they were read.
 */
export class Header {
  private list: Card[];
  private index: Map<string, number> | undefined;

  constructor(cards: readonly Card[] = []) {
    this.list = [...cards];
  }

  /** Reads records of 80 characters up to END, or to the end of `bytes` where there is none (bare header files). */
  static parse(bytes: Uint8Array, options: ParseHeaderOptions = {}): Header {
    return new Header(parseCards(bytes, options).cards);
  }

  /** A header from `[keyword, value, comment?]` entries. */
  static of(entries: Iterable<readonly [keyword: string, value: CardValue, comment?: string]>): Header {
    const header = new Header();
    for (const [keyword, value, comment] of entries) header.append(keyword, value, comment);
    return header;
  }

  /** The value; null where the card is there without a value; undefined where there is no such card. */
  get(keyword: string): CardValue | undefined {
    return this.card(keyword)?.value;
  }

  /** The value when it is a number (64-bit integers beyond 2^53 are rounded). */
  number(keyword: string): number | undefined {
    const value = this.get(keyword);
    if (typeof value === 'number') return value;
    return typeof value === 'bigint' ? Number(value) : undefined;
  }

  /** The value when it is a string. */
  text(keyword: string): string | undefined {
    const value = this.get(keyword);
    return typeof value === 'string' ? value : undefined;
  }

  /** The value when it is T or F. */
  flag(keyword: string): boolean | undefined {
    const value = this.get(keyword);
    return typeof value === 'boolean' ? value : undefined;
  }

  has(keyword: string): boolean {
    return this.find(keyword) !== undefined;
  }

  /** The comment of a card, or '' where there is none. */
  comment(keyword: string): string {
    return this.card(keyword)?.comment ?? '';
  }

  /** The first card of this keyword, as it stands. */
  card(keyword: string): Card | undefined {
    const at = this.find(keyword);
    return at === undefined ? undefined : this.list[at];
  }

  /** Changes the card in its place, keeping its comment unless another is given, or appends one. */
  set(keyword: string, value: CardValue, comment?: string): this {
    const at = this.find(keyword);
    if (at === undefined) return this.append(keyword, value, comment);
    const old = this.list[at]!;
    this.list[at] = { keyword: old.keyword, value, comment: comment ?? old.comment };
    return this;
  }

  /** Adds a card at the end even if one of that keyword is there. */
  append(keyword: string, value: CardValue, comment = ''): this {
    const name = normal(keyword);
    this.list.push({ keyword: name, value, comment });
    if (this.index && !this.index.has(name)) this.index.set(name, this.list.length - 1);
    return this;
  }

  /** Removes every card of this keyword (also COMMENT and HISTORY). */
  delete(keyword: string): this {
    const name = normal(keyword);
    this.list = this.list.filter((card) => card.keyword !== name);
    this.index = undefined;
    return this;
  }

  addHistory(text: string): this {
    return this.addCommentary('HISTORY', text);
  }

  addComment(text: string): this {
    return this.addCommentary('COMMENT', text);
  }

  /** The lines of all HISTORY (or COMMENT) cards. */
  commentary(keyword: 'HISTORY' | 'COMMENT' | ''): string[] {
    return this.list.filter((card) => card.keyword === keyword && card.value === undefined).map((card) => card.comment);
  }

  cards(): readonly Card[] {
    return this.list;
  }

  /** Keywords of cards with a value field, in order, each once. */
  keywords(): string[] {
    return [...new Set(this.list.filter((card) => card.value !== undefined).map((card) => card.keyword))];
  }

  /** Keyword to value, first card first, for code that knows nothing of FITS; integers beyond 2^53 are rounded. */
  values(): ReadonlyMap<string, string | number | boolean | null> {
    const map = new Map<string, string | number | boolean | null>();
    for (const { keyword, value } of this.list) {
      if (value === undefined || map.has(keyword)) continue;
      map.set(keyword, typeof value === 'bigint' ? Number(value) : value);
    }
    return map;
  }

  /** Puts other cards in place of all. */
  replace(cards: readonly Card[]): this {
    this.list = [...cards];
    this.index = undefined;
    return this;
  }

  clone(): Header {
    return new Header(this.list);
  }

  /** The 80-character records, without END. */
  records(): string[] {
    const records: string[] = [];
    for (const card of this.list) {
      if (card.raw !== undefined)
        for (let i = 0; i < card.raw.length; i += CARD) records.push(asciiRecord(card.raw.slice(i, i + CARD)));
      else if (typeof card.value === 'number' && !Number.isFinite(card.value)) {
        // FITS has no text for these; a card without value would be legal but worries every checker.
        records.push(...cardRecords('COMMENT', undefined, `${card.keyword} is undefined: ${card.value}`));
      } else records.push(...cardRecords(card.keyword, card.value, card.comment));
    }
    return records;
  }

  /** Records, END and blanks up to a whole number of 2880-byte blocks. */
  toBytes(): Uint8Array {
    const records = this.records();
    const bytes = new Uint8Array(padded((records.length + 1) * CARD)).fill(32);
    let at = 0;
    for (const record of records) {
      for (let i = 0; i < CARD; i++) bytes[at + i] = record.charCodeAt(i);
      at += CARD;
    }
    bytes.set([69, 78, 68], at);
    return bytes;
  }

  private addCommentary(keyword: string, text: string): this {
    for (const line of text.split(/\r?\n/)) {
      for (let i = 0; i === 0 || i < line.length; i += 72) {
        this.list.push({ keyword, value: undefined, comment: line.slice(i, i + 72) });
      }
    }
    return this;
  }

  private find(keyword: string): number | undefined {
    if (!this.index) {
      this.index = new Map();
      for (let i = this.list.length - 1; i >= 0; i--) {
        const card = this.list[i]!;
        if (card.value !== undefined) this.index.set(card.keyword, i);
      }
    }
    return this.index.get(normal(keyword));
  }
}

const normal = (keyword: string): string => {
  const name = keyword.trim().toUpperCase();
  return name.startsWith('HIERARCH ') ? name.slice(9).trim() : name;
};

const asciiRecord = (record: string): string => asciiText(record).padEnd(CARD).slice(0, CARD);
