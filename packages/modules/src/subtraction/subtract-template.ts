import {
  type Change,
  type Compute,
  findPeaks,
  measureChanges,
  noisePeakLimit,
  type PsfModel,
  psfOnGrid,
  realBogus,
  type Shape,
  type SourceColumns,
  SourceFlag,
  type Subtraction,
  subtractImages,
} from '@colibri/numerics';
import { DifferenceFlag, type DifferenceSources, type ImagePlanes } from '@colibri/pipeline';
import type { Wcs } from '@colibri/sky';
import { type MeasurableImage, measureStars } from '../photometry/measure-stack.ts';
import { bringToGrid, type Registration, register } from './register-template.ts';

/** One side of a subtraction, a stack, a frame or a template, measured: its sky taken off. Heap arrays, but for the planes. */
export interface MeasuredSide extends ImagePlanes {
  readonly wcs: Wcs;
  readonly psf: PsfModel;
  readonly columns: SourceColumns;
  readonly covarianceFactor: number;
}

export interface SubtractParameters {
  readonly threshold: number;
  readonly minScore: number;
  readonly method: 'optimal' | 'matched' | 'both';
  readonly kernelOrder: number;
  readonly meshPix: number;
}

/** Planes in the memory of `compute`. */
export interface TemplateDifference {
  readonly subtraction: Subtraction;
  readonly registration: Registration;
  /** What rose or fell, one by one, and as columns of the product. */
  readonly changes: readonly Change[];
  readonly sources: DifferenceSources;
  readonly falsePositives: number;
  /** S/N that noise alone reaches 0.05 times in this image [sigma]. */
  readonly noiseLimit: number;
}

const MOST_STAMPS = 200;
const STAMP_SNR = 20;
/** Of a star's image on masked pixels: with more nothing can be said of a change. */
const MOST_MASKED = 0.4;

/** Sources, sky and stars of an image, as both sides of a subtraction need them. Planes of `image` must not change afterwards. */
export async function measureForSubtraction(
  image: MeasurableImage,
  wcs: Wcs,
  meshPix: number,
  compute: Compute,
): Promise<MeasuredSide> {
  const parameters = { threshold: 5, meshPix, deblendContrast: 0.0005 };
  const { columns, planes, psf } = await measureStars(image, parameters, { isFinal: false }, compute);
  const { width, height, covarianceFactor } = image;
  return { width, height, data: planes.image, variance: planes.variance, mask: planes.mask, wcs, columns, psf, covarianceFactor };
}

/**
 * Subtracts a template from an image: registers it by common stars, brings it to the image's pixels, matches and subtracts (see `subtractImages`), finds what rose or fell and judges each.
 *
 * @returns null: too few stars in common to match the two
 */
export async function subtractTemplate(
  science: MeasuredSide,
  template: MeasuredSide,
  parameters: SubtractParameters,
  compute: Compute,
): Promise<TemplateDifference | null> {
  const registration = register(science, template);
  const { width, height } = science;
  const shape: Shape = { width, height };
  const brought = await bringToGrid(template, registration.grid, shape, compute);
  const subtraction = await subtractImages(
    { ...shape, ...pick(science), psf: science.psf, covarianceFactor: science.covarianceFactor },
    {
      ...shape,
      ...brought,
      psf: psfOnGrid(template.psf, registration.grid, shape),
      covarianceFactor: template.covarianceFactor * brought.noiseGain,
    },
    {
      stamps: stampPlaces(science.columns),
      maxOrder: parameters.kernelOrder,
      meshPix: parameters.meshPix,
      score: parameters.method,
      shiftErr: registration.errorAt,
    },
    compute,
  );
  for (const plane of [brought.data, brought.variance, brought.mask]) compute.free(plane);
  if (subtraction === null) return null;
  const { fwhmPix } = subtraction.psf;
  const { x, y, fluxAuto } = science.columns;
  const changes = measureChanges(subtraction, findPeaks(subtraction.snr, parameters.threshold, fwhmPix, shape), {
    x,
    y,
    flux: fluxAuto,
  }).filter((change) => change.maskedShare < MOST_MASKED && Number.isFinite(change.flux));
  const noiseLimit = noisePeakLimit(width * height, fwhmPix);
  const sources = judged(changes, science.wcs, fwhmPix, noiseLimit);
  return {
    subtraction,
    registration,
    changes,
    sources,
    falsePositives: countFalse(sources, fwhmPix, parameters.minScore),
    noiseLimit,
  };
}

const pick = ({ data, variance, mask }: ImagePlanes) => ({ data, variance, mask });

const SPOILT = SourceFlag.SATURATED | SourceFlag.TRUNCATED;

/** Bright, unsaturated, whole sources, brightest first: stars and galaxies alike serve the kernel. */
function stampPlaces(c: SourceColumns): { x: number; y: number }[] {
  const fit: number[] = [];
  for (let i = 0; i < c.count; i++)
    if (c.snrWin[i]! > STAMP_SNR && (c.flags[i]! & SPOILT) === 0 && c.maskFlags[i] === 0) fit.push(i);
  return fit
    .sort((a, b) => c.fluxAuto[b]! - c.fluxAuto[a]! || a - b)
    .slice(0, MOST_STAMPS)
    .map((i) => ({ x: c.x[i]!, y: c.y[i]! }));
}

function judged(changes: readonly Change[], wcs: Wcs, fwhmPix: number, noiseLimit: number): DifferenceSources {
  const column = (value: (change: Change) => number): Float64Array => Float64Array.from(changes, value);
  const sky = changes.map(({ x, y }) => wcs.pixelToSky(x, y));
  return {
    count: changes.length,
    x: column((c) => c.x),
    y: column((c) => c.y),
    raDeg: Float64Array.from(sky, ([ra]) => ra),
    decDeg: Float64Array.from(sky, ([, dec]) => dec),
    flux: column((c) => c.flux),
    fluxErr: column((c) => c.fluxErr),
    snr: column((c) => c.snr),
    fwhmPix: column((c) => c.fwhmPix),
    chi2Psf: column((c) => c.chi2Psf),
    dipole: column((c) => c.dipole),
    starDistancePix: column((c) => c.starDistancePix),
    starRatio: column((c) => c.starRatio),
    realBogus: column((c) => realBogus(c, fwhmPix, noiseLimit).score),
    flags: Int32Array.from(changes, (c) => flagsOf(c, fwhmPix)),
  };
}

function flagsOf(c: Change, fwhmPix: number): number {
  let flags = 0;
  if (c.edgePix < 1.5 * fwhmPix) flags |= DifferenceFlag.EDGE;
  if (c.dipole > 0.3) flags |= DifferenceFlag.DIPOLE;
  if (c.starDistancePix < fwhmPix && c.starRatio > 50) flags |= DifferenceFlag.STAR_RESIDUAL;
  if (c.shapeGain > 20 || c.chi2Psf > 3) flags |= DifferenceFlag.SHAPE;
  if (c.maskedShare > 0.1) flags |= DifferenceFlag.MASKED;
  return flags;
}

/** Candidates that fell where no star is that could have faded. */
function countFalse(
  { count, snr, realBogus: score, starDistancePix, starRatio }: DifferenceSources,
  fwhmPix: number,
  minScore: number,
): number {
  let n = 0;
  for (let i = 0; i < count; i++) {
    const fadedStar = starDistancePix[i]! < 0.7 * fwhmPix && starRatio[i]! > 0.1;
    if (snr[i]! < 0 && score[i]! >= minScore && !fadedStar) n++;
  }
  return n;
}
