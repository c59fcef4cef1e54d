import { Header, imageHdu, openFits, readImage, writeFits } from '@colibri/fits';
import type { Master, MasterKey } from '@colibri/pipeline';

const units = { bias: 'adu', dark: 'adu/s', flat: '' } as const;

/**
 * A master as FITS: SCI, VAR and MASK, lossless (masters are never quantised), with its key and inputs in the header. Its floats are not
 * packed: they are noise to the last bits, of which gzip saves a quarter at the cost of the time that the whole master takes.
 */
export function encodeMaster(master: Master): Uint8Array {
  const { key } = master;
  const header = new Header();
  header.set('MASTER', key.type, 'bias, dark or flat');
  header.set('MNAME', master.name, 'name of this master');
  header.set('NIGHT', master.nightId, 'night of its frames, evening date at the site');
  header.set('INSTRUME', key.camera, 'camera');
  header.set('BINNING', key.binning);
  header.set('READMODE', key.readMode);
  header.set('SOFTGAIN', key.softGain);
  header.set('FILTER', key.filter);
  if (key.exposureSec !== null) header.set('DARKTIME', key.exposureSec, '[s] exposure time of the darks');
  header.set('NCOMBINE', master.inputs.length, 'frames combined');
  for (const [i, frame] of master.inputs.entries()) header.set(`IMCMB${String(i + 1).padStart(3, '0')}`, frame);
  for (const [i, sha256] of (master.origin?.sha256 ?? []).entries()) header.set(`IMSHA${String(i + 1).padStart(3, '0')}`, sha256);
  for (const [i, helper] of (master.origin?.helpers ?? []).entries()) header.set(`MHELP${i + 1}`, helper);
  for (const { keyword, value, comment } of master.figures ?? []) header.set(keyword, value, comment);
  const shape = [master.width, master.height];
  const hdus = [imageHdu({ data: plain(master.data), shape, header, name: 'SCI', unit: units[key.type] })];
  if (master.variance)
    hdus.push(
      imageHdu({
        data: plain(master.variance),
        shape,
        name: 'VAR',
        unit: units[key.type] ? `(${units[key.type]})**2` : '',
      }),
    );
  if (master.offset) hdus.push(imageHdu({ data: plain(master.offset), shape, name: 'OFFSET', unit: 'adu' }));
  if (master.mask)
    hdus.push(imageHdu({ data: Int16Array.from(master.mask), shape, name: 'MASK', compress: { algorithm: 'RICE_1' } }));
  return writeFits(hdus);
}

/** Reads back what `encodeMaster` wrote. */
export async function decodeMaster(bytes: Uint8Array, name: string, sha256: string): Promise<Master> {
  const file = await openFits(bytes, { name });
  const sci = file.hdu('SCI');
  const header = sci.header;
  const image = await readImage(sci, { as: 'physical' });
  const plane = async (extension: string): Promise<Float32Array | null> => {
    const hdu = file.hdus.find((candidate) => candidate.name === extension);
    return hdu ? Float32Array.from((await readImage(hdu)).data as Float32Array) : null;
  };
  const mask = await plane('MASK');
  const offset = await plane('OFFSET');
  const key: MasterKey = {
    type: header.text('MASTER') as MasterKey['type'],
    camera: header.text('INSTRUME') ?? '',
    binning: header.text('BINNING') ?? '',
    readMode: header.text('READMODE') ?? '',
    softGain: header.text('SOFTGAIN') ?? '',
    filter: header.text('FILTER') ?? '-',
    exposureSec: header.number('DARKTIME') ?? null,
    width: sci.shape[0]!,
    height: sci.shape[1]!,
  };
  const inputs = Array.from(
    { length: header.number('NCOMBINE') ?? 0 },
    (_, i) => header.text(`IMCMB${String(i + 1).padStart(3, '0')}`) ?? '',
  );
  return {
    key,
    name: header.text('MNAME') ?? name,
    sha256,
    nightId: header.text('NIGHT') ?? '',
    width: key.width,
    height: key.height,
    data: Float32Array.from(image.data as Float32Array),
    variance: await plane('VAR'),
    mask: mask ? Uint16Array.from(mask) : null,
    inputs,
    ...(offset ? { offset } : {}),
    note: null,
  };
}

/** Out of shared memory: codecs want plain arrays. */
const plain = (plane: Float32Array): Float32Array => Float32Array.from(plane);
