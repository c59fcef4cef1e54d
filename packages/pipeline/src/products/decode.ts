import { type ByteSource, type Hdu, openFits, readImage, readTable } from '@colibri/fits';
import { type Compute, MaskPlane, type SourceColumns } from '@colibri/numerics';
import { parseWcs, type Wcs } from '@colibri/sky';
import { notAnImage } from '../errors.ts';
import type { Frame, FrameSources, HeaderValues } from '../frame.ts';
import { type FrameMetaOptions, frameIdOf, frameMeta } from '../frame-meta.ts';
import { headerNumber } from '../header-words.ts';
import { headerValues } from '../read-frame.ts';
import { readBits, readPixels } from '../read-pixels.ts';

/**
 * Reads a reduced frame: the planes SCI, MASK and VAR of our own files. An image of another origin serves too: without MASK its
 * NaN pixels are masked; without VAR its variance is that of its pixels' scatter, and a warning says so. With `compute` the planes lie in its
 * memory, and the caller frees them.
 */
export async function decodeReduced(
  source: ByteSource | Uint8Array,
  path: string,
  sha256: string,
  options: FrameMetaOptions,
  compute: Compute | null = null,
): Promise<{ readonly frame: Frame; readonly warnings: readonly string[] }> {
  const file = await openFits(source, { name: path });
  const sci = file.hdus.find((hdu) => hdu.name === 'SCI') ?? file.firstImage();
  const [width, height] = [sci.shape[0] ?? 0, sci.shape[1] ?? 0];
  if (sci.shape.length < 2 || sci.shape.slice(2).some((size) => size !== 1)) {
    throw notAnImage({
      frame: frameIdOf(path),
      what: `HDU ${sci.index} has the shape ${sci.shape.join(' × ')}, not that of an image`,
    });
  }
  const header = headerValues(file, sci);
  const { meta, warnings: doubts } = frameMeta(header, path, sha256, { ...options, lenient: true });
  const warnings = [...doubts];
  const data = await floats(sci, compute);
  const plane = (name: string) => file.hdus.find((hdu) => hdu.name === name && hdu.shape[0] === width && hdu.shape[1] === height);
  const [maskHdu, varHdu] = [plane('MASK'), plane('VAR')];
  const mask = maskHdu
    ? await bits(maskHdu, compute)
    : compute
      ? compute.uint16(data.length).fill(0)
      : new Uint16Array(data.length);
  maskMissing(data, mask);
  let variance: Float32Array;
  if (varHdu) variance = await floats(varHdu, compute);
  else {
    variance = (compute ? compute.float32(data.length) : new Float32Array(data.length)).fill(scatter(data) ** 2);
    warnings.push('No VAR plane: one variance for all pixels, from their scatter.');
  }
  const step = (keyword: string): number | undefined => headerNumber(header, keyword);
  const frame: Frame = {
    meta,
    header,
    width,
    height,
    data,
    mask,
    variance,
    gain: headerNumber(header, 'DETGAIN', 'GAIN') ?? 1,
    readNoise: headerNumber(header, 'RDNOISE') ?? 0,
    saturation: headerNumber(header, 'SATURATE') ?? Number.POSITIVE_INFINITY,
    wcs: wcsOf(header),
    solved: header.get('SOLVED') === true,
    ...(step('SCISTEP') || step('VARSTEP')
      ? { steps: { data: step('SCISTEP') ?? null, variance: step('VARSTEP') ?? null } }
      : {}),
  };
  return { frame, warnings };
}

/** Pixels without a value that nothing hides yet. Rows of 8 whose sum is a number have none. */
function maskMissing(data: Float32Array, mask: Uint16Array): void {
  const whole = data.length & ~7;
  for (let at = 0; at < data.length; at += 8) {
    if (at < whole) {
      const left = data[at]! + data[at + 1]! + (data[at + 2]! + data[at + 3]!);
      const right = data[at + 4]! + data[at + 5]! + (data[at + 6]! + data[at + 7]!);
      if (!Number.isNaN(left + right)) continue;
    }
    for (let i = at; i < Math.min(at + 8, data.length); i++)
      if (Number.isNaN(data[i]) && mask[i] === 0) mask[i] = MaskPlane.NO_DATA;
  }
}

async function bits(hdu: Hdu, compute: Compute | null): Promise<Uint16Array> {
  const words = compute && (await readBits(hdu, compute));
  if (words) return words;
  const values = await floats(hdu, compute);
  const mask = compute ? compute.uint16(values.length) : new Uint16Array(values.length);
  for (let i = 0; i < mask.length; i++) mask[i] = values[i]!;
  compute?.free(values);
  return mask;
}

async function floats(hdu: Hdu, compute: Compute | null): Promise<Float32Array> {
  const pixels = compute ? await readPixels(hdu, compute) : (await readImage(hdu, { as: 'float32' })).data;
  if (pixels instanceof Float32Array) return pixels;
  const copy = compute!.float32(pixels.length);
  copy.set(pixels);
  compute!.free(pixels);
  return copy;
}

