import { encodeChecksum, onesComplementSum } from './checksum.ts';
import { fitsCannotWrite } from './errors.ts';
import { Header } from './header.ts';
import { padded } from './limits.ts';

/** An HDU ready to be written: mandatory cards first in `header`, data as big-endian bytes without padding. */
export interface WritableHdu {
  /** Cards for the position in the file: a primary image differs from an image extension. */
  readonly header: (isPrimary: boolean) => Header;
  readonly data: Uint8Array;
  /** Whether it may stand first in a file. */
  readonly canBePrimary: boolean;
  /** Byte that fills the last record: a blank in ASCII tables. */
  readonly fill?: number;
}

export interface WriteOptions {
  /** Put an empty primary HDU first even when the first HDU could be the primary; its header may be given. */
  readonly primary?: Header | 'empty';
}

/**
 * HDUs as the bytes of a file, CHECKSUM and DATASUM in each. The first image becomes the primary HDU; tables and
 * compressed images get an empty primary before them.
 */
export function writeFits(hdus: readonly WritableHdu[], options: WriteOptions = {}): Uint8Array {
  const needsPrimary = options.primary !== undefined || !(hdus[0]?.canBePrimary ?? false);
  const cards = options.primary instanceof Header ? options.primary : undefined;
  const all = needsPrimary ? [emptyHdu(cards), ...hdus] : hdus;
  const headers = all.map((hdu, index) => {
    const header = hdu.header(index === 0).clone();
    if (index === 0 && all.length > 1 && !header.has('EXTEND')) insertAfterAxes(header);
    return stamp(header, hdu);
  });
  const total = all.reduce((sum, hdu, i) => sum + headers[i]!.length + padded(hdu.data.length), 0);
  const out = new Uint8Array(total);
  let at = 0;
  all.forEach((hdu, i) => {
    out.set(headers[i]!, at);
    at += headers[i]!.length;
    out.set(hdu.data, at);
    const end = at + padded(hdu.data.length);
    if (hdu.fill) out.fill(hdu.fill, at + hdu.data.length, end);
    at = end;
  });
  return out;
}

/** A header without data. */
export function emptyHdu(cards?: Header): WritableHdu {
  return {
    data: new Uint8Array(0),
    canBePrimary: true,
    header: (isPrimary) => {
      const header = isPrimary
        ? Header.of([['SIMPLE', true, 'conforms to FITS standard']])
        : Header.of([['XTENSION', 'IMAGE', 'image extension']]);
      header.append('BITPIX', 8, 'bits per data value').append('NAXIS', 0, 'no data');
      if (!isPrimary) header.append('PCOUNT', 0, 'no parameters').append('GCOUNT', 1, 'one group');
      return withCards(header, cards);
    },
  };
}

/** Cards that this package writes itself; given ones of these names are left out. */
const own =
  /^(SIMPLE|XTENSION|BITPIX|NAXIS\d*|EXTEND|PCOUNT|GCOUNT|GROUPS|TFIELDS|THEAP|BSCALE|BZERO|BLANK|CHECKSUM|DATASUM|END|ZHECKSUM|ZDATASUM|ZIMAGE|ZTABLE|ZCMPTYPE|ZSIMPLE|ZTENSION|ZBITPIX|ZNAXIS\d*|ZTILE\d+|ZNAME\d+|ZVAL\d+|ZQUANTIZ|ZDITHER0|ZBLANK|ZSCALE|ZZERO|ZPCOUNT|ZGCOUNT|ZEXTEND|ZBLOCKED)$/;

/** Adds the caller's cards behind the mandatory ones, except those that describe how the data are stored. */
export function withCards(header: Header, cards: Header | undefined, also?: RegExp): Header {
  const extra = (cards?.cards() ?? []).filter((card) => !own.test(card.keyword) && !also?.test(card.keyword));
  const kept = extra.filter((card) => card.value === undefined || card.keyword === '' || !header.has(card.keyword));
  return new Header([...header.cards(), ...kept]);
}

function insertAfterAxes(header: Header): void {
  const cards = [...header.cards()];
  const last = cards.findLastIndex((card) => /^NAXIS\d*$/.test(card.keyword));
  cards.splice(last + 1, 0, { keyword: 'EXTEND', value: true, comment: 'there may be extensions' });
  header.replace(cards);
}

/** DATASUM, and a CHECKSUM that makes the whole HDU sum to all ones. */
function stamp(header: Header, hdu: WritableHdu): Uint8Array {
  let datasum = onesComplementSum(hdu.data);
  const fill = padded(hdu.data.length) - hdu.data.length;
  if (hdu.fill && fill > 0) datasum = filledSum(hdu);
  header.delete('CHECKSUM').delete('DATASUM');
  // The convention of HEASARC announces continued strings; FITS 4.0 no longer asks for it, fitsverify does.
  if (!header.has('LONGSTRN') && header.records().some((record) => record.startsWith('CONTINUE'))) {
    header.append('LONGSTRN', 'OGIP 1.0', 'the long string convention may be used');
  }
  header.append('CHECKSUM', '0'.repeat(16), 'HDU checksum').append('DATASUM', String(datasum), 'data unit checksum');
  const sum = onesComplementSum(header.toBytes(), datasum);
  const bytes = header.set('CHECKSUM', encodeChecksum(sum)).toBytes();
  if (onesComplementSum(bytes, datasum) !== 0xffffffff) {
    throw fitsCannotWrite({ file: 'header', hdu: 0, offset: 0, what: 'the checksum of the header does not come out.' });
  }
  return bytes;
}

/** The sum of data whose padding is not zero. */
function filledSum(hdu: WritableHdu): number {
  const whole = new Uint8Array(padded(hdu.data.length)).fill(hdu.fill!);
  whole.set(hdu.data);
  return onesComplementSum(whole);
}
