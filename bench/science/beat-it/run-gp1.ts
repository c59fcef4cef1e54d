import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../measured-night.ts';

export const gp1Path = join(root, 'apps/gp1/bin/gp1.mjs');

/** Writes `gp1.cfg` and a pipeline folder below `folder`; frames are looked for in `folder/raw`. */
export function writeGp1Config(folder: string, modules: readonly string[], more: Readonly<Record<string, string>> = {}): string {
  const config = join(folder, 'pipeline');
  mkdirSync(config, { recursive: true });
  mkdirSync(join(folder, 'raw'), { recursive: true });
  const gp1 = join(folder, 'gp1.cfg');
  writeFileSync(
    gp1,
    `[General]
input = ${join(folder, 'raw')}
log_path = ${join(folder, 'log')}
catalog = ${join(folder, 'catalogs')}
database = memory

[field]
processing_strategy = standard
identifier_header = EXPTYPE
identifier_value = object
configuration_path_dir = ${config}
workspace_dir = ${join(folder, 'workspace')}
`,
  );
  writeFileSync(
    join(config, 'pipeline.cfg'),
    `[Workspace]
headers = TRGID,INSTRUME,FILTER

[Input and Output]
input = ${join(folder, 'raw')}
output = ${join(folder, 'workspace')}

[Structure of pipeline]
${modules.map((label) => `${label} = yes`).join('\n')}

[Strategy processing]
mode = standard
`,
  );
  for (const [name, text] of Object.entries(more)) writeFileSync(join(config, name), text);
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
