import { fft2 } from '../fft/fft.ts';
import type { PsfModel } from '../psf/psf-model.ts';
import { psfStamp } from '../psf/psf-stamp.ts';
import type { Shape } from '../shape.ts';
import { type BlockKernels, blockKernels, blockMiddle } from './convolve-blocks.ts';
import { basisImages, kernelAt, type MatchingKernel } from './matching-kernel.ts';
import { noiseSpectrum } from './noise-spectrum.ts';

export interface ScoreFilterInput extends Shape {
  /** Of the image that is not convolved: the stars of the difference look like this. */
  readonly psf: PsfModel;
  readonly kernel: MatchingKernel;
  readonly blockPix: number;
  /** Half-width of the filters [pix]. */
  readonly radius: number;
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
  /** Its variance: these, applied to the variances of target and source, and added. */
  readonly targetNoise: BlockKernels;
  readonly sourceNoise: BlockKernels;
  /** Score of a star of unit flux by block. */
  readonly flux: Float64Array;
}

/** Pixels per side of the transforms: no filter reaches further than half. */
const SIZE = 64;
const MOST_RADIUS = 15;

/**
 * The optimal filter for a new star in `target − kernel ⊗ source`. With white noise in both images the noise of the difference has the power
 * `σ_t² + σ_s² |k|²` at each frequency, so the filter is the star's image divided by it. That is the score image S of Zackay, Ofek &
 * Gal-Yam 2016 with the two point-spread functions tied by the kernel, `P_t = k P_s`: then their equation 12 becomes this one, and no
 * inaccuracy of the PSF models can leave light of constant stars behind.
 *
 * Source: Zackay, Ofek & Gal-Yam 2016, ApJ 830, 27, eqs. 12–17 and 25–27 (variances); Reiss & Lupton 2016, DMTN-021 (the kernel's share).
 */
export function scoreFilters(input: ScoreFilterInput): ScoreFilters {
  const { psf, kernel, blockPix } = input;
  const radius = Math.min(input.radius, MOST_RADIUS);
  const side = 2 * radius + 1;
  const wide = 2 * MOST_RADIUS + 1;
  const score = blockKernels(input, blockPix, side);
  const targetNoise = blockKernels(input, blockPix, side);
  const sourceNoise = blockKernels(input, blockPix, wide);
  const count = score.columns * score.rows;
  const flux = new Float64Array(count);
  const fft = fft2(SIZE);
  const images = basisImages(kernel.basis);
  const spectrumT = noiseSpectrum(SIZE, input.targetCovariance);
  const spectrumS = noiseSpectrum(SIZE, input.sourceCovariance);
  const area = SIZE * SIZE;
  const [p, pi, k, ki] = [0, 1, 2, 3].map(() => new Float64Array(area)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const psfRadius = Math.min(SIZE / 2 - 1, Math.ceil(psf.radiusPix));
  for (let block = 0; block < count; block++) {
    const [x, y] = blockMiddle(score, input, block);
    const star = psfStamp(psf, Math.round(x), Math.round(y), psfRadius);
    place(star, psfRadius, p, pi);
    place(kernelAt(kernel, x, y, images), kernel.basis.radius, k, ki);
    fft.forward(p, pi);
    fft.forward(k, ki);
    const vt = input.targetVariance[block]!;
    const vs = input.sourceVariance[block]!;
    let powerW = 0;
    let noiseT = 0;
    let powerG = 0;
    let noiseS = 0;
    for (let i = 0; i < area; i++) {
      const kk = k[i]! ** 2 + ki[i]! ** 2;
      const w = 1 / (vt * spectrumT[i]! + vs * kk * spectrumS[i]!);
      const re = p[i]! * w;
      const im = pi[i]! * w;
      const ww = re * re + im * im;
      powerW += ww;
      noiseT += ww * spectrumT[i]!;
      powerG += ww * kk;
      noiseS += ww * kk * spectrumS[i]!;
      p[i] = re;
      pi[i] = im;
      // What the score sees of the source image: w correlated with k.
      const gr = re * k[i]! + im * ki[i]!;
      const gi = im * k[i]! - re * ki[i]!;
      k[i] = gr;
      ki[i] = gi;
    }
    fft.inverse(p, pi);
    fft.inverse(k, ki);
    const w = cut(p, radius);
    let sum = 0;
    for (let j = -radius; j <= radius; j++)
      for (let i = -radius; i <= radius; i++)
        if (Math.max(Math.abs(i), Math.abs(j)) <= psfRadius)
          sum += w[(j + radius) * side + i + radius]! * star[(j + psfRadius) * (2 * psfRadius + 1) + i + psfRadius]!;
    flux[block] = sum;
    score.data.set(w, block * side * side);
    targetNoise.data.set(
      w.map((v) => (v * v * noiseT) / powerW),
      block * side * side,
    );
    sourceNoise.data.set(
      cut(k, MOST_RADIUS).map((v) => (v * v * noiseS) / powerG),
      block * wide * wide,
    );
  }
  return { score, targetNoise, sourceNoise, flux };
}

/** A stamp about pixel (0, 0), wrapped round the corners. */
function place(stamp: Float64Array, radius: number, re: Float64Array, im: Float64Array): void {
  re.fill(0);
  im.fill(0);
  const side = 2 * radius + 1;
  const half = Math.min(radius, SIZE / 2 - 1);
  for (let j = -half; j <= half; j++)
    for (let i = -half; i <= half; i++)
      re[((j + SIZE) % SIZE) * SIZE + ((i + SIZE) % SIZE)] = stamp[(j + radius) * side + i + radius]!;
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

/** `noiseFactor`: what correlation of the source's noise adds to the variance of `kernel ⊗ source` in the middle of the image [1]. */
export function matchedNoiseFactor(kernel: MatchingKernel, covariance: number): number {
  const spectrum = noiseSpectrum(SIZE, covariance);
  const re = new Float64Array(SIZE * SIZE);
  const im = new Float64Array(SIZE * SIZE);
  place(kernelAt(kernel, kernel.originX, kernel.originY), kernel.basis.radius, re, im);
  fft2(SIZE).forward(re, im);
  let flat = 0;
  let sum = 0;
  for (let i = 0; i < re.length; i++) {
    const kk = re[i]! ** 2 + im[i]! ** 2;
    flat += kk;
    sum += kk * spectrum[i]!;
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
  const [x, y] = [Math.round(kernel.originX), Math.round(kernel.originY)];
  const area = SIZE * SIZE;
  const [p, pi, k, ki] = [0, 1, 2, 3].map(() => new Float64Array(area)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  // As far as the fit looks.
  const radius = Math.max(3, Math.ceil(1.25 * psf.fwhmPix));
  place(psfStamp(psf, x, y, radius), radius, p, pi);
  place(kernelAt(kernel, x, y), kernel.basis.radius, k, ki);
  const fft = fft2(SIZE);
  fft.forward(p, pi);
  fft.forward(k, ki);
  const spectrumT = noiseSpectrum(SIZE, targetCovariance);
  const spectrumS = noiseSpectrum(SIZE, sourceCovariance);
  let [seen, stars, all] = [0, 0, 0];
  for (let i = 0; i < area; i++) {
    const noise = sky.target * spectrumT[i]! + sky.source * (k[i]! ** 2 + ki[i]! ** 2) * spectrumS[i]!;
    const star = p[i]! ** 2 + pi[i]! ** 2;
    seen += star * noise;
    stars += star;
    all += noise;
  }
  return Math.sqrt((seen / stars) * (area / all));
}
