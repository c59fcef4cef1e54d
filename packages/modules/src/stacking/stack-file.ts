import {
  type ByteSource,
  type ColumnInput,
  type FitsFile,
  imageHdu,
  openFits,
  readImage,
  readTable,
  tableHdu,
  writeFits,
} from '@colibri/fits';
import type { Compute } from '@colibri/numerics';
import {
  type CardLine,
  headerOf,
  headerValues,
  type ProductCodec,
  packImage,
  packPlane,
  readPixels,
  type Stack,
  type StackInput,
  type StackSet,
  type StackSky,
  type StackTrail,
} from '@colibri/pipeline';
import { type LinearWcs, parseWcs } from '@colibri/sky';

/** Coverage is written in whole milliseconds, without loss. */
const MS = 1000;

/** Scalars of a stack and their cards. */
const SCALARS = [
  ['exposureSec', 'EXPTIME', '[s] exposure of all frames'],
  ['startedAt', 'DATE-OBS', 'start of the first frame'],
  ['endedAt', 'DATE-END', 'end of the last frame'],
  ['midMjdUtc', 'MJD-MID', '[d] middle of the light'],
  ['fwhmPix', 'STFWHMP', '[pixel] FWHM expected from the frames'],
  ['gainSec', 'STGAIN', '[s] light over its own variance'],
  ['saturation', 'SATURATE', '[electron/s] saturation'],
  ['covarianceFactor', 'STCOVAR', 'variance of large sums over that of pixels'],
  ['camera', 'INSTRUME', 'camera'],
  ['filter', 'FILTER', 'filter'],
] as const;

/**
 * `stack.fits.fz`: SCI [electron/s] and VAR on steps as those of reduced frames, MASK and COV (coverage [ms]) without loss, INPUTS the frames in it, TRAILS what was
 * masked in them, SKY and SKYERR the sky that was taken away, at every 64th pixel. The same stack gives the same bytes.
 */
export async function encodeStack(stack: Stack, lines: readonly CardLine[], compute: Compute): Promise<Uint8Array> {
  const { width, height, data, variance, mask, coverageSec } = stack;
  const wcs = stack.wcs.toCards().map(({ keyword, value, comment }): CardLine => [keyword, value, comment]);
  const scalars = SCALARS.map(([field, keyword, comment]): CardLine => [keyword, stack[field], comment]);
  const carried = [...stack.header].filter(([, value]) => value !== null).map(([k, v]): CardLine => [k, v!, '']);
  const milliseconds = compute.int32(coverageSec.length);
  for (let i = 0; i < milliseconds.length; i++) milliseconds[i] = Math.round(coverageSec[i]! * MS);
  const planes = [
    ...(await packImage(
      { width, height, data, variance, mask, unit: 'electron/s', cards: [...carried, ...lines, ...scalars], wcs },
      compute,
    )),
    await packPlane(
      { data: milliseconds, shape: [width, height], name: 'COV', unit: 'ms', header: headerOf(wcs) },
      { algorithm: 'RICE_1' },
      compute,
    ),
  ];
  compute.free(milliseconds);
  const inputs = tableHdu({ name: 'INPUTS', columns: inputColumns(stack.inputs) });
  const trails = tableHdu({ name: 'TRAILS', columns: trailColumns(stack.inputs) });
  return writeFits([...planes, inputs, trails, ...(stack.sky ? skyHdus(stack.sky) : [])]);
}

/** Reads {@link encodeStack}'s file; planes lie in the memory of `compute` and are the caller's. Throws FITS errors where it is none. */
export async function decodeStack(source: ByteSource | Uint8Array, path: string, compute: Compute): Promise<Stack> {
  const file = await openFits(source, { name: path });
  const sci = file.hdu('SCI');
  const header = headerValues(file, sci);
  const plane = async (name: string): Promise<Float32Array> => toFloat32(await readPixels(file.hdu(name), compute), compute);
  const [data, variance, coverageSec, bits] = [await plane('SCI'), await plane('VAR'), await plane('COV'), await plane('MASK')];
  const mask = compute.uint16(bits.length);
  for (let i = 0; i < bits.length; i++) {
    mask[i] = bits[i]!;
    coverageSec[i]! /= MS;
  }
  compute.free(bits);
  const table = await readTable(file.hdu('INPUTS'));
  const [ids, starts] = [table.strings('FRAMEID'), table.strings('DATE_OBS')];
  const columns = ['EXPTIME', 'WEIGHT', 'TRANSP', 'FWHM', 'REJECTED'].map((name) => table.numbers(name));
  const inputs = ids.map((id, i): StackInput => {
    const [exposureSec, weight, transparency, fwhmPix, rejectedPixels] = columns.map((column) => column[i]!);
    return {
      frameId: id.trim(),
      observedAt: starts[i]!.trim(),
      exposureSec: exposureSec!,
      weight: weight!,
      transparency: transparency!,
      fwhmPix: fwhmPix!,
      rejectedPixels: rejectedPixels!,
    };
  });
  const trails = await trailsOf(file);
  const number = (keyword: string): number => Number(header.get(keyword) ?? Number.NaN);
  const text = (keyword: string): string => String(header.get(keyword) ?? '');
  return {
    width: sci.shape[0]!,
    height: sci.shape[1]!,
    data,
    variance,
    mask,
    coverageSec,
    header,
    inputs: inputs.map((one) => ({ ...one, trails: trails.get(one.frameId) ?? [] })),
    sky: await skyOf(file),
    wcs: parseWcs(header) as LinearWcs,
    camera: text('INSTRUME'),
    filter: text('FILTER'),
    startedAt: text('DATE-OBS'),
    endedAt: text('DATE-END'),
    exposureSec: number('EXPTIME'),
    midMjdUtc: number('MJD-MID'),
    fwhmPix: number('STFWHMP'),
    gainSec: number('STGAIN'),
    saturation: number('SATURATE'),
    covarianceFactor: number('STCOVAR'),
  };
}

