import type { Compute } from '../compute.ts';
import { assertPlane } from '../shape.ts';
import { medianOf } from '../stats/quantile.ts';
import { fitMatchingKernel } from './fit-matching-kernel.ts';
import { matchImage, withoutBad } from './match-image.ts';
import { residualNoise } from './residual-noise.ts';
import { inScienceUnit, starScale } from './science-unit.ts';
import { fitNoiseFactor } from './score-filters.ts';
import { blockMedians, type DifferencePlanes, makeScore, type ScoreDesign } from './score-image.ts';
import type { SubtractImage, Subtraction, SubtractOptions } from './subtraction.ts';

/**
 * The reference may be so much wider than the science image [1] and is still the one that is convolved, and sharpened a little: where both
 * are alike each has parts of the field that are sharper, and the reference, deeper as a rule, has less noise to amplify.
 */
const MOST_SHARPENED = 1.1;

/**
 * Subtracts two images of one sky. The reference, or else the sharper, is convolved with a kernel that varies over the image (see `fitMatchingKernel`), the rest of
 * the sky background is taken off, and the score of a new or gone star is made with the optimal filter (see `makeScore`).
 *
 * @returns null with fewer than three usable stamps
 */
export async function subtractImages(
  science: SubtractImage,
  reference: SubtractImage,
  options: SubtractOptions,
  compute: Compute,
): Promise<Subtraction | null> {
  const { width, height } = science;
  const shape = { width, height };
  for (const plane of [science.data, science.variance, science.mask]) assertPlane(plane, shape, 'A plane of the science image');
  for (const plane of [reference.data, reference.variance, reference.mask]) assertPlane(plane, shape, 'A plane of the reference');
  const convolved = reference.psf.fwhmPix <= MOST_SHARPENED * science.psf.fwhmPix ? 'reference' : 'science';
  const [target, source] = convolved === 'reference' ? [science, reference] : [reference, science];

  return compute.scope(async (keep): Promise<Subtraction | null> => {
    const filled = await withoutBad(source, compute);
    keep(filled.data);
    keep(filled.variance);
    const fit = fitMatchingKernel(
      {
        ...shape,
        target: target.data,
        targetVariance: target.variance,
        targetMask: target.mask,
        source: filled.data,
        sourceVariance: filled.variance,
        sourceMask: source.mask,
      },
      options.stamps,
      {
        sigmaPix: Math.sqrt(Math.max(0, target.psf.fwhmPix ** 2 - source.psf.fwhmPix ** 2)) / 2.3548,
        finestPix: source.psf.fwhmPix / 2.3548,
        half: Math.ceil(2.5 * target.psf.fwhmPix),
        maxOrder: options.maxOrder ?? 3,
        ...(options.degrees ? { degrees: options.degrees } : {}),
      },
    );
    if (fit === null) return null;
    const { kernel } = fit;
    const sky = { target: blockMedians(target), source: blockMedians(source) };
    const planes = await matchImage(target, { ...source, ...filled }, kernel, options.meshPix ?? 128, compute);
    for (const plane of [planes.difference, planes.variance, planes.mask, planes.constant]) keep(plane);

    const design: ScoreDesign = {
      kernel,
      psf: target.psf,
      targetVariance: target.variance,
      sky,
      covariance: [target.covarianceFactor, source.covarianceFactor],
      sign: convolved === 'reference' ? 1 : -1,
      stamps: options.stamps,
      ...(options.shiftErr ? { shiftErr: options.shiftErr } : {}),
    };
    const { score = 'optimal' } = options;
    const snr = keep(compute.float32(width * height));
    const made = await makeScore(planes, design, score === 'matched', snr, compute);
    if (score === 'both') await weaker(snr, planes, design, compute);

    const used = fit.used.map((index) => options.stamps[index]!);
    const residuals = residualNoise(planes, used, target.psf.fwhmPix);
    if (convolved === 'science') inScienceUnit(kernel, starScale(kernel, target.psf, source.psf), planes);
    return {
      ...shape,
      difference: planes.difference,
      variance: planes.variance,
      mask: planes.mask,
      constant: planes.constant,
      snr,
      psf: target.psf,
      source: { ...filled, psf: source.psf },
      convolved,
      fit,
      covarianceFactor: target.covarianceFactor,
      fitNoise: fitNoiseFactor(
        target.psf,
        kernel,
        { target: medianOf(sky.target), source: medianOf(sky.source) },
        design.covariance,
      ),
      ...made,
      ...residuals,
    };
  });
}

/** The score by the star's image alone, where it is weaker. */
async function weaker(snr: Float32Array, planes: DifferencePlanes, design: ScoreDesign, compute: Compute): Promise<void> {
  await compute.scope(async () => {
    const other = compute.float32(snr.length);
    await makeScore(planes, design, true, other, compute);
    for (let i = 0; i < snr.length; i++) {
      if (snr[i]! * other[i]! <= 0) snr[i] = 0;
      else if (Math.abs(other[i]!) < Math.abs(snr[i]!)) snr[i] = other[i]!;
    }
  });
}
