import { defineError } from '@colibri/base';

export const unknownRow = defineError<{ key: string; near: string | null }>({
  code: 'LEDGER_UNKNOWN_ROW',
  retry: 'never',
  summary: 'A change was asked for a frame that the ledger does not know.',
  message: (f) => `The ledger has no row ${f.key}${f.near ? `; the nearest is ${f.near}` : ''}.`,
  hint: 'Offer the frame first; if it was offered, this process talks to another database than the one that knows it.',
});

/** Where a value stands: `reduction.cfg:12`, or `command line`. */
type At = { readonly at: string };

export const configMissing = defineError<{ path: string; what: string }>({
  code: 'CONFIG_MISSING',
  retry: 'never',
  summary: 'A configuration file or folder does not exist or cannot be read.',
  message: (f) => `${f.path}: ${f.what}`,
  hint: 'Check the path given with --config or configuration_path_dir; examples that run lie in config/.',
});

export const configUnknownKey = defineError<At & { key: string; section: string; near: string | null }>({
  code: 'CONFIG_UNKNOWN_KEY',
  retry: 'never',
  summary: 'A configuration file has a key that nothing reads: most often a spelling mistake.',
  message: (f) => `${f.at}: unknown key "${f.key}" in [${f.section}]${f.near ? `; did you mean "${f.near}"?` : ''}`,
  hint: 'Correct or remove the key; docs/modules lists those of each module. A typo must not silently mean the default.',
});

export const configUnknownSection = defineError<At & { section: string; near: string | null }>({
  code: 'CONFIG_UNKNOWN_SECTION',
  retry: 'never',
  summary: 'A configuration file has a section that nothing reads.',
  message: (f) => `${f.at}: unknown section [${f.section}]${f.near ? `; did you mean [${f.near}]?` : ''}`,
  hint: 'Correct or remove the section; the examples in config/ show all of them.',
});

export const configMissingKey = defineError<At & { key: string; section: string }>({
  code: 'CONFIG_MISSING_KEY',
  retry: 'never',
  summary: 'A configuration file lacks a key that has no default.',
  message: (f) => `${f.at}: [${f.section}] lacks the key "${f.key}"`,
  hint: 'Add the key, or give it on the command line where it can be given there.',
});

export const configValue = defineError<At & { key: string; value: string; wanted: string }>({
  code: 'CONFIG_VALUE',
  retry: 'never',
  summary: 'A value in a configuration file is of the wrong kind, outside its range or in the wrong unit.',
  message: (f) => `${f.at}: ${f.key} = "${f.value}" ${f.wanted}`,
  hint: 'Correct the value; units are those of docs/modules and are not written beside the number.',
});

export const configPath = defineError<At & { key: string; path: string; what: string }>({
  code: 'CONFIG_PATH',
  retry: 'never',
  summary: 'A path in a configuration file leads nowhere.',
  message: (f) => `${f.at}: ${f.key}: ${f.path} ${f.what}`,
  hint: 'Create it or correct the path; relative paths start at the folder of the file that says them.',
});

export const configOrder = defineError<At & { module: string; needs: string }>({
  code: 'CONFIG_ORDER',
  retry: 'never',
  summary: 'A module is switched on whose input no earlier module makes.',
  message: (f) => `${f.at}: ${f.module} is on, but ${f.needs} and nothing before it makes that`,
  hint: 'Switch on the module that makes it, or switch this one off.',
});

export const configUnknownFile = defineError<{ path: string; near: string | null }>({
  code: 'CONFIG_UNKNOWN_FILE',
  retry: 'never',
  summary: 'The folder of a pipeline holds a .cfg file that belongs to no module.',
  message: (f) => `${f.path} belongs to no module${f.near ? `; did you mean ${f.near}?` : ''}`,
  hint: 'Rename or remove the file: as it stands nobody reads it.',
});

type Frame = { readonly frame: string };

export const headerMissing = defineError<Frame & { keyword: string; what: string }>({
  code: 'HEADER_MISSING',
  retry: 'never',
  summary: 'A header lacks a card without which the frame cannot be used.',
  message: (f) => `${f.frame}: the header has no ${f.keyword}: ${f.what}`,
  hint: 'Look at the header with "gp1 inspect FILE"; add the card and offer the file again.',
});

