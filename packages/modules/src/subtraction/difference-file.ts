import { type ColumnInput, openFits, readTable, tableHdu, writeFits } from '@colibri/fits';
import type { Compute } from '@colibri/numerics';
import {
  type CardLine,
  type Difference,
  DifferenceFlag,
  type DifferenceSources,
  headerOf,
  headerValues,
  onSteps,
  type ProductCodec,
  packImage,
  packPlane,
  readPixels,
} from '@colibri/pipeline';
import { type LinearWcs, parseWcs } from '@colibri/sky';

import { decodePsf, encodePsf } from '../photometry/psf-file.ts';

/** The S/N has sigma 1, and 32 steps of it. */
const SNR_STEP = 1 / 32;

/** Columns of `difference.cat.fits`, their fields, units and meaning. */
const COLUMNS = [
  ['X_IMAGE', 'x', 'pixel', 'place, 1-based'],
  ['Y_IMAGE', 'y', 'pixel', 'place, 1-based'],
  ['ALPHA_J2000', 'raDeg', 'deg', 'right ascension, ICRS'],
  ['DELTA_J2000', 'decDeg', 'deg', 'declination, ICRS'],
  ['FLUX_PSF', 'flux', 'electron/s', 'change; negative: fading'],
  ['FLUXERR_PSF', 'fluxErr', 'electron/s', 'its 1 sigma error'],
  ['SNR', 'snr', '', 'optimal statistic, signed'],
  ['FWHM_IMAGE', 'fwhmPix', 'pixel', 'by windowed moments'],
  ['CHI2_PSF', 'chi2Psf', '', 'per degree of freedom'],
  ['DIPOLE', 'dipole', '', 'share of an opposite lobe'],
  ['STARDIST', 'starDistancePix', 'pixel', 'distance to the nearest star'],
  ['STARRATIO', 'starRatio', '', 'flux of that star over the change'],
  ['REALBOGUS', 'realBogus', '', 'probability of a real change'],
] as const;

/** `difference.fits.fz`: SCI [electron/s], MASK, VAR and SNR. The same difference gives the same bytes. */
export async function encodeDifference(
  difference: Difference,
  lines: readonly CardLine[],
  compute: Compute,
): Promise<Uint8Array> {
  const { width, height, data, variance, mask, snr, template } = difference;
  const wcs = difference.wcs.toCards().map(({ keyword, value, comment }): CardLine => [keyword, value, comment]);
  const carried = [...difference.header].filter(([, value]) => value !== null).map(([k, v]): CardLine => [k, v!, '']);
  const said: CardLine[] = [
    ['SBTMPL', template.name, 'template'],
    ['SBORIGIN', template.origin, 'where the template is from'],
    ['SBTHASH', template.sha256 ?? '', 'SHA-256 of its file'],
    ['SBTMJD', template.midMjdUtc ?? Number.NaN, '[d] middle of its light'],
    ['SBCOVAR', difference.covarianceFactor, 'variance of large sums over that of pixels'],
    ['SBFALSE', difference.falsePositives, 'candidates on the inverted image'],
    ['SBRSTAR', difference.residualAtStars, 'noise at stars over the expected'],
    ['SBRSKY', difference.residualOnSky, 'noise on the sky over the expected'],
  ];
  const image = { width, height, data, variance, mask, unit: 'electron/s', cards: [...carried, ...lines, ...said], wcs } as const;
  return writeFits([
    ...(await packImage(image, compute)),
    await packPlane({ data: snr, shape: [width, height], name: 'SNR', header: headerOf(wcs) }, onSteps(SNR_STEP), compute),
  ]);
}

/** `difference.cat.fits`: the changes, in doubles. */
export function encodeDifferenceSources(sources: DifferenceSources, lines: readonly CardLine[]): Uint8Array {
  const columns = COLUMNS.map(([name, field, unit, comment]): ColumnInput => {
    const values = field === 'x' || field === 'y' ? sources[field].map((v) => v + 1) : sources[field];
    return { name, data: values, comment, ...(unit ? { unit } : {}) };
  });
  const bits = Object.entries(DifferenceFlag).map(
    ([name, bit]): CardLine => [`DF_${name}`.slice(0, 8), bit, `bit of FLAGS: ${name}`],
  );
  return writeFits([
    tableHdu({
      name: 'CHANGES',
      columns: [...columns, { name: 'FLAGS', data: sources.flags, comment: 'bits of DF_' }],
      header: headerOf([...lines, ...bits]),
    }),
  ]);
}

