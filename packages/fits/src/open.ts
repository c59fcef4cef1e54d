import { describeHdu } from './describe-hdu.ts';
import { fitsEmpty, fitsNoSuchHdu, fitsNotFits, fitsTooLarge, fitsTruncated, fitsWrapper, fitsWrongKind } from './errors.ts';
import { gzipReach } from './gzip-reach.ts';
import { type FitsFile, type FitsWarning, type Hdu, isImageKind } from './hdu.ts';
import { Header } from './header.ts';
import { parseCards, readHeaderBytes } from './header-parse.ts';
import { BLOCK, defaultLimits, type FitsLimits, padded } from './limits.ts';
import { plainReach, type Reach } from './reach.ts';
import { type ByteSource, bytesSource, readExactly } from './source.ts';

export interface OpenOptions {
  readonly limits?: Partial<FitsLimits>;
  /** Name for messages when bytes are given. */
  readonly name?: string;
}

/**
 * Reads the headers of a FITS file, plain or gzipped. Data are read later, HDU by HDU, from the same source; it must
 * stay open until then. A file shorter than its headers announce is refused; lesser oddities are `warnings`.
 */
export async function openFits(input: ByteSource | Uint8Array, options: OpenOptions = {}): Promise<FitsFile> {
  const limits = { ...defaultLimits, ...options.limits };
  const source = input instanceof Uint8Array ? bytesSource(input, options.name) : input;
  const place = { file: source.name, hdu: 0, offset: 0 };
  if (source.size === 0) throw fitsEmpty({ ...place, what: 'the file is empty.' });
  if (source.size > limits.bytes) {
    throw fitsTooLarge({ ...place, what: `the file has ${source.size} bytes; at most ${limits.bytes} are read.` });
  }
  const magic = await readExactly(source, 0, Math.min(9, source.size), 0);
  const wrapper = wrapperOf(magic);
  if (wrapper !== undefined && wrapper !== 'gzip') {
    throw fitsWrapper({ ...place, what: `the file is packed with ${wrapper}, which is not read here.`, wrapper });
  }
  const reach = wrapper === 'gzip' ? gzipReach(source) : plainReach(source);
  const { hdus, warnings } = await scan(reach, limits);
  return {
    name: source.name,
    source: reach,
    hdus,
    warnings,
    hdu(nameOrIndex) {
      const wanted = typeof nameOrIndex === 'string' ? nameOrIndex.trim().toUpperCase() : nameOrIndex;
      const found = hdus.find((hdu) => (typeof wanted === 'number' ? hdu.index === wanted : hdu.name.toUpperCase() === wanted));
      if (found) return found;
      const what = `there is no HDU ${JSON.stringify(nameOrIndex)} among ${hdus.map((hdu) => JSON.stringify(hdu.name)).join(', ')}.`;
      throw fitsNoSuchHdu({ ...place, what });
    },
    firstImage() {
      const found = hdus.find((hdu) => isImageKind(hdu.kind) && !hdu.shape.includes(0));
      if (found) return found;
      throw fitsWrongKind({ ...place, what: `none of the ${hdus.length} HDUs holds pixels.` });
    },
  };
}

async function scan(source: Reach, limits: FitsLimits): Promise<{ hdus: Hdu[]; warnings: FitsWarning[] }> {
  const hdus: Hdu[] = [];
  const warnings: FitsWarning[] = [];
  let at = 0;
  for (let index = 0; ; index++) {
    const available = await source.reach(at + BLOCK);
    if (index > 0 && available <= at) break;
    const place = { file: source.name, hdu: index, offset: at };
    const start = await source.read(at, Math.min(9, available - at));
    if (!beginsHdu(start, index)) {
      if (index === 0) throw notFits(source, start, available);
      const message = `${available - at} bytes or more after the last HDU are not an HDU.`;
      warnings.push({ code: 'FITS_W_TRAILING', message, hdu: index - 1, offset: at });
      break;
    }
    if (index >= limits.hdus) throw fitsTooLarge({ ...place, what: `the file has more than ${limits.hdus} HDUs.` });
    const bytes = await readHeaderBytes(source, at, index, limits.cards);
    const parsed = parseCards(bytes, { ...place, requireEnd: true, maxCards: limits.cards });
    const hdu = describeHdu(new Header(parsed.cards), {
      source,
      limits,
      index,
      headerOffset: at,
      headerLength: parsed.length,
      warnings,
    });
    const end = hdu.dataOffset + hdu.dataLength;
    if (end > limits.bytes)
      throw fitsTooLarge({ ...place, what: `the HDU ends at byte ${end}; at most ${limits.bytes} are read.` });
    // A foreign HDU says nothing reliable about its size: it takes the rest of the file.
    const reached = end > source.most ? source.most : await source.reach(padded(end));
    if (hdu.dataLength > 0 && reached < end) {
      const what = `the file ends after ${reached} bytes; the header of this HDU announces data up to byte ${end}.`;
      throw fitsTruncated({ ...place, offset: reached, what, expectedBytes: end, actualBytes: reached });
    }
    hdus.push(hdu);
    at = padded(end);
    if (reached < at) {
      const message = `the last record has ${reached % BLOCK} of ${BLOCK} bytes.`;
      warnings.push({ code: 'FITS_W_PADDING', message, hdu: index, offset: reached });
      break;
    }
  }
  return { hdus, warnings };
}

const latin1 = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

const beginsHdu = (bytes: Uint8Array, index: number): boolean => latin1(bytes).startsWith(index === 0 ? 'SIMPLE  =' : 'XTENSION');

function notFits(source: ByteSource, start: Uint8Array, available: number): Error {
  const place = { file: source.name, hdu: 0, offset: 0 };
  if (available < 9 && 'SIMPLE  ='.startsWith(latin1(start))) {
    const what = `the file ends after ${available} bytes, inside its first card.`;
    return fitsTruncated({ ...place, offset: available, what, expectedBytes: BLOCK, actualBytes: available });
  }
  const found = JSON.stringify(latin1(start).replace(/[^\x20-\x7e]/g, '?'));
  return fitsNotFits({ ...place, what: `the file begins with ${found}, not with "SIMPLE  =".` });
}

/** By the first bytes, as `file` does. */
function wrapperOf(magic: Uint8Array): string | undefined {
  const [a, b, c, d] = magic;
  if (a === 0x1f && b === 0x8b) return 'gzip';
  if (a === 0x1f && (b === 0x9d || b === 0xa0)) return 'compress (.Z)';
  if (a === 0x1f && b === 0x1e) return 'pack (.z)';
  if (a === 0x42 && b === 0x5a && c === 0x68) return 'bzip2 (.bz2)';
  if (a === 0xfd && b === 0x37 && c === 0x7a) return 'xz (.xz)';
  if (a === 0x50 && b === 0x4b && (c === 3 || c === 5)) return 'zip (.zip)';
  if (a === 0x28 && b === 0xb5 && c === 0x2f && d === 0xfd) return 'zstd (.zst)';
  return undefined;
}
