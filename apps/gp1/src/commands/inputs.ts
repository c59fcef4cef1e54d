import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, resolve, sep } from 'node:path';
import { listFrames } from '@colibri/adapters/filesystem';
import { noInput } from '../errors.ts';

/** Which files of a folder a command works on. */
export type InputKind = 'raw' | 'reduced';

/**
 * The files that `--input` means: a folder (searched to the bottom), one FITS file, a list of them, or `@list.txt` with one path per
 * line. Of a workspace only what fits the kind is taken: `reduced/` for modules that work on reduced frames, never products for raw ones.
 */
export async function inputFiles(given: readonly string[], kind: InputKind): Promise<string[]> {
  const files: string[] = [];
  for (const word of given.flatMap(expandList)) {
    const path = resolve(word);
    if (!existsSync(path)) throw noInput({ path: word, what: 'does not exist' });
    if (!statSync(path).isDirectory()) {
      files.push(path);
      continue;
    }
    const found = (await listFrames(path)).filter((file) => !/\.cat\.fits$/i.test(file) && !isAside(file.slice(path.length)));
    const reduced = found.filter((file) => file.split(sep).at(-2) === 'reduced');
    const others = found.filter(
      (file) =>
        !file
          .split(sep)
          .slice(0, -1)
          .some((folder) => folder === 'reduced' || folder === 'catalogs'),
    );
    files.push(...(kind === 'raw' ? others : reduced.length > 0 ? reduced : others));
  }
  if (files.length === 0)
    throw noInput({ path: given.join(', '), what: 'holds no FITS file (.fits, .fit, .fts, also .fz and .gz)' });
  return [...new Set(files)];
}

const isAside = (below: string): boolean => below.split(sep).some((folder) => folder === 'quarantine' || folder === 'masters');

function expandList(word: string): string[] {
  if (!word.startsWith('@')) return word.includes(',') && !existsSync(word) ? word.split(',').filter(Boolean) : [word];
  const path = word.slice(1);
  if (!existsSync(path)) throw noInput({ path, what: 'does not exist' });
  const lines = readFileSync(path, 'utf8').split(/\r?\n/);
  return lines
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => resolve(dirname(path), line));
}
