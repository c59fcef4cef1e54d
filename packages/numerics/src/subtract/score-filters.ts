import { fft2 } from '../fft/fft.ts';
import type { PsfModel } from '../psf/psf-model.ts';
import { psfStamp } from '../psf/psf-stamp.ts';
import type { Shape } from '../shape.ts';
import { type BlockKernels, blockKernels, blockMiddle } from './convolve-blocks.ts';
import { innerFilter, radiusWithin } from './filter-radius.ts';
import { kernelAt, kernelField, type MatchingKernel } from './matching-kernel.ts';
import { noiseSpectrum } from './noise-spectrum.ts';

export interface ScoreFilterInput extends Shape {
  /** Of the image that is not convolved: the stars of the difference look like this. */
  readonly psf: PsfModel;
  readonly kernel: MatchingKernel;
  readonly blockPix: number;
  /** Sky variance of the target and of the source image in each block. */
  readonly targetVariance: Float64Array;
  readonly sourceVariance: Float64Array;
  /** How far the noise of each is correlated, see `noiseSpectrum`. */
  readonly targetCovariance: number;
  readonly sourceCovariance: number;
}

/** Filters that make a score image from a difference, by blocks. */
export interface ScoreFilters {
  /** `score = Σ w(d) · difference(x + d)`. */
  readonly score: BlockKernels;
  /** Its variance: this, applied to the variance of the target plus `sourceShare` times that of `kernel ⊗ source`. */
  readonly noise: BlockKernels;
  /**
   * By block, what correlation of the noise of `kernel ⊗ source` makes of it in the score [1]. For Gaussian stars and kernels it is exact
   * beside stars as well: `(w ⊗ k)²` and `w² ⊗ k²` have one shape.
   */
  readonly sourceShare: Float64Array;
}

/** Pixels per side of the transforms: no filter reaches further than half. */
const SIZE = 64;
const AREA = SIZE * SIZE;
const FFT = fft2(SIZE);
const MOST_RADIUS = 15;
/** Share of Σ w² that is cut off: far weights cost time and see the neighbours. */
const CUT = 2e-3;

/**
 * The optimal filter for a new star in `target − kernel ⊗ source`. With white noise in both images the noise of the difference has the power
 * `σ_t² + σ_s² |k|²` at each frequency, so the filter is the star's image divided by it. That is the score image S of Zackay, Ofek &
 * Gal-Yam 2016 with the two point-spread functions tied by the kernel, `P_t = k P_s`: then their equation 12 becomes this one, and no
 * inaccuracy of the PSF models can leave light of constant stars behind.
 *
 * Source: Zackay, Ofek & Gal-Yam 2016, ApJ 830, 27, eqs. 12–17 and 25–27 (variances); Reiss & Lupton 2016, DMTN-021 (the kernel's share).
 */
export function scoreFilters(input: ScoreFilterInput): ScoreFilters {
  const blocks = blockKernels(input, input.blockPix, 1);
  const kernelOf = kernelField(input.kernel);
  const made = Array.from({ length: blocks.columns * blocks.rows }, (_, block) =>
    blockFilter(input, blockMiddle(blocks, input, block), block, kernelOf),
  );
  const radius = (power: (w: number) => number): number => Math.max(...made.map(({ w }) => radiusWithin(w.map(power), CUT)));
  const score = blockKernels(input, input.blockPix, 2 * radius((w) => w * w) + 1);
  const noise = blockKernels(input, input.blockPix, 2 * radius((w) => w ** 4) + 1);
  made.forEach(({ w, noisePerPower }, block) => {
    const inner = innerFilter(w, score.size, { keepSum: false });
    score.data.set(inner, block * score.size ** 2);
    const squares = innerFilter(
      inner.map((v) => noisePerPower * v * v),
      noise.size,
      { keepSum: true },
    );
    noise.data.set(squares, block * noise.size ** 2);
  });
  return { score, noise, sourceShare: Float64Array.from(made, ({ sourceShare }) => sourceShare) };
}

/** The filter of one block, (2 MOST_RADIUS + 1)², and what is known of its noise. */
function blockFilter(input: ScoreFilterInput, [x, y]: [number, number], block: number, kernelOf: ReturnType<typeof kernelField>) {
  const { star, starPower, kernelPower } = spectra(
    input.psf,
    Math.min(SIZE / 2 - 1, Math.ceil(input.psf.radiusPix)),
    kernelOf(x, y),
    [x, y],
  );
  const [vt, vs] = [input.targetVariance[block]!, input.sourceVariance[block]!];
  const spectrumT = noiseSpectrum(SIZE, input.targetCovariance);
  const spectrumS = noiseSpectrum(SIZE, input.sourceCovariance);
  let [powerW, noiseT, noiseS, powerK] = [0, 0, 0, 0];
  for (let i = 0; i < AREA; i++) {
    const passed = kernelPower[i]! * spectrumS[i]!;
    const w = 1 / (vt * spectrumT[i]! + vs * passed);
    star.re[i]! *= w;
    star.im[i]! *= w;
    const ww = starPower[i]! * w * w;
    powerW += ww;
    noiseT += ww * spectrumT[i]!;
    noiseS += ww * passed;
    powerK += passed;
  }
  FFT.inverse(star.re, star.im);
  return {
    w: cut(star.re, MOST_RADIUS),
    noisePerPower: noiseT / powerW,
    // The variance of kernel ⊗ source already has its own pixel's covariance in it, see `matchedNoiseFactor`.
    sourceShare: (noiseS * AREA) / (noiseT * powerK),
  };
}

