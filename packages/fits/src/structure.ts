import type { CardValue } from './card.ts';
import { fitsBadCard, fitsMissingCard, fitsTooLarge } from './errors.ts';
import type { Header } from './header.ts';
import type { FitsLimits } from './limits.ts';

/** Reads the cards that describe data, naming file, HDU and byte of the card in every complaint. */
export class StructureReader {
  readonly header: Header;
  private readonly place: { readonly file: string; readonly hdu: number; readonly offset: number };
  private readonly limits: FitsLimits;

  constructor(header: Header, place: { file: string; hdu: number; offset: number }, limits: FitsLimits) {
    this.header = header;
    this.place = place;
    this.limits = limits;
  }

  /** Where a card stands in the file, or where the header begins when there is none. */
  at(keyword: string): { file: string; hdu: number; offset: number } {
    return { ...this.place, offset: this.place.offset + (this.header.card(keyword)?.at ?? 0) };
  }

  integer(keyword: string, { least, most, fallback }: { least: number; most: number; fallback?: number }): number {
    const value = this.header.get(keyword);
    if (value === undefined) {
      if (fallback !== undefined) return fallback;
      throw fitsMissingCard({ ...this.at(keyword), what: `the header has no ${keyword}.`, keyword });
    }
    if (typeof value === 'bigint' && value > 0n) throw this.tooLarge(keyword, `${keyword} is ${value}.`);
    if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
      const range = most === Number.MAX_SAFE_INTEGER ? `at least ${least}` : `from ${least} to ${most}`;
      throw this.bad(keyword, `${keyword} is ${show(value)}; an integer ${range} is expected.`);
    }
    return value;
  }

  text(keyword: string): string {
    const value = this.header.get(keyword);
    if (value === undefined) throw fitsMissingCard({ ...this.at(keyword), what: `the header has no ${keyword}.`, keyword });
    if (typeof value !== 'string') throw this.bad(keyword, `${keyword} is ${show(value)}; a string is expected.`);
    return value.trim();
  }

  bitpix(keyword: string): number {
    const value = this.integer(keyword, { least: -64, most: 64 });
    if (![8, 16, 32, 64, -32, -64].includes(value)) {
      throw this.bad(keyword, `${keyword} is ${value}; 8, 16, 32, 64, -32 or -64 is expected.`);
    }
    return value;
  }

  /** NAXIS1 … NAXISn (or ZNAXISn). */
  axes(prefix: 'NAXIS' | 'ZNAXIS', limit = this.limits.axes): number[] {
    const count = this.integer(prefix, { least: 0, most: 999 });
    if (count > limit) throw this.tooLarge(prefix, `${prefix} is ${count}; at most ${limit} axes are read.`);
    const most = Number.MAX_SAFE_INTEGER;
    return Array.from({ length: count }, (_, i) => this.integer(`${prefix}${i + 1}`, { least: 0, most }));
  }

  /** The product of sizes, never beyond what a double counts exactly. */
  product(sizes: readonly number[], keyword: string): number {
    if (sizes.includes(0)) return 0;
    let product = 1;
    for (const size of sizes) {
      product *= size;
      if (product > Number.MAX_SAFE_INTEGER) throw this.tooLarge(keyword, `the sizes ${sizes.join(' × ')} overflow.`);
    }
    return product;
  }

  /** The number of pixels, within the limit. */
  pixels(shape: readonly number[], keyword: string): number {
    const pixels = shape.length === 0 ? 0 : this.product(shape, keyword);
    if (pixels > this.limits.pixels) {
      throw this.tooLarge(
        keyword,
        `the image has ${shape.join(' × ')} = ${pixels} pixels; at most ${this.limits.pixels} are read.`,
      );
    }
    return pixels;
  }

  bad(keyword: string, what: string): Error {
    return fitsBadCard({ ...this.at(keyword), what, keyword });
  }

  tooLarge(keyword: string, what: string): Error {
    return fitsTooLarge({ ...this.at(keyword), what, keyword });
  }
}

const show = (value: CardValue | undefined): string => (typeof value === 'string' ? JSON.stringify(value) : String(value));
