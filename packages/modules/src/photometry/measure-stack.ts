import {
  type ApertureScale,
  buildPsf,
  type Compute,
  type Detection,
  detectSources,
  type KnownSources,
  measureSources,
  type PsfFluxes,
  type PsfModel,
  type PsfPlanes,
  psfPhotometry,
  type SourceColumns,
  SourceFlag,
} from '@colibri/numerics';
import type { Stack } from '@colibri/pipeline';
import { apertureOverPsf } from './aperture-over-psf.ts';

export interface DetectParameters {
  /** Least S/N by the matched filter. */
  readonly threshold: number;
  readonly meshPix: number;
  readonly deblendContrast: number;
}

/** Everything that was measured on an image, before it is calibrated. Heap arrays, but for `planes` (the memory of `compute`). */
export interface MeasuredImage {
  readonly columns: SourceColumns;
  readonly aperture: ApertureScale;
  readonly planes: PsfPlanes;
  readonly psf: PsfModel;
  readonly fluxes: PsfFluxes;
  /** Total light over PSF flux, by the growth curve of the stars [1]; fluxes are already multiplied by it. */
  readonly psfToTotal: number;
  /** Sources that are stars fit for a PSF: indices of the columns. */
  readonly stars: readonly number[];
  /** The stars' profile was assumed: none could be measured. */
  readonly isAssumed: boolean;
}

/** What detection and PSF fits need of an image, a stack or a frame. */
export interface MeasurableImage {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
  readonly variance: Float32Array;
  readonly mask: Uint16Array;
  /** Variance that one unit of light adds. */
  readonly lightVariance: number;
  readonly saturation: number;
  readonly covarianceFactor: number;
  readonly fwhmPix: number;
}

export const imageOfStack = (stack: Stack): MeasurableImage => ({
  width: stack.width,
  height: stack.height,
  data: stack.data,
  variance: stack.variance,
  mask: stack.mask,
  lightVariance: stack.gainSec > 0 ? 1 / stack.gainSec : 0,
  saturation: stack.saturation,
  covarianceFactor: stack.covarianceFactor,
  fwhmPix: stack.fwhmPix,
});

/** A single frame, its sky still in it, as an image to measure. */
export const imageOfFrame = (
  frame: { width: number; height: number; data: Float32Array; variance: Float32Array; mask: Uint16Array; saturation: number },
  fwhmPix: number,
): MeasurableImage => ({
  width: frame.width,
  height: frame.height,
  data: frame.data,
  variance: frame.variance,
  mask: frame.mask,
  lightVariance: 1,
  saturation: frame.saturation,
  covarianceFactor: 1,
  fwhmPix,
});

/** Finds the sources of an image. */
export const detectOn = (image: MeasurableImage, parameters: DetectParameters, compute: Compute): Promise<Detection> =>
  detectSources(
    image.data,
    image.variance,
    image.mask,
    {
      width: image.width,
      height: image.height,
      threshold: parameters.threshold,
      isophote: Math.min(2.5, parameters.threshold),
      meshPix: parameters.meshPix,
      deblendContrast: parameters.deblendContrast,
      assumedFwhmPix: image.fwhmPix > 0 ? Math.min(Math.max(image.fwhmPix, 1.5), 12) : 3.5,
    },
    compute,
  );

/** Light is lost near the end of the scale; a source that comes so near to it is flagged. */
const SPOILT = SourceFlag.SATURATED | SourceFlag.TRUNCATED;
/** Stars that the PSF is made of: S/N, and what is asked where there are few. */
const STAR_SNR = 25;
const FEW_STAR_SNR = 15;
const FEW = 12;

