import { imageHdu, openFits, readImage, readTable, tableHdu, writeFits } from '@colibri/fits';
import type { PsfModel } from '@colibri/numerics';
import { type CardLine, headerOf } from '@colibri/pipeline';

const NUMBERS = [
  ['fwhmPix', 'FWHM', 'pix'],
  ['stepPix', 'STEP', 'pix'],
  ['size', 'SIZE', ''],
  ['order', 'POLORDER', ''],
  ['originX', 'ORIGINX', 'pix'],
  ['originY', 'ORIGINY', 'pix'],
  ['scaleX', 'SCALEX', 'pix'],
  ['scaleY', 'SCALEY', 'pix'],
  ['stars', 'NSTARS', ''],
  ['chi2', 'CHI2', ''],
  ['relativeErr', 'RELERR', ''],
  ['radiusPix', 'RADIUS', 'pix'],
] as const;

/** `psf.fits`: the cube PSF (a plane for each term 1, u, v, u², uv, v² …) and its numbers as the one row of PSFINFO, u and v of 0-based pixels. */
export function encodePsf(psf: PsfModel, lines: readonly CardLine[]): Uint8Array {
  const terms = psf.planes.length / psf.size ** 2;
  return writeFits([
    imageHdu({ data: psf.planes, shape: [psf.size, psf.size, terms], name: 'PSF', header: headerOf(lines) }),
    tableHdu({
      name: 'PSFINFO',
      columns: [
        { name: 'KIND', data: [psf.kind] },
        ...NUMBERS.map(([field, name, unit]) => ({ name, data: Float64Array.of(psf[field]), ...(unit ? { unit } : {}) })),
      ],
    }),
  ]);
}

/** Reads {@link encodePsf}'s file. */
export async function decodePsf(bytes: Uint8Array): Promise<PsfModel> {
  const file = await openFits(bytes, { name: 'psf.fits' });
  const image = await readImage(file.hdu('PSF'));
  const info = await readTable(file.hdu('PSFINFO'));
  const numbers = Object.fromEntries(NUMBERS.map(([field, name]) => [field, info.numbers(name)[0]!])) as Record<
    (typeof NUMBERS)[number][0],
    number
  >;
  return {
    kind: info.strings('KIND')[0] === 'pixels' ? 'pixels' : 'moffat',
    ...numbers,
    planes: Float32Array.from(image.data as Float32Array),
  };
}
