/**
 * Detected sources as columns of one length `count`. Positions are 0-based pixels, integer at pixel centres, x right, y up.
 * Fluxes are in the unit of the image (electron). NaN: not measurable.
 */
export interface SourceColumns {
  readonly count: number;
  /** Windowed centroid [pix] and its 1 sigma errors [pix]. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly xErr: Float64Array;
  readonly yErr: Float64Array;
  readonly fluxAuto: Float64Array;
  readonly fluxAutoErr: Float64Array;
  readonly fluxAper: Float64Array;
  readonly fluxAperErr: Float64Array;
  /** Gaussian-windowed (matched) flux over its error [1]. */
  readonly snrWin: Float64Array;
  /** Value above background of the brightest pixel. */
  readonly peak: Float64Array;
  /** Background at the centroid, per pixel. */
  readonly background: Float64Array;
  readonly fwhm: Float64Array;
  /** Semi-axes [pix] and position angle of the major axis, counter-clockwise from +x [deg]. */
  readonly a: Float64Array;
  readonly b: Float64Array;
  readonly thetaDeg: Float64Array;
  /** Kron radius in units of a. */
  readonly kronRadius: Float64Array;
  /** Pixels in the isophote. */
  readonly areaPix: Int32Array;
  /** SourceFlag bits. */
  readonly flags: Int32Array;
  /** OR of MaskPlane bits inside the isophote. */
  readonly maskFlags: Int32Array;
}

/** Bits of FLAGS, with the meaning that users of source-extractor know. */
export const SourceFlag = {
  /** Neighbours or bad pixels bias AUTO by more than about 10 %. */
  CROWDED: 1,
  /** Deblended from another source. */
  BLENDED: 2,
  /** At least one pixel saturated. */
  SATURATED: 4,
  /** Isophote touches the border. */
  TRUNCATED: 8,
  /** Aperture incomplete or with masked pixels. */
  APERTURE_INCOMPLETE: 16,
  /** Windowed centroid did not converge; the isophotal one stands. */
  CENTROID_FAILED: 64,
} as const;
