import type { PsfModel } from '../psf/psf-model.ts';
import type { Shape } from '../shape.ts';
import type { MatchingFit } from './fit-matching-kernel.ts';

/** One of the two images, on the common grid; the sky taken off but for what varies slowly. */
export interface SubtractImage extends Shape {
  readonly data: Float32Array;
  /** 1 sigma² per pixel. */
  readonly variance: Float32Array;
  /** Any bit but SATURATED: the value says nothing. */
  readonly mask: Uint16Array;
  readonly psf: PsfModel;
  /** Variance of sums over large areas over the sum of variances [1]; 1: pixels are independent. */
  readonly covarianceFactor: number;
}

export interface SubtractOptions {
  /** Places for the kernel's stamps [pix], best first: bright, unsaturated, alone. */
  readonly stamps: readonly { readonly x: number; readonly y: number }[];
  /** Highest order of the kernel's variation; default 3. */
  readonly maxOrder?: number;
  /** Cell of the background of the difference [pix]; default 128. */
  readonly meshPix?: number;
  /** Highest powers with the narrow, the middle and the wide Gaussian. */
  readonly degrees?: readonly [number, number, number];
  /** `optimal`: knows the noise of both images at each frequency; `matched`: the star's image; `both`: the weaker of the two. Default optimal. */
  readonly score?: 'optimal' | 'matched' | 'both';
  /** Error of the registration of the two images at a place [pix]; default 0. */
  readonly shiftErr?: (x: number, y: number) => number;
}

/** Science minus reference, in the unit and on the scale of the science image. All planes in the memory of `compute`. */
export interface Subtraction extends Shape {
  readonly difference: Float32Array;
  readonly variance: Float32Array;
  readonly mask: Uint16Array;
  /** Optimal statistic of a point source on each pixel [sigma]; 0 where nothing can be said. */
  readonly snr: Float32Array;
  /** The constant sky as the difference took it off: the matched image, in the science image's unit. */
  readonly constant: Float32Array;
  /** What a new star of unit flux looks like in `difference`. */
  readonly psf: PsfModel;
  readonly convolved: 'reference' | 'science';
  /** The image that was convolved as it was before, bad pixels filled: what is in it alone shows its own shape there. */
  readonly source: { readonly data: Float32Array; readonly variance: Float32Array; readonly psf: PsfModel };
  readonly fit: MatchingFit;
  readonly covarianceFactor: number;
  /** Error of a PSF flux over that with independent pixels [1], see `fitNoiseFactor`. */
  readonly fitNoise: number;
  /** Relative error of the matched image at bright stars, and misregistration of single stars [pix]: terms of the score's noise. */
  readonly modelErr: number;
  readonly shiftErrPix: number;
  /** Robust sigma of difference over expected noise: pixels of the stars of the fit, and of the sky [1]. */
  readonly residualAtStars: number;
  readonly residualOnSky: number;
  /** Noise of the score over the expected, median over the image. */
  readonly noiseScale: number;
}