/** Detection, Kron and aperture photometry, PSF and PSF photometry of all sources. */
export async function measureImage(
  image: MeasurableImage,
  parameters: DetectParameters,
  { isFinal }: { readonly isFinal: boolean },
  compute: Compute,
): Promise<MeasuredImage> {
  const { known, aperToTotal, ...measured } = await measureStars(image, parameters, { isFinal }, compute);
  const { columns, planes, psf, stars } = measured;
  const raw = await psfPhotometry(
    planes,
    psf,
    columns,
    {
      free: new Uint8Array(columns.count).fill(1),
      flux: known.flux,
      covarianceFactor: image.covarianceFactor,
      passes: isFinal ? 3 : 2,
    },
    compute,
  );
  const clean = stars.filter((i) => columns.flags[i] === 0 && raw.covered[i]! > 0.99);
  const psfToTotal = aperToTotal * apertureOverPsf(columns, raw, clean);
  return {
    ...measured,
    psfToTotal,
    fluxes: { ...raw, flux: raw.flux.map((f) => f * psfToTotal), fluxErr: raw.fluxErr.map((e) => e * psfToTotal) },
  };
}

/** The first half of {@link measureImage}: sources, apertures and the PSF. */
export async function measureStars(
  image: MeasurableImage,
  parameters: DetectParameters,
  { isFinal }: { readonly isFinal: boolean },
  compute: Compute,
): Promise<
  Omit<MeasuredImage, 'fluxes' | 'psfToTotal'> & {
    /** Sources with their total light by aperture, and that over the light in the aperture [1]. */
    readonly known: KnownSources;
    readonly aperToTotal: number;
  }
> {
  const detection = await detectOn(image, parameters, compute);
  const measured = await measureSources(detection, {}, compute);
  const { columns, aperture } = measured;
  const planes: PsfPlanes = {
    width: image.width,
    height: image.height,
    image: detection.image,
    variance: image.variance,
    mask: detection.mask,
    lightVariance: image.lightVariance,
  };
  const aperToTotal = aperture.aperToTotal > 0 ? aperture.aperToTotal : 1;
  const known: KnownSources = { x: columns.x, y: columns.y, flux: columns.fluxAper.map((f) => f * aperToTotal) };
  const fit = (i: number): boolean => (columns.flags[i]! & SPOILT) === 0;
  let stars = measured.stars.filter((i) => fit(i) && columns.snrWin[i]! > STAR_SNR);
  if (stars.length < FEW) stars = measured.stars.filter((i) => fit(i) && columns.snrWin[i]! > FEW_STAR_SNR);
  const { fwhmPix, starCount } = detection.pointSpread;
  const { saturation, covarianceFactor } = image;
  const built = buildPsf(planes, known, stars, { fwhmPix, saturation, covarianceFactor, holdOut: isFinal });
  const psf = built ?? assumedPsf(fwhmPix, image);
  return { columns, aperture, planes, psf, stars, isAssumed: built === null && starCount === 0, known, aperToTotal };
}

/** A circular Moffat profile of β 3, where no star can be seen. */
export function assumedPsf(fwhmPix: number, { width, height }: { width: number; height: number }): PsfModel {
  const beta = 3;
  const alpha = fwhmPix / (2 * Math.sqrt(2 ** (1 / beta) - 1));
  const radius = Math.max(6, Math.round(3.5 * fwhmPix));
  const size = 2 * radius + 1;
  const planes = new Float32Array(size * size);
  let sum = 0;
  for (let p = 0; p < planes.length; p++) {
    const r2 = ((p % size) - radius) ** 2 + (Math.floor(p / size) - radius) ** 2;
    planes[p] = r2 > radius * radius ? 0 : (1 + r2 / alpha ** 2) ** -beta;
    sum += planes[p]!;
  }
  return {
    kind: 'moffat',
    fwhmPix,
    stepPix: 1,
    size,
    order: 0,
    originX: (width - 1) / 2,
    originY: (height - 1) / 2,
    scaleX: width / 2,
    scaleY: height / 2,
    planes: planes.map((p) => p / sum),
    stars: 0,
    chi2: Number.NaN,
    relativeErr: 0.05,
    radiusPix: radius,
  };
}