/** Transforms of a star and a kernel, the two real images as the parts of one complex one: the star's, and the power of both. */
function spectra(psf: PsfModel, psfRadius: number, kernel: Float64Array, [x, y]: readonly [number, number]) {
  const re = new Float64Array(AREA);
  const im = new Float64Array(AREA);
  place(psfStamp(psf, Math.round(x), Math.round(y), psfRadius), re);
  place(kernel, im);
  FFT.forward(re, im);
  const star = { re: new Float64Array(AREA), im: new Float64Array(AREA) };
  const [starPower, kernelPower] = [new Float64Array(AREA), new Float64Array(AREA)];
  for (let y = 0, i = 0; y < SIZE; y++)
    for (let x = 0; x < SIZE; x++, i++) {
      const o = ((SIZE - y) % SIZE) * SIZE + ((SIZE - x) % SIZE);
      const [sr, si] = [(re[i]! + re[o]!) / 2, (im[i]! - im[o]!) / 2];
      const [kr, ki] = [(im[i]! + im[o]!) / 2, (re[o]! - re[i]!) / 2];
      star.re[i] = sr;
      star.im[i] = si;
      starPower[i] = sr * sr + si * si;
      kernelPower[i] = kr * kr + ki * ki;
    }
  return { star, starPower, kernelPower };
}

/** A square stamp about pixel (0, 0), wrapped round the corners. */
function place(stamp: Float64Array, image: Float64Array): void {
  const side = Math.sqrt(stamp.length);
  const radius = side >> 1;
  for (let j = -radius; j <= radius; j++)
    for (let i = -radius; i <= radius; i++)
      image[((j + SIZE) % SIZE) * SIZE + ((i + SIZE) % SIZE)] = stamp[(j + radius) * side + i + radius]!;
}

/** The middle of a wrapped image. */
function cut(image: Float64Array, radius: number): Float64Array {
  const side = 2 * radius + 1;
  const out = new Float64Array(side * side);
  for (let j = -radius; j <= radius; j++)
    for (let i = -radius; i <= radius; i++)
      out[(j + radius) * side + i + radius] = image[((j + SIZE) % SIZE) * SIZE + ((i + SIZE) % SIZE)]!;
  return out;
}

/** What correlation of the source's noise adds to the variance of `kernel ⊗ source` in the middle of the image [1]. */
export function matchedNoiseFactor(kernel: MatchingKernel, covariance: number): number {
  const spectrum = noiseSpectrum(SIZE, covariance);
  const re = new Float64Array(AREA);
  const im = new Float64Array(AREA);
  place(kernelAt(kernel, kernel.originX, kernel.originY), re);
  FFT.forward(re, im);
  let [flat, sum] = [0, 0];
  for (let i = 0; i < AREA; i++) {
    const power = re[i]! ** 2 + im[i]! ** 2;
    flat += power;
    sum += power * spectrum[i]!;
  }
  return sum / flat;
}

/**
 * Error of a flux fitted with the star's image, over what it would be with independent pixels of the same variance [1]: above 1 where
 * convolution left the noise of neighbours alike. In the middle of the image.
 */
export function fitNoiseFactor(
  psf: PsfModel,
  kernel: MatchingKernel,
  sky: { readonly target: number; readonly source: number },
  [targetCovariance, sourceCovariance]: readonly [number, number],
): number {
  // As far as the fit looks.
  const radius = Math.max(3, Math.ceil(1.25 * psf.fwhmPix));
  const at = [kernel.originX, kernel.originY] as const;
  const { starPower, kernelPower } = spectra(psf, radius, kernelAt(kernel, ...at), at);
  const spectrumT = noiseSpectrum(SIZE, targetCovariance);
  const spectrumS = noiseSpectrum(SIZE, sourceCovariance);
  let [seen, stars, all] = [0, 0, 0];
  for (let i = 0; i < AREA; i++) {
    const noise = sky.target * spectrumT[i]! + sky.source * kernelPower[i]! * spectrumS[i]!;
    seen += starPower[i]! * noise;
    stars += starPower[i]!;
    all += noise;
  }
  return Math.sqrt((seen / stars) * (AREA / all));
}