export const headerValue = defineError<Frame & { keyword: string; value: string; wanted: string }>({
  code: 'HEADER_VALUE',
  retry: 'never',
  summary: 'A header card has a value that cannot be true.',
  message: (f) => `${f.frame}: ${f.keyword} = '${f.value}' ${f.wanted}`,
  hint: 'Correct the card if the truth is known (night log, telescope log) and offer the file again.',
});

export const exposureInvalid = defineError<Frame & { keyword: string; value: string }>({
  code: 'HEADER_EXPOSURE',
  retry: 'never',
  summary: 'The exposure time of a frame is zero, negative or no number.',
  message: (f) => `${f.frame}: ${f.keyword} = '${f.value}' is no exposure time; seconds above 0 are needed`,
  hint: 'The shutter or the header writer failed: check the camera log; the pixels alone tell no rate.',
});

export const dateInFuture = defineError<Frame & { keyword: string; value: string; now: string }>({
  code: 'HEADER_FUTURE_DATE',
  retry: 'never',
  summary: 'A frame says that it was taken in the future.',
  message: (f) => `${f.frame}: ${f.keyword} = '${f.value}' lies in the future; it is ${f.now}`,
  hint: 'Compare the clock of the camera computer and the clock of this machine with UTC.',
});

export const wrongCamera = defineError<Frame & { named: string; header: string; keyword: string }>({
  code: 'FRAME_WRONG_CAMERA',
  retry: 'never',
  summary: 'The name of a file and its header disagree about the camera.',
  message: (f) => `${f.frame}: the name says camera ${f.named}, ${f.keyword} says ${f.header}`,
  hint: 'One of the two is wrong; masters of the wrong camera would spoil every pixel. Find out which, rename or correct, offer again.',
});

export const masterMissing = defineError<Frame & { type: string; camera: string; setup: string; night: string }>({
  code: 'MASTER_MISSING',
  retry: 'later',
  summary: 'There is no master of the right kind for a frame, and no calibration frames to build it from.',
  message: (f) => `${f.frame}: no master ${f.type} for camera ${f.camera}, ${f.setup}, night ${f.night}`,
  hint: 'Offer calibration frames of this setup (the frame is then tried again by itself), name a master in [Calibration], or write "none" there to do without.',
});

export const masterUnreadable = defineError<{ path: string; what: string }>({
  code: 'MASTER_UNREADABLE',
  retry: 'never',
  summary: 'A master named in [Calibration] cannot be read.',
  message: (f) => `${f.path} is no usable master: ${f.what}`,
  hint: 'Name a FITS image over the data area: bias in adu, dark in adu/s, flat with median 1.',
});

export const inputMissing = defineError<Frame & { module: string; what: string }>({
  code: 'MODULE_INPUT_MISSING',
  retry: 'never',
  summary: 'A module was asked to work on something that the input does not hold.',
  message: (f) => `${f.frame}: ${f.module} needs ${f.what}, which this input does not hold`,
  hint: 'Run the modules before it first, or give the files that they wrote.',
});

export const notAnImage = defineError<Frame & { what: string }>({
  code: 'FRAME_NOT_IMAGE',
  retry: 'never',
  summary: 'A FITS file holds no two-dimensional image.',
  message: (f) => `${f.frame}: ${f.what}`,
  hint: 'Look with "gp1 inspect FILE" at what it holds; raw frames are one image of two axes.',
});

export const frameBlank = defineError<Frame & { what: string }>({
  code: 'FRAME_BLANK',
  retry: 'never',
  summary: 'A frame holds no usable pixels: all blank, or all of one value.',
  message: (f) => `${f.frame}: ${f.what}`,
  hint: 'The read-out or the file writer failed: look at the camera log; nothing can be measured here.',
});

export const productPath = defineError<{ path: string; root: string }>({
  code: 'PRODUCT_PATH',
  retry: 'never',
  summary: 'A product would have been written outside its workspace.',
  message: (f) => `The product ${f.path} would lie outside of ${f.root}`,
  hint: 'A header word or a file name leads out of the workspace: look at the frame with "gp1 inspect".',
});

export const productDiffers = defineError<{ path: string; wanted: string; found: string }>({
  code: 'PRODUCT_DIFFERS',
  retry: 'later',
  summary: 'A product read back from the disk is not what was written.',
  message: (f) => `${f.path} reads back as ${f.found}; written were ${f.wanted}`,
  hint: 'The disk or the network folder loses data: check its health before anything else is written there.',
});
