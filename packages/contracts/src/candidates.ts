import { z } from 'zod';

/** What a candidate is taken for, in words. `faint`: below the reach of the catalogue and steady, so nothing says that it is new. */
export const candidateClass = z.enum([
  'afterglow candidate',
  'transient',
  'variable star',
  'minor planet',
  'moving source',
  'high proper motion star',
  'faint',
  'unknown',
  'artefact',
]);
export type CandidateClass = z.infer<typeof candidateClass>;

/** Flux of a candidate in one image, at a position that was not refitted; negative values are as good as others. */
export const lightPoint = z.object({
  image: z.string(),
  kind: z.enum(['frame', 'stack', 'half', 'difference']),
  /** Start of the image and middle of its light; seconds since the trigger, or null when it is not known. */
  startedAt: z.string(),
  midMjdUtc: z.number(),
  sinceTriggerSec: z.number().nullable(),
  exposureSec: z.number(),
  /** Total flux [µJy, AB], its own 1 sigma error, and the relative error that all sources of the image share [1]. */
  fluxMicroJy: z.number(),
  fluxErrMicroJy: z.number(),
  scaleErr: z.number(),
  /** Masked or saturated pixels lie under it: it is shown, and not used in fits. */
  isSuspect: z.boolean(),
});
export type LightPoint = z.infer<typeof lightPoint>;

/** How a light curve differs from a constant. All fits in flux, limits and negative fluxes as they are. */
export const variability = z.object({
  points: z.int(),
  meanMicroJy: z.number(),
  meanErrMicroJy: z.number(),
  /** Of the constant, over points − 1 degrees of freedom. */
  chi2Constant: z.number(),
  /** F = flux · (t / refSec)^index; t since the trigger. null: no trigger, or the fit is not possible. */
  powerLaw: z
    .object({
      index: z.number(),
      indexErr: z.number(),
      fluxMicroJy: z.number(),
      fluxErrMicroJy: z.number(),
      refSec: z.number(),
      chi2: z.number(),
    })
    .nullable(),
  /** Linear in time instead, relative change per hour of the mean [1/h]; given when there is no power law. */
  slopePerHour: z.number().nullable(),
  slopePerHourErr: z.number().nullable(),
  /** χ² of the constant minus χ² of the trend (power law or line). */
  deltaChi2: z.number(),
  /** Probability that a steady star of this brightness in this field looks so by chance, once, and among all sources tested. */
  falseAlarmOne: z.number(),
  falseAlarm: z.number(),
  isVariable: z.boolean(),
});
export type Variability = z.infer<typeof variability>;

/** One term of the score: logit(score) is the sum of the contributions. */
export const scoreTerm = z.object({
  name: z.string(),
  /** What was measured, as words and numbers. */
  value: z.string(),
  contribution: z.number(),
  /** Its part of the sum of the absolute contributions [1]. */
  share: z.number(),
});
export type ScoreTerm = z.infer<typeof scoreTerm>;

export const candidate = z.object({
  /** `Jhhmmss.ss+ddmmss.s`. */
  name: z.string(),
  /** NUMBER in the stack catalogue; null when it was found elsewhere. */
  source: z.int().nullable(),
  /** 1: first. */
  rank: z.int(),
  class: candidateClass,
  /** Why it is put into this class. */
  reason: z.string(),
  /** 0 … 1. */
  score: z.number(),
  terms: z.array(scoreTerm),
  foundOn: z.array(z.enum(['stack', 'difference', 'frames'])),
  /** ICRS [deg], 1 sigma per axis [arcsec] of the measurement and of the coordinate system, and place on the stack [pix, 0-based]. */
  raDeg: z.number(),
  decDeg: z.number(),
  errArcsec: z.number().nullable(),
  x: z.number().nullable(),
  y: z.number().nullable(),
  /** PSF magnitude of the stack, or of the change where only the difference shows it [AB]; error with zero point. */
  mag: z.number().nullable(),
  magErr: z.number().nullable(),
  snr: z.number().nullable(),
  fwhmPix: z.number().nullable(),
  spreadModel: z.number().nullable(),
  spreadModelErr: z.number().nullable(),
  chi2Psf: z.number().nullable(),
  /** Of the difference: change [electron/s], significance, share of an opposite lobe, and belief that it is real. */
  difference: z
    .object({
      flux: z.number(),
      fluxErr: z.number(),
      snr: z.number(),
      dipole: z.number().nullable(),
      realBogus: z.number().nullable(),
      flags: z.int(),
    })
    .nullable(),
  /** Frames with light at the place, and those where it shows above 2.5 sigma. */
  frames: z.int(),
  detectedFrames: z.int(),
  /** The entry that it is; null: in no catalogue. */
  entry: z
    .object({
      catalog: z.string(),
      arcsec: z.number(),
      mag: z.number().nullable(),
      isStar: z.boolean().nullable(),
    })
    .nullable(),
  /** Galaxies nearby, by the chance that such a galaxy lies so close [1]. */
  hosts: z.array(
    z.object({
      raDeg: z.number(),
      decDeg: z.number(),
      arcsec: z.number(),
      mag: z.number(),
      band: z.string(),
      chance: z.number(),
    }),
  ),
  alertArcsec: z.number().nullable(),
  isInAlertCircle: z.boolean().nullable(),
  minorPlanet: z.object({ name: z.string(), magV: z.number().nullable(), arcsec: z.number() }).nullable(),
  /** Motion seen between frames [arcsec/h], frames that show it, rms about the straight line [arcsec]. */
  motion: z
    .object({
      raRateArcsecH: z.number(),
      decRateArcsecH: z.number(),
      errArcsecH: z.number(),
      frames: z.int(),
      rmsArcsec: z.number(),
    })
    .nullable(),
  variability: variability.nullable(),
  light: z.array(lightPoint),
});
export type Candidate = z.infer<typeof candidate>;

/** A detection that is not followed up, and why: nothing is dropped silently. */
export const rejectedDetection = z.object({
  source: z.int().nullable(),
  raDeg: z.number(),
  decDeg: z.number(),
  mag: z.number().nullable(),
  snr: z.number().nullable(),
  class: candidateClass,
  reason: z.string(),
});
export type RejectedDetection = z.infer<typeof rejectedDetection>;

/** `candidates.json`. */
export const candidateList = z.object({
  schema: z.literal('colibri.candidates/1'),
  unit: z.string(),
  nightId: z.string(),
  filter: z.string(),
  camera: z.string(),
  catalog: z.string().nullable(),
  /** Magnitude where the catalogue knows half of the stack's sources [mag]; null when it knows more, or cannot be asked. */
  catalogDepthMag: z.number().nullable(),
  /** Stars that say what variability steady stars show, and sources that were tested. */
  referenceStars: z.int(),
  tested: z.int(),
  /** Asked and answered; null: no service is configured; a sentence when it did not answer. */
  minorPlanets: z.object({ asked: z.boolean(), inField: z.int().nullable(), failure: z.string().nullable() }),
  candidates: z.array(candidate),
  rejected: z.array(rejectedDetection),
});
export type CandidateList = z.infer<typeof candidateList>;