/** `stack.fits.fz`, and `stack-a.fits.fz`, `stack-b.fits.fz` where there are halves. */
export const stacksCodec: ProductCodec<StackSet> = {
  async encode({ stack, halfA, halfB }, { lines, compute }) {
    const files = new Map([['stack.fits.fz', await encodeStack(stack, lines, compute)]]);
    if (halfA) files.set('stack-a.fits.fz', await encodeStack(halfA, lines, compute));
    if (halfB) files.set('stack-b.fits.fz', await encodeStack(halfB, lines, compute));
    return files;
  },
  async decode(read, compute) {
    const one = async (name: string): Promise<Stack | null> => {
      const bytes = await read(name);
      return bytes && decodeStack(bytes, name, compute);
    };
    const stack = await one('stack.fits.fz');
    return stack && { stack, halfA: await one('stack-a.fits.fz'), halfB: await one('stack-b.fits.fz') };
  },
};

function inputColumns(inputs: readonly StackInput[]): ColumnInput[] {
  const numbers = (value: (one: StackInput) => number): Float64Array => Float64Array.from(inputs, value);
  return [
    { name: 'FRAMEID', data: inputs.map((one) => one.frameId) },
    { name: 'DATE_OBS', data: inputs.map((one) => one.observedAt) },
    { name: 'EXPTIME', data: numbers((one) => one.exposureSec), unit: 's' },
    { name: 'WEIGHT', data: numbers((one) => one.weight) },
    { name: 'TRANSP', data: numbers((one) => one.transparency) },
    { name: 'FWHM', data: numbers((one) => one.fwhmPix), unit: 'pixel' },
    { name: 'REJECTED', data: Int32Array.from(inputs, (one) => one.rejectedPixels), unit: 'pixel' },
  ];
}

const TRAIL_COLUMNS = [
  ['X0', 'x0', 'pixel'],
  ['Y0', 'y0', 'pixel'],
  ['X1', 'x1', 'pixel'],
  ['Y1', 'y1', 'pixel'],
  ['HALFWID', 'halfWidthPix', 'pixel'],
  ['SNR', 'snr', ''],
] as const;

function trailColumns(inputs: readonly StackInput[]): ColumnInput[] {
  const rows = inputs.flatMap(({ frameId, trails = [] }) => trails.map((trail) => ({ frameId, trail })));
  return [
    { name: 'FRAMEID', data: rows.map(({ frameId }) => frameId) },
    ...TRAIL_COLUMNS.map(([name, field, unit]) => ({
      name,
      data: Float64Array.from(rows, ({ trail }) => trail[field] + baseOf(name)),
      ...(unit ? { unit } : {}),
    })),
  ];
}

/** Pixels of files count from 1. */
const baseOf = (name: string): number => (/^[XY]/.test(name) ? 1 : 0);

async function trailsOf(file: FitsFile): Promise<ReadonlyMap<string, StackTrail[]>> {
  const found = new Map<string, StackTrail[]>();
  const hdu = file.hdus.find(({ name }) => name === 'TRAILS');
  if (!hdu) return found;
  const table = await readTable(hdu);
  const columns = TRAIL_COLUMNS.map(([name, field]) => [name, field, table.numbers(name)] as const);
  for (const [i, id] of table.strings('FRAMEID').entries()) {
    const entries = columns.map(([name, field, values]) => [field, values[i]! - baseOf(name)] as const);
    const trail = Object.fromEntries(entries) as unknown as StackTrail;
    found.set(id.trim(), [...(found.get(id.trim()) ?? []), trail]);
  }
  return found;
}

function skyHdus({ stepPix, columns, rows, level, error }: StackSky) {
  const header = headerOf([['SKYSTEP', stepPix, '[pixel] of the stack between these, from its first']]);
  const shape = [columns, rows];
  return [
    imageHdu({ data: level, shape, name: 'SKY', unit: 'electron/s', header }),
    imageHdu({ data: error, shape, name: 'SKYERR', unit: 'electron/s', header }),
  ];
}

async function skyOf(file: FitsFile): Promise<StackSky | null> {
  const hdu = file.hdus.find(({ name }) => name === 'SKY');
  if (!hdu) return null;
  const floats = async (name: string): Promise<Float32Array> =>
    Float32Array.from((await readImage(file.hdu(name))).data as ArrayLike<number>);
  const stepPix = Number(headerValues(file, hdu).get('SKYSTEP'));
  return { stepPix, columns: hdu.shape[0]!, rows: hdu.shape[1]!, level: await floats('SKY'), error: await floats('SKYERR') };
}

function toFloat32(pixels: Uint16Array | Float32Array, compute: Compute): Float32Array {
  if (pixels instanceof Float32Array) return pixels;
  const copy = compute.float32(pixels.length);
  copy.set(pixels);
  compute.free(pixels);
  return copy;
}
