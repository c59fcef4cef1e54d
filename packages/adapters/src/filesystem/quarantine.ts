import { constants } from 'node:fs';
import { copyFile, link, mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { basename, extname, join, relative } from 'node:path';
import type { ObservatoryError } from '@colibri/base';
import { nodeFiles, storageError, writeAtomically } from '@colibri/base/node';
import { safeName } from '@colibri/pipeline';

/** Why a file was set aside; the note beside it. */
export interface QuarantineNote {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  /** Where in the file, when the fault has a place [byte]. */
  readonly byteOffset: number | null;
  readonly facts: Readonly<Record<string, unknown>>;
  readonly module: string | null;
  readonly frameId: string;
  readonly key: string | null;
  readonly sourcePath: string;
  readonly sha256: string | null;
  readonly attempts: number;
  readonly quarantinedAt: string;
  readonly software: string;
  /** Command that tries again. */
  readonly replay: string;
}

export interface QuarantineRequest extends Omit<QuarantineNote, 'code' | 'message' | 'hint' | 'byteOffset' | 'facts'> {
  readonly error: ObservatoryError;
}

/** `<root>/<code>/<stem>/`: a copy of the input and `note.json`. */
export interface Quarantine {
  /** Sets a file aside; the input itself stays where it is. Returns the folder. Again for the same bytes: the same folder. */
  keep(request: QuarantineRequest): Promise<string>;
  /** Takes a file out that was processed after all. */
  release(path: string): Promise<void>;
  readonly root: string;
}

export function folderQuarantine(root: string): Quarantine {
  return {
    root,
    async keep({ error, ...request }) {
      const stem = safeName(request.frameId, 'file');
      const folder = await freeFolder(join(root, safeName(error.code)), stem, request.sha256);
      const note: QuarantineNote = {
        code: error.code,
        message: error.message,
        hint: error.hint,
        byteOffset: offsetOf(error),
        facts: error.facts,
        ...request,
      };
      try {
        await mkdir(folder, { recursive: true });
        await keepInput(request.sourcePath, join(folder, `${stem}${endingOf(request.sourcePath)}`));
      } catch (cause) {
        throw storageError(folder, cause);
      }
      await writeAtomically(nodeFiles, join(folder, 'note.json'), new TextEncoder().encode(`${JSON.stringify(note, null, 2)}\n`));
      return folder;
    },
    async release(path) {
      if (relative(root, path).startsWith('..')) return;
      await rm(path, { recursive: true, force: true });
    },
  };
}

/** Other bytes under the same name and code stand beside the first: `<stem>`, `<stem>-2` … */
async function freeFolder(parent: string, stem: string, sha256: string | null): Promise<string> {
  for (let n = 1; ; n++) {
    const folder = join(parent, n === 1 ? stem : `${stem}-${n}`);
    const before = await readFile(join(folder, 'note.json'), 'utf8').catch(() => null);
    if (before === null) {
      const isEmpty = await readdir(folder).then(
        (names) => names.length === 0,
        () => true,
      );
      if (isEmpty || n > 1000) return folder;
      continue;
    }
    if ((JSON.parse(before) as { sha256?: unknown }).sha256 === sha256) return folder;
  }
}

/** A copy, so that a file written over in place later does not change what was set aside; on a full disk a hard link. */
async function keepInput(from: string, to: string): Promise<void> {
  const found = await stat(from).catch(() => null);
  if (!found?.isFile()) return; // gone or no file: only the note is kept
  try {
    await copyFile(from, to, constants.COPYFILE_FICLONE);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return;
    if (code !== 'ENOSPC' && code !== 'EDQUOT') throw error;
    await rm(to, { force: true });
    await link(from, to);
  }
}

const endingOf = (path: string): string => /\.(fits?|fts)(\.(fz|gz))?$/i.exec(basename(path))?.[0] ?? extname(path);

function offsetOf(error: ObservatoryError): number | null {
  const offset = error.facts['offset'] ?? error.facts['byteOffset'] ?? error.facts['actualBytes'];
  return typeof offset === 'number' ? offset : null;
}
