import { z } from 'zod';
import { candidateList } from './candidates.ts';
import { unitMetrics } from './unit-metrics.ts';

/** A picture of the page, PNG in base64. `scaleArcsec`: of one of its pixels; north and east as angles, counter-clockwise from up [deg]. */
export const pagePicture = z.object({
  png: z.string(),
  width: z.int(),
  height: z.int(),
  scaleArcsec: z.number(),
  northDeg: z.number(),
  eastDeg: z.number(),
  /** Pixel (x, y) of the stack → pixel of the picture, from its upper left: (a x + b y + c, d x + e y + f). */
  affine: z.tuple([z.number(), z.number(), z.number(), z.number(), z.number(), z.number()]),
  caption: z.string(),
});
export type PagePicture = z.infer<typeof pagePicture>;

/** Points of a plot as columns of one length; null: not measured. */
const column = z.array(z.number().nullable());

const summaryFrame = z.object({
  frameId: z.string(),
  startedAt: z.string(),
  midMjdUtc: z.number(),
  sinceTriggerSec: z.number().nullable(),
  exposureSec: z.number(),
  accepted: z.boolean(),
  reason: z.string().nullable(),
  /** Weight in the stack [1]; null when not in it. */
  weight: z.number().nullable(),
  transparency: z.number().nullable(),
  transparencyErr: z.number().nullable(),
  fwhmArcsec: z.number().nullable(),
  skyElectronPerPixel: z.number().nullable(),
  airmass: z.number().nullable(),
  zeroPointMag: z.number().nullable(),
  zeroPointErrMag: z.number().nullable(),
  limitMag5Sigma: z.number().nullable(),
  rmsArcsec: z.tuple([z.number(), z.number()]).nullable(),
  matched: z.int().nullable(),
  rejectedPixels: z.int().nullable(),
  sha256: z.string(),
});

