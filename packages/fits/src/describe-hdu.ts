import type { FitsWarning, Hdu, HduKind } from './hdu.ts';
import type { Header } from './header.ts';
import type { FitsLimits } from './limits.ts';
import type { ByteSource } from './source.ts';
import { StructureReader } from './structure.ts';
import { unpackedHeader } from './unpacked-header.ts';

interface Found {
  readonly source: ByteSource;
  readonly limits: FitsLimits;
  readonly index: number;
  readonly headerOffset: number;
  readonly headerLength: number;
  readonly warnings: FitsWarning[];
}

const most = Number.MAX_SAFE_INTEGER;

/** Says from its cards what an HDU is and how many bytes follow (FITS 4.0, sections 4.4 and 7); throws where it cannot. */
export function describeHdu(stored: Header, found: Found): Hdu {
  const { source, limits, index, headerOffset } = found;
  const reader = new StructureReader(stored, { file: source.name, hdu: index, offset: headerOffset }, limits);
  warnOfCards(stored, found);
  const dataOffset = headerOffset + found.headerLength;
  const common = { index, headerOffset, dataOffset, source, limits, storedHeader: stored };
  const extension = index === 0 ? undefined : reader.text('XTENSION').toUpperCase();
  if (index === 0 && stored.get('SIMPLE') !== true) {
    // SIMPLE = F: the file says itself that it keeps no rule, so the rest of it is left alone.
    const rest = Math.max(0, source.size - dataOffset);
    return {
      ...common,
      kind: 'foreign',
      name: stored.text('EXTNAME') ?? '',
      header: stored,
      shape: [],
      bitpix: 8,
      unit: '',
      dataLength: rest,
    };
  }

  const bitpix = reader.bitpix('BITPIX');
  // What is not understood is only stepped over, however many axes it has.
  const axes = reader.axes('NAXIS', isKnown(extension) ? limits.axes : 999);
  const pcount = reader.integer('PCOUNT', { least: 0, most, fallback: 0 });
  const gcount = reader.integer('GCOUNT', { least: extension === undefined ? 0 : 1, most, fallback: 1 });
  const isGroups = index === 0 && axes[0] === 0 && axes.length > 1 && stored.flag('GROUPS') === true;
  if (isGroups && pcount > 999) throw reader.tooLarge('PCOUNT', `PCOUNT is ${pcount}; at most 999 parameters are read.`);
  const kind = kindOf(stored, extension, axes, isGroups);
  const shape = isGroups ? axes.slice(1) : axes;
  const elements = axes.length === 0 ? 0 : reader.product(shape, 'NAXIS');
  // Plain primary arrays have no PCOUNT; some writers leave one there.
  const extra = extension === undefined && !isGroups ? 0 : pcount;
  const groups = extension === undefined && !isGroups ? 1 : gcount;
  const dataLength = axes.length === 0 ? 0 : reader.product([Math.abs(bitpix) / 8, groups, elements + extra], 'NAXIS');
  if (kind === 'image') reader.pixels(shape, 'NAXIS1');
  if (kind === 'bintable' || kind.startsWith('compressed') || kind === 'table') checkTable(reader, axes, bitpix);
  const name = nameOf(stored, kind, index);

  if (kind === 'compressed-image') {
    const inner = reader.axes('ZNAXIS');
    const innerBitpix = reader.bitpix('ZBITPIX');
    reader.pixels(inner, 'ZNAXIS1');
    const header = unpackedHeader(stored);
    return { ...common, kind, name, header, shape: inner, bitpix: innerBitpix, unit: header.text('BUNIT') ?? '', dataLength };
  }
  if (kind === 'compressed-table') {
    const inner = [1, 2].map((n) => reader.integer(`ZNAXIS${n}`, { least: 0, most }));
    const bytes = reader.product(inner, 'ZNAXIS1');
    if (bytes > limits.bytes) throw reader.tooLarge('ZNAXIS1', `the table has ${bytes} bytes; at most ${limits.bytes} are read.`);
    return { ...common, kind, name, header: unpackedHeader(stored), shape: inner, bitpix, unit: '', dataLength };
  }
  return { ...common, kind, name, header: stored, shape, bitpix, unit: stored.text('BUNIT') ?? '', dataLength };
}

const isKnown = (extension: string | undefined): boolean =>
  extension === undefined || ['IMAGE', 'IUEIMAGE', 'TABLE', 'BINTABLE', 'A3DTABLE'].includes(extension);

function kindOf(header: Header, extension: string | undefined, axes: readonly number[], isGroups: boolean): HduKind {
  if (isGroups) return 'groups';
  if (extension === 'TABLE') return 'table';
  if (extension === 'BINTABLE' || extension === 'A3DTABLE') {
    if (header.flag('ZIMAGE') === true) return 'compressed-image';
    return header.flag('ZTABLE') === true ? 'compressed-table' : 'bintable';
  }
  if (!isKnown(extension)) return 'foreign';
  return axes.length === 0 ? 'empty' : 'image';
}

function checkTable(reader: StructureReader, axes: readonly number[], bitpix: number): void {
  if (axes.length !== 2) throw reader.bad('NAXIS', `NAXIS is ${axes.length}; a table has 2.`);
  if (bitpix !== 8) throw reader.bad('BITPIX', `BITPIX is ${bitpix}; a table has 8.`);
  reader.integer('TFIELDS', { least: 0, most: 999 });
}

function nameOf(header: Header, kind: HduKind, index: number): string {
  const names = header.cards().filter((card) => card.keyword === 'EXTNAME' && typeof card.value === 'string');
  const first = (names[0]?.value as string | undefined)?.trim();
  if (kind !== 'compressed-image') return first ?? (index === 0 ? 'PRIMARY' : '');
  // fpack writes its own EXTNAME first; the image's own name, if it had one, follows.
  const own = names.find((card) => card.value !== 'COMPRESSED_IMAGE')?.value as string | undefined;
  return own?.trim() ?? 'COMPRESSED_IMAGE';
}

const structural =
  /^(SIMPLE|XTENSION|BITPIX|NAXIS\d*|PCOUNT|GCOUNT|TFIELDS|T(FORM|TYPE|BCOL|DIM|SCAL|ZERO|NULL)\d+|BSCALE|BZERO|BLANK)$/;

function warnOfCards(header: Header, { warnings, index, headerOffset }: Found): void {
  const seen = new Set<string>();
  const order: string[] = [];
  for (const card of header.cards()) {
    const offset = headerOffset + (card.at ?? 0);
    if (card.oddity !== undefined) {
      warnings.push({ code: 'FITS_W_CARD', message: `${card.keyword}: ${card.oddity}.`, hdu: index, offset });
    }
    if (!structural.test(card.keyword)) continue;
    if (seen.has(card.keyword)) {
      warnings.push({
        code: 'FITS_W_DUPLICATE',
        message: `${card.keyword} is there twice; the first counts.`,
        hdu: index,
        offset,
      });
    }
    seen.add(card.keyword);
    order.push(card.keyword);
  }
  const wanted = [index === 0 ? 'SIMPLE' : 'XTENSION', 'BITPIX', 'NAXIS'];
  for (let i = 0; i < 3; i++) {
    if (header.cards()[i]?.keyword === wanted[i]) continue;
    const message = `card ${i + 1} is ${header.cards()[i]?.keyword ?? 'missing'}; ${wanted[i]} is expected there.`;
    warnings.push({ code: 'FITS_W_ORDER', message, hdu: index, offset: headerOffset + 80 * i });
    break;
  }
}
