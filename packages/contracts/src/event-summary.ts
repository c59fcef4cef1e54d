import { z } from 'zod';
import { candidateClass } from './candidates.ts';

/** Redshift of one source from its fluxes in several filters. */
export const photometricRedshift = z.object({
  /** Grid and posterior density; its integral is 1. */
  z: z.array(z.number()),
  density: z.array(z.number()),
  median: z.number(),
  /** Shortest intervals that hold 68 and 90 % of the posterior. */
  interval68: z.tuple([z.number(), z.number()]),
  interval90: z.tuple([z.number(), z.number()]),
  /** Dust in the host [mag], slope β of F ∝ λ^β: medians. */
  avMedianMag: z.number(),
  betaMedian: z.number(),
  above4: z.number(),
  above6: z.number(),
  /** A detection bluer than the Lyman limit at it forbids any higher redshift; null: none does. */
  highest: z.number().nullable(),
  /** Evidence of each dust law, and its best fit. */
  laws: z.array(
    z.object({ law: z.string(), weight: z.number(), z: z.number(), avMag: z.number(), beta: z.number(), chi2: z.number() }),
  ),
  bands: z.int(),
  detections: z.int(),
  /** How the fluxes were brought to one time, in a sentence. */
  epoch: z.string(),
});
export type PhotometricRedshift = z.infer<typeof photometricRedshift>;

/** A flux of a source in one filter [µJy, AB], at the middle of that filter's light. */
export const bandFlux = z.object({
  filter: z.string(),
  fluxMicroJy: z.number(),
  errMicroJy: z.number(),
  /** Not found there: the 3 sigma limit of the stack as a flux of zero. */
  isLimit: z.boolean(),
  midSinceTriggerSec: z.number().nullable(),
  midMjdUtc: z.number(),
});
export type EventBandFlux = z.infer<typeof bandFlux>;

/** `event.json`: the units of one target in one night, joined over filters. */
export const eventSummary = z.object({
  schema: z.literal('colibri.event-summary/1'),
  target: z.string(),
  nightId: z.string(),
  triggeredAt: z.string().nullable(),
  startedAt: z.string(),
  isFinal: z.boolean(),
  /** Units, by wavelength; the hash is that of their summary.json. */
  units: z.array(
    z.object({
      unit: z.string(),
      camera: z.string(),
      filter: z.string(),
      isFinal: z.boolean(),
      limitMag5Sigma: z.number().nullable(),
      sha256: z.string(),
    }),
  ),
  /** Units of this target that the page does not stand on, and why. */
  leftOut: z.array(z.object({ unit: z.string(), sha256: z.string(), reason: z.string() })),
  /** Places, those of the highest joint score first. */
  candidates: z.array(
    z.object({
      name: z.string(),
      class: candidateClass,
      score: z.number(),
      raDeg: z.number(),
      decDeg: z.number(),
      /** Filter → name of the candidate in that unit's list. */
      names: z.record(z.string(), z.string()),
      fluxes: z.array(bandFlux),
      photoZ: photometricRedshift.nullable(),
    }),
  ),
});
export type EventSummary = z.infer<typeof eventSummary>;
