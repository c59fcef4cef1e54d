/** How every command of this program ends. */
export const exitCodes = {
  /** Everything that was asked for was done. */
  done: 0,
  /** Some frames failed; the others are done. */
  someFailed: 1,
  /** The configuration, the command line or an input cannot be read. */
  invalid: 2,
  /** The machine: database, disk, permissions, a part that is not built. */
  environment: 3,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** Text for `--help`. */
export const exitCodesHelp = [
  '',
  'Exit codes:',
  '  0  done',
  '  1  some frames failed, the others are done',
  '  2  the configuration, the command line or an input cannot be read',
  '  3  the environment: database, disk, permissions, not built',
].join('\n');
