import { defineError } from '@colibri/base';

export const commandLine = defineError<{ what: string }>({
  code: 'COMMAND_LINE',
  retry: 'never',
  summary: 'A command was called with arguments that it cannot use.',
  message: (f) => f.what,
  hint: 'See --help.',
});

export const noInput = defineError<{ path: string; what: string }>({
  code: 'INPUT_MISSING',
  retry: 'never',
  summary: 'The input of a command does not exist or holds no frame.',
  message: (f) => `${f.path} ${f.what}`,
  hint: 'Give a folder, FITS files, or @list.txt with one path per line.',
});

export const workerDied = defineError<{ frame: string; what: string; deaths: number }>({
  code: 'WORKER_DIED',
  retry: 'later',
  summary: 'The thread that worked on a frame ended or hung. After the second time the frame is set aside.',
  message: (f) => `${f.frame}: its worker ${f.what} (${f.deaths === 1 ? 'first time' : `${f.deaths} times`})`,
  hint: 'The input may exhaust memory or time: look at it with "gp1 inspect", and report it with the log line; other frames go on.',
});

export const alreadyRunning = defineError<{ pid: number; path: string }>({
  code: 'GP1_ALREADY_RUNNING',
  retry: 'later',
  summary: 'Another gp1 works with the same state folder.',
  message: (f) => `gp1 already runs with this state folder (process ${f.pid}, ${f.path})`,
  hint: 'Stop it first, or give this one its own state_dir in [General].',
});

export const frameConflict = defineError<{ frame: string; what: string }>({
  code: 'FRAME_CONFLICT',
  retry: 'never',
  summary: 'Two frames of one name come from different cameras or nights.',
  message: (f) => `${f.frame}: ${f.what}`,
  hint: 'A person must decide which is right: rename one of the two and offer it again.',
});

export const frameDuplicate = defineError<{ frame: string; first: string }>({
  code: 'FRAME_DUPLICATE',
  retry: 'never',
  summary: 'The same bytes were offered before under another name.',
  message: (f) => `${f.frame} has the same bytes as ${f.first}, which is processed already`,
  hint: 'Nothing is lost and nothing needs doing; remove the copy, or find out why it was sent twice.',
});

export const inputVanished = defineError<{ path: string }>({
  code: 'INPUT_VANISHED',
  retry: 'never',
  summary: 'A file was removed before it could be processed.',
  message: (f) => `${f.path} is no longer there`,
  hint: 'Put it back: it is taken up by itself. Let files stay in the input until the board shows them published.',
});

export const noSpace = defineError<{ folder: string; free: string }>({
  code: 'STORAGE_LOW',
  retry: 'later',
  summary: 'Too little free space is left for products.',
  message: (f) => `${f.folder} has only ${f.free} free`,
  hint: 'Free space on that disk; waiting frames go on by themselves.',
});

export const replayImpossible = defineError<{ product: string; what: string }>({
  code: 'REPLAY_IMPOSSIBLE',
  retry: 'never',
  summary: 'A product cannot be made again from what is recorded beside it.',
  message: (f) => `${f.product} cannot be made again: ${f.what}.`,
  hint: 'Name the raw frame with --raw, the masters with --masters and the catalogues with --catalog, and use the version of gp1 that made it.',
});
