import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../measured-night.ts';

export const gp1Path = join(root, 'apps/gp1/bin/gp1.mjs');

/** All modules of the strategy `standard`, as `pipeline.cfg` calls them. */
export const everyModule: readonly string[] = [
  'reduction',
  'findstars',
  'alignment',
  'stacking',
  'Photometry',
  'Image subtraction',
  'Summary',
];

export interface Gp1ConfigOptions {
  /** Folder of the run: log, state and workspace lie below it. Default: `folder`. */
  readonly run?: string;
  /** `memory` or `embedded`. */
  readonly database?: string;
  /** Further lines of `[General]`. */
  readonly general?: readonly string[];
}

/** Writes `gp1.cfg` and a pipeline folder; frames are looked for in `folder/raw`, the catalogue in `folder/catalogs`. */
export function writeGp1Config(
  folder: string,
  modules: readonly string[],
  { run = folder, database = 'memory', general = [] }: Gp1ConfigOptions = {},
): string {
  const config = join(run, 'pipeline');
  mkdirSync(config, { recursive: true });
  mkdirSync(join(folder, 'raw'), { recursive: true });
  const gp1 = join(run, 'gp1.cfg');
  writeFileSync(
    gp1,
    `[General]
input = ${join(folder, 'raw')}
log_path = ${join(run, 'log')}
catalog = ${join(folder, 'catalogs')}
database = ${database}
${general.map((line) => `${line}\n`).join('')}
[field]
processing_strategy = standard
identifier_header = EXPTYPE
identifier_value = object
configuration_path_dir = ${config}
workspace_dir = ${join(run, 'workspace')}
`,
  );
  writeFileSync(
    join(config, 'pipeline.cfg'),
    `[Workspace]
headers = TRGID,INSTRUME,FILTER

[Input and Output]
input = ${join(folder, 'raw')}
output = ${join(run, 'workspace')}

[Structure of pipeline]
${modules.map((label) => `${label} = yes`).join('\n')}

[Strategy processing]
mode = standard
`,
  );
  return gp1;
}

/** Runs one command of gp1 to its end; throws with its last lines when it fails. */
export function runGp1(folder: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [gp1Path, ...args], {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (status !== 0) {
    throw new Error(
      `gp1 ${args.join(' ')} ended with code ${status}: ${(stdout + stderr).trim().split('\n').slice(-8).join(' / ')}`,
    );
  }
  return stdout;
}
