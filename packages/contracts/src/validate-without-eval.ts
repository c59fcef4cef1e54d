import { config } from 'zod';

/** Tells the schemas never to compile with `eval`: under a strict content security policy even the attempt is reported. Call once, before parsing. */
export function validateWithoutEval(): void {
  config({ jitless: true });
}
