import type { HeaderLookup } from '../wcs/header-values.ts';

/**
 * The headers of a FITS file, or of a bare list of cards (with or without line ends), for tests of this package alone:
 * `fits` may not be imported here. Simple cards only.
 */
export function cardsOfFits(bytes: Uint8Array): HeaderLookup[] {
  const text = new TextDecoder('latin1').decode(bytes);
  if (text.slice(0, 81).includes('\n')) return [lookup(text.split('\n').map((line) => line.padEnd(80)))];
  const headers: HeaderLookup[] = [];
  for (let at = 0; at < text.length; ) {
    const cards: string[] = [];
    let ended = false;
    for (; at < text.length && !ended; at += 80) {
      const card = text.slice(at, at + 80);
      if (card.startsWith('END     ')) ended = true;
      else cards.push(card);
    }
    if (cards.length === 0) break;
    const header = lookup(cards);
    headers.push(header);
    at = Math.ceil(at / 2880) * 2880;
    let size = Math.abs(Number(header.get('BITPIX'))) / 8;
    const axes = Number(header.get('NAXIS'));
    if (axes === 0) size = 0;
    for (let i = 1; i <= axes; i++) size *= Number(header.get(`NAXIS${i}`));
    const gcount = Number(header.get('GCOUNT') ?? 1),
      pcount = Number(header.get('PCOUNT') ?? 0);
    const total = size === 0 ? 0 : gcount * (size + (pcount * Math.abs(Number(header.get('BITPIX')))) / 8);
    at += Math.ceil(total / 2880) * 2880;
    if (!ended) break;
  }
  return headers;
}

function lookup(cards: readonly string[]): HeaderLookup {
  const values = new Map<string, string | number | boolean>();
  for (const card of cards) {
    if (card[8] !== '=') continue;
    const keyword = card.slice(0, 8).trim();
    const body = card.slice(9).trim();
    const quoted = /^'((?:[^']|'')*)'/.exec(body);
    if (quoted !== null) {
      values.set(keyword, quoted[1]!.replaceAll("''", "'").trimEnd());
      continue;
    }
    const word = body.split('/')[0]!.trim();
    if (word === 'T' || word === 'F') values.set(keyword, word === 'T');
    else if (word !== '') values.set(keyword, Number(word.replace(/[dD]/, 'e')));
  }
  return values;
}
