import { Header } from '@colibri/fits';
import type { ProductStamp } from '@colibri/pipeline';

export type CardLine = ProductStamp['lines'][number];

/** Cards of origin as a header; numbers that FITS can't hold are left out. */
export function headerOf(lines: readonly CardLine[]): Header {
  const header = new Header();
  for (const [keyword, value, comment] of lines) {
    if (typeof value === 'number' && !Number.isFinite(value)) continue;
    header.set(keyword, value, comment);
  }
  return header;
}
