import { defineError } from '@colibri/base';

export const numericsShape = defineError<{ what: string; found: number; expected: number }>({
  code: 'NUMERICS_SHAPE',
  retry: 'never',
  summary: 'An array does not have the length that the image shape asks for.',
  message: (f) => `${f.what} has ${f.found} values; ${f.expected} were expected.`,
  hint: 'The frame and its masters differ in size, or a window was cut: compare their NAXIS1 and NAXIS2.',
});

export const numericsArgument = defineError<{ what: string; found: string; expected: string }>({
  code: 'NUMERICS_ARGUMENT',
  retry: 'never',
  summary: 'A numeric function was asked for something it cannot do.',
  message: (f) => `${f.what} is ${f.found}; expected ${f.expected}.`,
  hint: 'Correct the parameter in the configuration of the module named in the log line.',
});

export const computeMemoryFull = defineError<{ askedBytes: number; freeBytes: number; totalBytes: number }>({
  code: 'COMPUTE_MEMORY_FULL',
  retry: 'later',
  summary: 'The shared memory for images has no room for another array.',
  message: (f) =>
    `No room for ${f.askedBytes} bytes: the largest free piece has ${f.freeBytes} of ${f.totalBytes} bytes of image memory.`,
  hint: 'Reduce the number of frames treated at once, or give the pipeline more megabytes.',
});

export const computeNotOwned = defineError<{ what: string }>({
  code: 'COMPUTE_NOT_OWNED',
  retry: 'never',
  summary: 'An array was freed that the image memory does not hold (any more).',
  message: (f) => `${f.what} was freed twice or never allocated here.`,
  hint: 'A fault of this software: report it with the log line. Other work is not affected.',
});

export const computeKernelsMissing = defineError<{ path: string }>({
  code: 'COMPUTE_KERNELS_MISSING',
  retry: 'never',
  summary: 'The compiled numeric functions are not there.',
  message: (f) => `${f.path} does not exist.`,
  hint: 'Run `npm run build` once; without it the slower plain TypeScript functions can be used.',
});

export const computeWorkerFailed = defineError<{ what: string }>({
  code: 'COMPUTE_WORKER_FAILED',
  retry: 'later',
  summary: 'A thread of the compute pool failed.',
  message: (f) => `A compute thread failed: ${f.what}`,
  hint: 'The frame can be tried again; if it fails twice, keep it and report the log line.',
});

export const computeClosed = defineError<Record<string, never>>({
  code: 'COMPUTE_CLOSED',
  retry: 'later',
  summary: 'Work was given to a compute pool that has been closed.',
  message: () => 'The compute pool is closed.',
  hint: 'The program is ending; the frame will be treated at the next start.',
});

export const computeUnknownTask = defineError<{ name: string }>({
  code: 'COMPUTE_UNKNOWN_TASK',
  retry: 'never',
  summary: 'A task was asked for that is not in the table of tasks.',
  message: (f) => `No task is called ${f.name}.`,
  hint: 'A fault of this software: the function is missing in numerics/src/pool/tasks.ts.',
});
