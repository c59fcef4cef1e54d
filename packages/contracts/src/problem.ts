import { z } from 'zod';

/** Body of every refused request. */
export const problem = z.object({ code: z.string(), message: z.string(), hint: z.string(), correlationId: z.string() });
export type Problem = z.infer<typeof problem>;
