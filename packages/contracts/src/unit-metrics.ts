import { z } from 'zod';

/** The figures of one unit of frames. null: not known; never zero in its stead. */
export const unitMetrics = z.object({
  /** Frames of the unit, and those in the stack. */
  frames: z.int().nullable(),
  stackedFrames: z.int().nullable(),
  /** Joint astrometric residual per axis [arcsec rms]. */
  alignRmsArcsec: z.number().nullable(),
  /** Least and median transparency of its frames against the clear ones [1]. */
  transparencyLeast: z.number().nullable(),
  transparencyMedian: z.number().nullable(),
  stackExposureSec: z.number().nullable(),
  stackFwhmArcsec: z.number().nullable(),
  stackSourceCount: z.int().nullable(),
  /** AB magnitude of 1 electron/s, its error, scatter beyond errors, and colour term. */
  stackZeroPointMag: z.number().nullable(),
  stackZeroPointErrMag: z.number().nullable(),
  stackScatterMag: z.number().nullable(),
  stackColourTerm: z.number().nullable(),
  stackCalibrationStars: z.int().nullable(),
  /** Point-source limits of the stack [AB mag]. */
  stackLimitMag5Sigma: z.number().nullable(),
  stackLimitMag3Sigma: z.number().nullable(),
  /** Reduced χ² of the PSF model's stars. */
  psfChi2: z.number().nullable(),
  /** Robust sigma of the difference over its expected noise on the sky [1], and detections on it and on its inverse. */
  differenceNoise: z.number().nullable(),
  differenceCount: z.int().nullable(),
  differenceFalseCount: z.int().nullable(),
  candidateCount: z.int().nullable(),
});
export type UnitMetrics = z.infer<typeof unitMetrics>;

export const noUnitMetrics: UnitMetrics = Object.freeze(
  Object.fromEntries(Object.keys(unitMetrics.shape).map((name) => [name, null])) as UnitMetrics,
);
