import { z } from 'zod';

/** The words of the screen for a frame's life (instrument-center §3.3). `published` and after are final. */
export const frameState = z.enum([
  'arriving',
  'queued',
  'reducing',
  'reduced',
  'measured',
  'published',
  'skipped',
  'failed',
  'quarantined',
]);
export type FrameState = z.infer<typeof frameState>;

/** One cell of the frame × module matrix. `off`: switched off in pipeline.cfg or not part of this version. */
export const cellState = z.enum(['off', 'waiting', 'running', 'done', 'failed', 'skipped']);
export type CellState = z.infer<typeof cellState>;

export const moduleCell = z.object({
  module: z.string(),
  state: cellState,
  startedAt: z.iso.datetime().nullable(),
  /** Wall time [s]. */
  seconds: z.number().nullable(),
  /** Why skipped or failed. */
  reason: z.string().nullable(),
});
export type ModuleCell = z.infer<typeof moduleCell>;

/** What a person reads about a failure: never a stack trace. */
export const failure = z.object({
  code: z.string(),
  message: z.string(),
  hint: z.string(),
  module: z.string().nullable(),
  quarantinePath: z.string().nullable(),
});
export type Failure = z.infer<typeof failure>;

/** The figures of one measured frame. null: not known; never zero in its stead. */
export const frameMetrics = z.object({
  /** Sky level [electron/pixel]. */
  skyElectronPerPixel: z.number().nullable(),
  /** Background noise per pixel [electron rms]. */
  skyRmsElectron: z.number().nullable(),
  /** Median stellar FWHM [arcsec] and [pixel]. */
  fwhmArcsec: z.number().nullable(),
  fwhmPix: z.number().nullable(),
  /** Median elongation of stars [1]. */
  elongation: z.number().nullable(),
  sourceCount: z.int().nullable(),
  matchedCount: z.int().nullable(),
  /** Astrometric residual against the reference catalogue, per axis [arcsec rms]. */
  wcsRmsArcsec: z.number().nullable(),
  /** AB magnitude of 1 electron/s for total fluxes [mag], its error and the scatter of stars [mag]. */
  zeroPointMag: z.number().nullable(),
  zeroPointErrMag: z.number().nullable(),
  zeroPointScatterMag: z.number().nullable(),
  zeroPointStars: z.int().nullable(),
  /** 5 σ point-source limit [AB mag]. */
  limitMag5Sigma: z.number().nullable(),
  /** Share of saturated pixels [1]. */
  saturatedFraction: z.number().nullable(),
  /** Pixels flagged as cosmic rays. */
  cosmicPixels: z.int().nullable(),
});
export type FrameMetrics = z.infer<typeof frameMetrics>;

/** Files of one frame, relative to the workspace of its pipeline. */
export const frameProducts = z.object({
  reduced: z.string().nullable(),
  catalog: z.string().nullable(),
  summary: z.string().nullable(),
});
export type FrameProducts = z.infer<typeof frameProducts>;

/** One row of the board: one frame in one pipeline instance. */
export const frameRow = z.object({
  /** `<pipeline>/<frameId>/r<revision>`: unique. */
  key: z.string(),
  /** Raw base name, e.g. `20260101T042001C0o`. */
  frameId: z.string(),
  revision: z.int(),
  /** Name of the pipeline section in gp1.cfg; `gp1` for rows that belong to no pipeline (unreadable files, calibrations). */
  pipeline: z.string(),
  /** `YYYY-MM-DD`, the evening at the site. */
  nightId: z.string(),
  /** Start of exposure by the header; null when unreadable. */
  observedAt: z.iso.datetime().nullable(),
  receivedAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  camera: z.string().nullable(),
  filter: z.string().nullable(),
  /** object, focus, flat, bias, dark … */
  type: z.string().nullable(),
  /** TRGID as mapped (pipeline.md §2.3). */
  target: z.string().nullable(),
  isAlert: z.boolean(),
  exposureSec: z.number().nullable(),
  state: frameState,
  cells: z.array(moduleCell),
  failure: failure.nullable(),
  /** Doubts that did not stop the frame, as sentences. */
  warnings: z.array(z.string()),
  metrics: frameMetrics.nullable(),
  products: frameProducts,
  /** From file closed to published [s]. */
  latencySec: z.number().nullable(),
});
export type FrameRow = z.infer<typeof frameRow>;

/** Nothing known yet. */
export const noMetrics: FrameMetrics = Object.freeze({
  skyElectronPerPixel: null,
  skyRmsElectron: null,
  fwhmArcsec: null,
  fwhmPix: null,
  elongation: null,
  sourceCount: null,
  matchedCount: null,
  wcsRmsArcsec: null,
  zeroPointMag: null,
  zeroPointErrMag: null,
  zeroPointScatterMag: null,
  zeroPointStars: null,
  limitMag5Sigma: null,
  saturatedFraction: null,
  cosmicPixels: null,
});
