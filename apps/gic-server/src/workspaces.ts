import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { iniName, parseIni } from '@colibri/base';
import { configUnreadable } from './errors.ts';

/** Pipeline → folder of its products, as gp1.cfg says; everything else in that file is gp1's own business. */
export function workspacesOf(gp1Config: string): Map<string, string> {
  let text: string;
  try {
    text = readFileSync(gp1Config, 'utf8');
  } catch (cause) {
    throw configUnreadable({ path: gp1Config, what: 'cannot be read.' }, cause);
  }
  const { ini, problems } = parseIni(text, gp1Config);
  if (problems[0]) throw problems[0];
  const found = new Map<string, string>();
  for (const section of ini.sections.values()) {
    const folder = section.entries.get(iniName('workspace_dir'))?.value;
    if (folder) found.set(section.name, resolve(dirname(resolve(gp1Config)), folder));
  }
  return found;
}

/** `NAME=FOLDER` of the command line. */
export function parseWorkspace(text: string): [name: string, folder: string] {
  const at = text.indexOf('=');
  if (at <= 0 || at === text.length - 1) throw configUnreadable({ path: `--workspace ${text}`, what: 'expected NAME=FOLDER.' });
  return [text.slice(0, at), resolve(text.slice(at + 1))];
}
