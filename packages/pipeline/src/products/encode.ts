import { type CatalogColumn, catalogColumns } from '@colibri/contracts';
import { type ColumnInput, tableHdu, writeFits } from '@colibri/fits';
import type { Compute } from '@colibri/numerics';
import type { Frame, FrameSources } from '../frame.ts';
import { type CardLine, headerOf } from './cards.ts';
import { packImage } from './pack-image.ts';

/** The reduced frame: SCI [electron] and VAR [electron²] as quantised float32, MASK as integers without loss; world coordinates in each. */
export async function encodeReduced(frame: Frame, lines: readonly CardLine[], compute: Compute): Promise<Uint8Array> {
  const detector: CardLine[] = [
    ['GAIN', 1, '[electron/electron] pixels are in electron'],
    ['DETGAIN', frame.gain, '[electron/adu] gain that was applied'],
    ['RDNOISE', frame.readNoise, '[electron] read noise'],
    ['SATURATE', frame.saturation, '[electron] saturation'],
    ['SOLVED', frame.solved, 'world coordinates fitted on own stars'],
  ];
  const identity = lines.filter(([keyword]) => ['FRAMEID', 'FRAMEREV'].includes(keyword));
  const { width, height, data, mask, variance, steps = null } = frame;
  const planes = { width, height, data, mask, variance, steps };
  const hdus = await packImage(
    { ...planes, unit: 'electron', cards: [...lines, ...detector], identity, wcs: wcsLines(frame) },
    compute,
  );
  return writeFits(hdus, { primary: headerOf(identity) });
}

const wcsLines = (frame: Frame): CardLine[] =>
  (frame.wcs?.toCards() ?? []).map(({ keyword, value, comment }) => [keyword, value, comment]);

/** The catalogue: one table CATALOG with exactly the columns of the contract; X and Y are 1-based here. */
export function encodeCatalog(
  { columns: c, raDeg, decDeg, magAuto, magAutoErr, aperture, limitFluxElectron5Sigma }: FrameSources,
  lines: readonly CardLine[],
): Uint8Array {
  const scales: CardLine[] = [
    ['APERDIAM', aperture?.diameterPix, '[pix] diameter of FLUX_APER'],
    ['AUTO2TOT', aperture?.autoToTotal, 'total flux of a star over FLUX_AUTO'],
    ['AUTO2TER', aperture?.autoToTotalErr, 'its 1 sigma error'],
    ['APER2TOT', aperture?.aperToTotal, 'total flux of a star over FLUX_APER'],
    ['APER2TER', aperture?.aperToTotalErr, 'its 1 sigma error'],
    ['LIMFLUX5', limitFluxElectron5Sigma, '[electron] total flux of a star of S/N 5'],
  ].flatMap(([keyword, value, comment]) => (value === undefined ? [] : [[keyword, value, comment] as CardLine]));
  const unknown = new Float64Array(c.count).fill(Number.NaN);
  const values: Record<CatalogColumn, ColumnInput['data']> = {
    NUMBER: Int32Array.from({ length: c.count }, (_, i) => i + 1),
    X_IMAGE: c.x.map((x) => x + 1),
    Y_IMAGE: c.y.map((y) => y + 1),
    ALPHA_J2000: raDeg ?? unknown,
    DELTA_J2000: decDeg ?? unknown,
    FLUX_AUTO: Float32Array.from(c.fluxAuto),
    FLUXERR_AUTO: Float32Array.from(c.fluxAutoErr),
    FLUX_APER: Float32Array.from(c.fluxAper),
    FLUXERR_APER: Float32Array.from(c.fluxAperErr),
    MAG_AUTO: Float32Array.from(magAuto ?? unknown),
    MAGERR_AUTO: Float32Array.from(magAutoErr ?? unknown),
    BACKGROUND: Float32Array.from(c.background),
    FWHM_IMAGE: Float32Array.from(c.fwhm),
    ELONGATION: Float32Array.from(c.a, (a, i) => a / c.b[i]!),
    FLAGS: Int16Array.from(c.flags),
    IMAFLAGS: Int16Array.from(c.maskFlags),
    SNR_WIN: Float32Array.from(c.snrWin),
    XERR_IMAGE: Float32Array.from(c.xErr),
    YERR_IMAGE: Float32Array.from(c.yErr),
    FLUX_MAX: Float32Array.from(c.peak),
    A_IMAGE: Float32Array.from(c.a),
    B_IMAGE: Float32Array.from(c.b),
    THETA_IMAGE: Float32Array.from(c.thetaDeg),
    KRON_RADIUS: Float32Array.from(c.kronRadius),
    ISOAREA_IMAGE: c.areaPix,
  };
  const columns = catalogColumns.map(([name, unit, comment]): ColumnInput => {
    return { name, data: values[name], comment: comment.slice(0, 40), ...(unit ? { unit } : {}) };
  });
  return writeFits([tableHdu({ name: 'CATALOG', columns, header: headerOf([...lines, ...scales]) })]);
}
