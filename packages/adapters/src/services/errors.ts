import { defineError } from '@colibri/base';

export const serviceLate = defineError<{ service: string; seconds: number }>({
  code: 'SERVICE_LATE',
  retry: 'later',
  summary: 'A service of others did not answer within the time that a page waits for it.',
  message: (f) => `${f.service} did not answer within ${f.seconds} s`,
  hint: 'Nothing to be done: the answer is kept when it comes, and the next look uses it. service_deadline_seconds in gp1.cfg is the wait.',
});

export const serviceResting = defineError<{ service: string; seconds: number; what: string }>({
  code: 'SERVICE_RESTING',
  retry: 'later',
  summary: 'A service of others failed a moment ago and is not asked again for a while.',
  message: (f) => `${f.service} is not asked for another ${f.seconds} s, because it failed: ${f.what}`,
  hint: 'Check the link to the outside and the address in gp1.cfg. It is asked again by itself.',
});
