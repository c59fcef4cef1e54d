/**
 * A point-spread function that varies over an image: planes of samples, finer than pixels where stars are small, each multiplied by a
 * polynomial of the place. Plain data, so that it can be sent to a thread and written to a file.
 *
 * Source: Bertin 2011, ASPC 442, 435 (PSFEx).
 */
export interface PsfModel {
  /** `pixels`: free samples; `moffat`: samples of a fitted profile, where stars are few. */
  readonly kind: 'pixels' | 'moffat';
  /** FWHM in the middle of the image [pix]. */
  readonly fwhmPix: number;
  /** Distance of samples [pix]; at most 1. */
  readonly stepPix: number;
  /** Samples per side of each plane, odd; the star's centre lies on the middle sample. */
  readonly size: number;
  /** Highest total power of the polynomial of the place; planes are ordered 1, u, v, u², uv, v² … */
  readonly order: number;
  /** u = (x − originX) / scaleX, v = (y − originY) / scaleY; pixel coordinates 0-based. */
  readonly originX: number;
  readonly originY: number;
  readonly scaleX: number;
  readonly scaleY: number;
  /** (order + 1)(order + 2) / 2 planes of size² samples, light per pixel of a star of unit flux. */
  readonly planes: Float32Array;
  /** Stars that made it, reduced χ² of their residuals, and relative error of the model inside one FWHM [1]. */
  readonly stars: number;
  readonly chi2: number;
  readonly relativeErr: number;
  /** Half-width [pix] inside which the samples hold what is said to be all the light: stamps sum to 1 there. */
  readonly radiusPix: number;
}
