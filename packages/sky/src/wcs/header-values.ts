import { wcsBadValue } from '../errors.ts';

/** What the parser needs of a header; a FITS header and a plain Map both fit. null or undefined: no such card, or no value. */
export interface HeaderLookup {
  get(keyword: string): string | number | boolean | bigint | null | undefined;
}

/** Typed reading of cards, with the place for messages. */
export interface CardReader {
  readonly where: string;
  has(keyword: string): boolean;
  number(keyword: string): number | undefined;
  text(keyword: string): string | undefined;
}

export function cardReader(header: HeaderLookup, where: string): CardReader {
  const value = (keyword: string) => header.get(keyword) ?? undefined;
  return {
    where,
    has: (keyword) => value(keyword) !== undefined,
    number(keyword) {
      const found = value(keyword);
      if (found === undefined) return undefined;
      // Numbers in quotes, and Fortran's D exponent, are met in old headers.
      const parsed =
        typeof found === 'string'
          ? found.trim() === ''
            ? Number.NaN
            : Number(found.trim().replace(/[dD]/, 'e'))
          : Number(found);
      if (typeof found === 'boolean' || !Number.isFinite(parsed)) {
        throw wcsBadValue({ where, keyword, value: `'${String(found)}'`, expected: 'a finite number' });
      }
      return parsed;
    },
    text(keyword) {
      const found = value(keyword);
      return found === undefined ? undefined : String(found).trim();
    },
  };
}
