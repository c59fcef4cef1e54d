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
