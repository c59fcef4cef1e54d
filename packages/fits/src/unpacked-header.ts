import type { Card } from './card.ts';
import { Header } from './header.ts';

/** Cards of the table that carries the tiles; they say nothing of what is inside. */
const carrier =
  /^(XTENSION|SIMPLE|BITPIX|NAXIS\d*|PCOUNT|GCOUNT|TFIELDS|THEAP|TTYPE\d+|TFORM\d+|CHECKSUM|DATASUM|ZIMAGE|ZTABLE|ZCMPTYPE|ZNAME\d+|ZVAL\d+|ZTILE\d+|ZTILELEN|ZQUANTIZ|ZDITHER0|ZBLANK|ZSCALE|ZZERO|ZMASKCMP|ZCTYP\d+|ZFORM\d+|ZEXTEND|ZBLOCKED|ZHECKSUM|ZDATASUM|ZTHEAP|ZSIMPLE|ZTENSION|ZBITPIX|ZNAXIS\d*|ZPCOUNT|ZGCOUNT|FZTILELN|FZALGOR|FZQMETHD|FZALG\d+)$/;

/**
 * The header of what is inside a tile-compressed HDU, as funpack restores it (FITS 4.0, section 10.1.1): the Z keywords
 * take the place of those of the carrying table, everything else stays.
 */
export function unpackedHeader(stored: Header): Header {
  const isTable = stored.flag('ZTABLE') === true;
  const get = (keyword: string): Card | undefined => stored.card(keyword);
  const isPrimary = stored.flag('ZSIMPLE') === true;
  const header = new Header();
  const copy = (to: string, from: string, fallback?: number): void => {
    const card = get(from);
    if (typeof card?.value === 'number') header.append(to, card.value, card.comment);
    else if (fallback !== undefined) header.append(to, fallback);
  };
  if (isPrimary) header.append('SIMPLE', true, get('ZSIMPLE')!.comment);
  else header.append('XTENSION', isTable ? 'BINTABLE' : (stored.text('ZTENSION') ?? 'IMAGE'), get('ZTENSION')?.comment ?? '');
  if (isTable) header.append('BITPIX', 8).append('NAXIS', 2);
  else {
    copy('BITPIX', 'ZBITPIX');
    copy('NAXIS', 'ZNAXIS');
  }
  const axes = isTable ? 2 : (stored.number('ZNAXIS') ?? 0);
  for (let i = 1; i <= axes; i++) copy(`NAXIS${i}`, `ZNAXIS${i}`);
  if (isPrimary && stored.has('ZEXTEND')) header.append('EXTEND', stored.get('ZEXTEND') ?? true);
  if (!isPrimary || stored.has('ZPCOUNT')) copy('PCOUNT', 'ZPCOUNT', 0);
  if (!isPrimary || stored.has('ZGCOUNT')) copy('GCOUNT', 'ZGCOUNT', 1);
  const rest: Card[] = [];
  for (const card of stored.cards()) {
    const { keyword } = card;
    if (isTable && /^(TTYPE\d+|TFORM\d+|TFIELDS)$/.test(keyword)) {
      const original = keyword.startsWith('TFORM') ? get(`Z${keyword.slice(1)}`) : undefined;
      rest.push(original ? { keyword, value: original.value, comment: card.comment } : card);
      continue;
    }
    if (carrier.test(keyword)) continue;
    if (keyword === 'EXTNAME' && card.value === 'COMPRESSED_IMAGE') continue;
    rest.push(card);
  }
  return new Header([...header.cards(), ...rest]);
}