function wcsOf(header: HeaderValues): Wcs | null {
  try {
    return parseWcs(header);
  } catch {
    return null; // none, or none that we understand: the solver starts from the pointing
  }
}

/** 1 sigma of the pixels around their median, from the quartiles of the differences of neighbours, which gradients do not widen. */
function scatter(data: Float32Array): number {
  const step = Math.max(1, Math.floor(data.length / 100_000));
  const differences: number[] = [];
  for (let i = 1; i < data.length; i += step) {
    const difference = data[i]! - data[i - 1]!;
    if (Number.isFinite(difference)) differences.push(Math.abs(difference));
  }
  const middle = differences.sort((a, b) => a - b)[differences.length >> 1] ?? 1;
  return Math.max(middle / 0.6745 / Math.SQRT2, 1e-3);
}

/** The header of a catalogue: what modules after the reduction said of the frame. */
export async function decodeCatalogHeader(source: ByteSource | Uint8Array, path: string): Promise<HeaderValues> {
  const file = await openFits(source, { name: path });
  return headerValues(file, file.hdu('CATALOG'));
}

/** Reads the catalogue beside a reduced frame: what was written, number for number. */
export async function decodeCatalog(source: ByteSource | Uint8Array, path: string): Promise<FrameSources> {
  const file = await openFits(source, { name: path });
  const table = await readTable(file.hdu('CATALOG'));
  const count = table.rowCount;
  const get = (name: string): Float64Array => Float64Array.from(table.numbers(name));
  const flags = (name: string): Int32Array => Int32Array.from(table.numbers(name));
  const fwhm = get('FWHM_IMAGE');
  const snrWin = get('SNR_WIN');
  const elongation = get('ELONGATION');
  const fluxAuto = get('FLUX_AUTO');
  const has = new Set(table.columns.map(({ name }) => name));
  /** Columns that catalogues of earlier versions do not have are rebuilt roughly, or NaN. */
  const or = (name: string, otherwise: (i: number) => number): Float64Array =>
    has.has(name) ? get(name) : Float64Array.from(fwhm, (_, i) => otherwise(i));
  // A centroid is known to about sigma over S/N.
  const centroidErr = (i: number): number => fwhm[i]! / 2.3548 / Math.max(snrWin[i]!, 1);
  const columns: SourceColumns = {
    count,
    x: get('X_IMAGE').map((x) => x - 1),
    y: get('Y_IMAGE').map((y) => y - 1),
    xErr: or('XERR_IMAGE', centroidErr),
    yErr: or('YERR_IMAGE', centroidErr),
    fluxAuto,
    fluxAutoErr: get('FLUXERR_AUTO'),
    fluxAper: get('FLUX_APER'),
    fluxAperErr: get('FLUXERR_APER'),
    snrWin,
    // Of a Gaussian of this flux and width.
    peak: or('FLUX_MAX', (i) => (0.8825 * fluxAuto[i]!) / fwhm[i]! ** 2),
    background: get('BACKGROUND'),
    fwhm,
    a: or('A_IMAGE', (i) => (fwhm[i]! / 2.3548) * Math.sqrt(elongation[i]!)),
    b: or('B_IMAGE', (i) => fwhm[i]! / 2.3548 / Math.sqrt(elongation[i]!)),
    thetaDeg: or('THETA_IMAGE', () => Number.NaN),
    kronRadius: or('KRON_RADIUS', () => Number.NaN),
    areaPix: Int32Array.from(or('ISOAREA_IMAGE', (i) => Math.max(1, Math.round(fwhm[i]! ** 2)))),
    flags: flags('FLAGS'),
    maskFlags: flags('IMAFLAGS'),
  };
  const card = (keyword: string): number | undefined => {
    const value = file.hdu('CATALOG').header.get(keyword);
    return typeof value === 'number' ? value : undefined;
  };
  const autoToTotal = card('AUTO2TOT');
  const limitFlux = card('LIMFLUX5');
  const known = (values: Float64Array): Float64Array | null => (values.some((value) => !Number.isNaN(value)) ? values : null);
  return {
    columns,
    raDeg: known(get('ALPHA_J2000')),
    decDeg: known(get('DELTA_J2000')),
    magAuto: known(get('MAG_AUTO')),
    magAutoErr: known(get('MAGERR_AUTO')),
    ...(autoToTotal === undefined
      ? {}
      : {
          aperture: {
            diameterPix: card('APERDIAM') ?? Number.NaN,
            autoToTotal,
            autoToTotalErr: card('AUTO2TER') ?? Number.NaN,
            aperToTotal: card('APER2TOT') ?? Number.NaN,
            aperToTotalErr: card('APER2TER') ?? Number.NaN,
          },
        }),
    ...(limitFlux === undefined ? {} : { limitFluxElectron5Sigma: limitFlux }),
  };
}
