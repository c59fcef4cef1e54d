import { type ByteSource, type FitsFile, openFits } from '@colibri/fits';
import { MaskPlane } from '@colibri/numerics';
import { headerValues, readPixels, type Template } from '@colibri/pipeline';
import { parseWcs } from '@colibri/sky';

/** What a survey sent: see `SurveyAnswer` of the adapters. */
export interface SurveyFile {
  readonly image: Uint8Array | ByteSource;
  readonly weight: Uint8Array | ByteSource | null;
  readonly filter: string;
  readonly name: string;
  readonly sha256: string;
}

/**
 * A cut-out of a Pan-STARRS 1 stack. Pixels are compressed by an inverse hyperbolic sine: `BOFFSET + 2 BSOFTEN sinh(v / 1.0857)`; NaN is no
 * datum. Counts belong to EXPTIME seconds at zero point 25 AB. The variance file is packed alike.
 *
 * Source: Waters et al. 2020, ApJS 251, 4, section 6; pipeline.md §13.2.
 */
export async function decodePs1({ image, weight, filter, name, sha256 }: SurveyFile): Promise<Template> {
  const file = await openFits(image, { name });
  const { data, width, height, mask } = await plane(file, unpackAsinh);
  const exposureSec = numberOf(file, 'EXPTIME') ?? 1;
  const other = weight === null ? null : await plane(await openFits(weight, { name }), unpackAsinh);
  const variance = new Float32Array(data.length).fill(skyVariance(data, mask));
  for (let i = 0; i < data.length; i++) {
    const v = other === null ? variance[i]! : other.data[i]!;
    if (!(v > 0) || (other !== null && other.mask[i] !== 0)) mask[i]! |= MaskPlane.NO_DATA;
    variance[i] = Math.max(v, 0) / exposureSec ** 2;
    data[i] = data[i]! / exposureSec;
  }
  const planes = { width, height, data, variance, mask };
  return surveyTemplate(file, { filter, name, sha256 }, planes, { zeroPointMag: 25, midMjdUtc: numberOf(file, 'MJD-OBS') });
}

/** A cut-out of the Legacy Surveys: nanomaggies (zero point 22.5 AB) in the first image, inverse variances in the second. */
export async function decodeLegacy({ image, filter, name, sha256 }: SurveyFile): Promise<Template> {
  const file = await openFits(image, { name });
  const { data, width, height, mask } = await plane(file, (v) => v);
  const images = file.hdus.filter((hdu) => hdu.shape.length >= 2 && hdu.shape[0] === width && hdu.shape[1] === height);
  const inverse = images[1] ? await readPixels(images[1], null) : null;
  const variance = new Float32Array(data.length).fill(skyVariance(data, mask));
  for (let i = 0; i < data.length; i++) {
    if (inverse === null) continue;
    if (inverse[i]! > 0) variance[i] = 1 / inverse[i]!;
    else mask[i]! |= MaskPlane.NO_DATA;
  }
  const planes = { width, height, data, variance, mask };
  return surveyTemplate(file, { filter, name, sha256 }, planes, { zeroPointMag: 22.5, midMjdUtc: null });
}

/** What all surveys' cut-outs share: an image that was warped once onto the sky that its header says. */
const surveyTemplate = (
  file: FitsFile,
  named: Pick<Template, 'filter' | 'name' | 'sha256'>,
  planes: Pick<Template, 'width' | 'height' | 'data' | 'variance' | 'mask'>,
  scale: Pick<Template, 'zeroPointMag' | 'midMjdUtc'>,
): Template => ({
  ...planes,
  ...named,
  ...scale,
  origin: 'survey',
  wcs: parseWcs(headerOf(file)),
  covarianceFactor: WARPED_ONCE,
});

/** Covariance of neighbours after one warp: noise over large areas over that of a pixel. */
const WARPED_ONCE = 1.4;

const headerOf = (file: FitsFile) => headerValues(file, file.firstImage());

function numberOf(file: FitsFile, keyword: string): number | null {
  const value = headerOf(file).get(keyword);
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

type Unpack = (value: number, file: { readonly offset: number; readonly soften: number }) => number;

const unpackAsinh: Unpack = (v, { offset, soften }) => (Number.isNaN(soften) ? v : offset + 2 * soften * Math.sinh(v / 1.0857));

/** NaN become 0 and NO_DATA. */
async function plane(file: FitsFile, unpack: Unpack) {
  const hdu = file.firstImage();
  const [width, height] = [hdu.shape[0]!, hdu.shape[1]!];
  const raw = await readPixels(hdu, null);
  const packing = { offset: numberOf(file, 'BOFFSET') ?? 0, soften: numberOf(file, 'BSOFTEN') ?? Number.NaN };
  const data = new Float32Array(width * height);
  const mask = new Uint16Array(width * height);
  for (let i = 0; i < data.length; i++) {
    const value = unpack(raw[i]!, packing);
    if (Number.isFinite(value)) data[i] = value;
    else mask[i] = MaskPlane.NO_DATA;
  }
  return { data, mask, width, height };
}

/** From the differences of neighbours, of which sources touch few: a variance where the survey gives none. */
function skyVariance(data: Float32Array, mask: Uint16Array): number {
  const steps: number[] = [];
  for (let i = 1; i < data.length && steps.length < 50_000; i += 3)
    if (mask[i] === 0 && mask[i - 1] === 0) steps.push(Math.abs(data[i]! - data[i - 1]!));
  if (steps.length === 0) return 1;
  const middle = steps.sort((a, b) => a - b)[steps.length >> 1]!;
  return Math.max((1.4826 * middle) ** 2 / 2, 1e-30);
}
