import { type FitsFile, type Hdu, Header, imageHdu, openFits, readImage, writeFits } from '@colibri/fits';
import { openFileSource } from '@colibri/fits/node';
import { binnedWcs } from './binned-wcs.ts';
import { blockAverage } from './block-average.ts';

/** Words that say which exposure it is. */
const kept = 'OBJECT INSTRUME FILTER DATE-OBS MJD-OBS EXPTIME TRGID ALRA ALDE ALUN TRGRA TRGDEC SEXALRA SEXALDE SEXALUN'.split(
  ' ',
);

/**
 * The preview of a reduced frame as the bytes of a FITS file: SCI averaged over blocks of its unmasked pixels so that neither side is
 * longer than `size`, with BUNIT and the WCS of the blocks. PVBLOCK says how many pixels became one.
 */
export async function makePreview(path: string, size: number): Promise<Uint8Array> {
  const source = await openFileSource(path);
  try {
    const file = await openFits(source);
    const sci = file.hdus.find((hdu) => hdu.name === 'SCI' && hdu.shape.length === 2) ?? file.firstImage();
    const mask = maskOf(file, sci);
    const [width, height] = [sci.shape[0]!, sci.shape[1] ?? 1];
    const factor = Math.max(1, Math.ceil(Math.max(width, height) / size));
    const image = await readImage(sci, { as: 'float32', section: plane(sci) });
    const flags = mask ? new Uint16Array(width * height) : null;
    if (mask && flags) await readImage(mask, { out: flags, section: plane(mask) });
    const small =
      factor === 1 ? { data: image.data, width, height } : blockAverage({ data: image.data, width, height }, flags, factor);
    const header = previewHeader(sci.header, factor);
    return writeFits([imageHdu({ data: small.data, shape: [small.width, small.height], header, unit: sci.unit })]);
  } finally {
    await source.close();
  }
}

/** The mask of the same shape, if there is one. */
const maskOf = (file: FitsFile, sci: Hdu): Hdu | undefined =>
  file.hdus.find((hdu) => hdu.name === 'MASK' && hdu.bitpix > 0 && hdu.shape.join() === sci.shape.join());

/** The first plane of a cube, all of an image. */
const plane = (hdu: Hdu): readonly (readonly [number, number])[] =>
  hdu.shape.map((length, axis) => (axis < 2 ? ([0, length] as const) : ([0, 1] as const)));

function previewHeader(from: Header, factor: number): Header {
  const header = new Header();
  const words = from.values();
  for (const keyword of kept) {
    const value = words.get(keyword);
    if (value !== undefined && value !== null) header.append(keyword, value, from.comment(keyword));
  }
  header.append('PVBLOCK', factor, '[pix] sides of the blocks that were averaged');
  for (const [keyword, value] of binnedWcs(words, factor)) header.append(keyword, value, from.comment(keyword));
  return header;
}