export async function decodeDifferenceSources(bytes: Uint8Array): Promise<DifferenceSources> {
  const file = await openFits(bytes, { name: 'difference.cat.fits' });
  const table = await readTable(file.hdu('CHANGES'));
  const of = (name: string): Float64Array => Float64Array.from(table.rowCount === 0 ? [] : table.numbers(name));
  const columns = Object.fromEntries(COLUMNS.map(([name, field]) => [field, of(name)])) as unknown as Omit<
    DifferenceSources,
    'count' | 'flags'
  >;
  return {
    ...columns,
    count: table.rowCount,
    x: columns.x.map((v) => v - 1),
    y: columns.y.map((v) => v - 1),
    flags: Int32Array.from(of('FLAGS')),
  };
}

/** Reads what {@link encodeDifference} and {@link encodeDifferenceSources} wrote; planes lie in the memory of `compute`. */
export async function decodeDifference(image: Uint8Array, catalog: Uint8Array, compute: Compute): Promise<Difference> {
  const file = await openFits(image, { name: 'difference.fits.fz' });
  const sci = file.hdu('SCI');
  const header = headerValues(file, sci);
  const plane = async (name: string): Promise<Float32Array> => {
    const pixels = await readPixels(file.hdu(name), compute);
    if (pixels instanceof Float32Array) return pixels;
    const copy = compute.float32(pixels.length);
    copy.set(pixels);
    compute.free(pixels);
    return copy;
  };
  const [data, variance, snr, bits] = [await plane('SCI'), await plane('VAR'), await plane('SNR'), await plane('MASK')];
  const mask = compute.uint16(bits.length);
  for (let i = 0; i < bits.length; i++) mask[i] = bits[i]!;
  compute.free(bits);
  const number = (keyword: string): number => {
    const value = header.get(keyword);
    return typeof value === 'number' ? value : Number.NaN;
  };
  const mid = number('SBTMJD');
  return {
    width: sci.shape[0]!,
    height: sci.shape[1]!,
    data,
    variance,
    mask,
    snr,
    header,
    wcs: parseWcs(header) as LinearWcs,
    template: {
      name: String(header.get('SBTMPL') ?? ''),
      origin: String(header.get('SBORIGIN') ?? '') as Difference['template']['origin'],
      midMjdUtc: Number.isNaN(mid) ? null : mid,
      sha256: String(header.get('SBTHASH') ?? '').trim() || null,
    },
    covarianceFactor: number('SBCOVAR'),
    sources: await decodeDifferenceSources(catalog),
    falsePositives: number('SBFALSE'),
    residualAtStars: number('SBRSTAR'),
    residualOnSky: number('SBRSKY'),
  };
}

/** `difference.fits.fz`, `difference.cat.fits` and `difference.psf.fits`; none of them where nothing was subtracted. */
export const differenceCodec: ProductCodec<Difference | null> = {
  async encode(difference, { lines, compute }) {
    if (difference === null) return new Map();
    const files = new Map([
      ['difference.fits.fz', await encodeDifference(difference, lines, compute)],
      ['difference.cat.fits', encodeDifferenceSources(difference.sources, lines)],
    ]);
    if (difference.psf) files.set('difference.psf.fits', encodePsf(difference.psf, lines));
    return files;
  },
  async decode(read, compute) {
    const [image, catalog, psf] = [
      await read('difference.fits.fz'),
      await read('difference.cat.fits'),
      await read('difference.psf.fits'),
    ];
    if (!image || !catalog) return null;
    const difference = await decodeDifference(image, catalog, compute);
    return psf ? { ...difference, psf: await decodePsf(psf) } : difference;
  },
};
