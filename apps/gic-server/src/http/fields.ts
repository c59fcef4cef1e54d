import { z } from 'zod';

/** `YYYY-MM-DD`, a day that exists. */
export const nightLabel = z.iso.date('expected a night as YYYY-MM-DD');

/** Base name of a raw file: letters, digits and `. _ + -`; no path. */
export const frameId = z
  .string()
  .regex(/^[A-Za-z0-9_+-][A-Za-z0-9._+ -]{0,199}$/, 'expected the name of a raw file without folder and extension');

/** Name of a section of gp1.cfg. */
export const pipelineName = z
  .string()
  .min(1)
  .max(100)
  .regex(/^[^/\\\p{Cc}]+$/u, 'expected the name of a pipeline');