/** `summary.json`: all that the page of a unit says, with units and errors. The page is made of this alone. */
export const unitSummary = z.object({
  schema: z.literal('colibri.unit-summary/1'),
  unit: z.string(),
  nightId: z.string(),
  target: z.string(),
  camera: z.string(),
  filter: z.string(),
  /** false: a first look while frames still arrive. */
  isFinal: z.boolean(),
  triggeredAt: z.string().nullable(),
  /** ICRS [deg], and its place on the stack [pix]. */
  alert: z
    .object({
      raDeg: z.number(),
      decDeg: z.number(),
      radiusDeg: z.number().nullable(),
      x: z.number().nullable(),
      y: z.number().nullable(),
    })
    .nullable(),
  /** First start, last end, and the middle of the light. */
  startedAt: z.string(),
  endedAt: z.string(),
  midMjdUtc: z.number(),
  startSinceTriggerSec: z.number().nullable(),
  endSinceTriggerSec: z.number().nullable(),
  midSinceTriggerSec: z.number().nullable(),
  /** The answer in one sentence, and its numbers. */
  verdict: z.object({
    kind: z.enum(['detection', 'limit', 'nothing measured']),
    sentence: z.string(),
    /** Name of the candidate that it speaks of. */
    candidate: z.string().nullable(),
    band: z.string(),
    catalog: z.string().nullable(),
    limitMag5Sigma: z.number().nullable(),
    limitMag3Sigma: z.number().nullable(),
  }),
  metrics: unitMetrics,
  stack: z.object({
    widthPix: z.int(),
    heightPix: z.int(),
    /** ICRS of its middle [deg]. */
    raDeg: z.number(),
    decDeg: z.number(),
    scaleArcsec: z.number(),
    frames: z.int(),
    exposureSec: z.number(),
    fwhmPix: z.number(),
    covarianceFactor: z.number(),
  }),
  calibration: z
    .object({
      system: z.literal('AB'),
      zeroPointMag: z.number(),
      zeroPointErrMag: z.number(),
      colourTerm: z.number(),
      colourTermErr: z.number(),
      colour: z.string().nullable(),
      defaultColourMag: z.number(),
      spatialOrder: z.int(),
      intrinsicScatterMag: z.number(),
      stars: z.int(),
      heldOut: z.object({ offsetMag: z.number(), scatterMag: z.number(), stars: z.int() }).nullable(),
      band: z.string(),
      catalog: z.string(),
      transformation: z.string(),
      note: z.string().nullable(),
    })
    .nullable(),
  astrometry: z.object({
    catalog: z.string().nullable(),
    distortionOrder: z.int(),
    rmsArcsec: z.tuple([z.number(), z.number()]).nullable(),
    /** Stack against catalogue: median offset and robust scatter along RA and Dec [arcsec], sources. */
    offsetArcsec: z.tuple([z.number(), z.number()]).nullable(),
    scatterArcsec: z.tuple([z.number(), z.number()]).nullable(),
    matched: z.int(),
  }),
  difference: z
    .object({
      template: z.string(),
      origin: z.string(),
      templateMidMjdUtc: z.number().nullable(),
      detections: z.int(),
      falsePositives: z.int(),
      residualAtStars: z.number(),
      residualOnSky: z.number(),
    })
    .nullable(),
  /** Why there is no difference, in a sentence; null: there is one. */
  differenceNote: z.string().nullable().default(null),
  frames: z.array(summaryFrame),
  candidates: candidateList,
  /** Catalogued sources of the stack: how many, and of the brightest a table. */
  catalogued: z.object({
    count: z.int(),
    uncatalogued: z.int(),
    rows: z.array(
      z.object({
        source: z.int(),
        raDeg: z.number(),
        decDeg: z.number(),
        mag: z.number().nullable(),
        magErr: z.number().nullable(),
        catalogMag: z.number().nullable(),
        catalogArcsec: z.number().nullable(),
        isStar: z.boolean(),
        snr: z.number().nullable(),
        fwhmPix: z.number().nullable(),
      }),
    ),
  }),
  plots: z.object({
    /** Measured minus catalogue magnitude of stars; x and y on the stack [pix]. */
    calibration: z.object({ mag: column, residual: column, err: column, x: column, y: column }),
    /** Rms of a source between frames against what its errors say [mag]. */
    scatter: z.object({ mag: column, measured: column, expected: column }),
    /** Median residual against the catalogue in cells of the stack [pix; arcsec east, north], and sources in each. */
    quiver: z.object({ x: column, y: column, east: column, north: column, sources: z.array(z.int()) }),
    /** Every tested source: S/N of all frames together and Δχ² of a trend over a constant; names of those in no catalogue. */
    variability: z.object({ snr: column, deltaChi2: column, isCatalogued: z.array(z.boolean()), names: z.array(z.string()) }),
    completeness: z.array(z.object({ mag: z.number(), injected: z.int(), recovered: z.int() })),
    /** 5 sigma limit over the stack, row by row from the lower left [AB mag]. */
    limitMap: z.object({ columns: z.int(), rows: z.int(), mag: column }),
  }),
  pictures: z.object({
    chart: pagePicture.nullable(),
    difference: pagePicture.nullable(),
    /** By candidate name. */
    cutouts: z.record(
      z.string(),
      z.object({ science: pagePicture, template: pagePicture.nullable(), difference: pagePicture.nullable() }),
    ),
  }),
  /** From the newest frame's end of exposure to this summary [s]; null when not online. */
  latencySec: z.number().nullable(),
  warnings: z.array(z.string()),
  provenance: z.object({
    software: z.object({ name: z.string(), version: z.string() }),
    pipeline: z.string(),
    modules: z.record(z.string(), z.string()),
    configHash: z.string(),
    parameters: z.record(z.string(), z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))),
    inputs: z.array(z.object({ role: z.string(), name: z.string(), sha256: z.string().nullable() })),
    replay: z.string(),
  }),
  /** From this page to the one over all filters of the target; null: there is none. */
  eventPage: z.string().nullable().default(null),
});
export type UnitSummary = z.infer<typeof unitSummary>;
export type SummaryFrame = z.infer<typeof summaryFrame>;
