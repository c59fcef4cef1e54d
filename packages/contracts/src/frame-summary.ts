import { z } from 'zod';
import { frameMetrics } from './frame-row.ts';

/** Where a product came from: enough to make it again. */
export const provenance = z.object({
  software: z.object({ name: z.string(), version: z.string() }),
  /** Name → version of each module that worked on it. */
  modules: z.record(z.string(), z.string()),
  /** SHA-256 of the effective configuration. */
  configHash: z.string(),
  /** Effective parameters by module, as used. */
  parameters: z.record(z.string(), z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))),
  /** Inputs by role (raw, bias, dark, flat, catalog): path or name, and SHA-256 where it is a file. */
  inputs: z.array(z.object({ role: z.string(), name: z.string(), sha256: z.string().nullable() })),
  host: z.string(),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime(),
  /** Command that makes the product again. */
  replay: z.string(),
});
export type Provenance = z.infer<typeof provenance>;

/** `catalogs/<stem>.json`, beside the catalogue: what was found, with errors, and how. */
export const frameSummary = z.object({
  schema: z.literal('colibri.frame-summary/1'),
  frameId: z.string(),
  pipeline: z.string(),
  observedAt: z.iso.datetime(),
  /** Middle of the exposure [MJD, UTC]. */
  midExposureMjdUtc: z.number(),
  exposureSec: z.number(),
  camera: z.string(),
  filter: z.string(),
  target: z.string(),
  widthPix: z.int(),
  heightPix: z.int(),
  metrics: frameMetrics,
  astrometry: z.object({
    solved: z.boolean(),
    /** Why not, or doubts. */
    reason: z.string().nullable(),
    /** Centre of the frame, ICRS [deg]. */
    raDeg: z.number().nullable(),
    decDeg: z.number().nullable(),
    pixelScaleArcsec: z.number().nullable(),
    rotationDeg: z.number().nullable(),
    parity: z.union([z.literal(1), z.literal(-1)]).nullable(),
    projection: z.string().nullable(),
    distortionOrder: z.int().nullable(),
    catalog: z.string().nullable(),
  }),
  photometry: z.object({
    system: z.literal('AB'),
    /** Band and catalogue that the zero point stands on, e.g. `r of refcat`. */
    band: z.string().nullable(),
    catalog: z.string().nullable(),
    /** Said when the band is not the frame's own. */
    note: z.string().nullable(),
  }),
  /** Module → wall time [s]; `read` and `write` included. */
  timingsSec: z.record(z.string(), z.number()),
  warnings: z.array(z.string()),
  products: z.object({ reduced: z.string().nullable(), catalog: z.string().nullable() }),
  provenance,
});
export type FrameSummary = z.infer<typeof frameSummary>;
