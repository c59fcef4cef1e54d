import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, unlink } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { type Files, nodeFiles, storageError, writeAtomically } from '@colibri/base/node';
import { type ProductSink, pipelineErrors } from '@colibri/pipeline';

export interface FolderSinkOptions {
  readonly files?: Files;
}

/** Products as files below one folder (reliability.md §2, points 3 to 7). */
export function folderSink(root: string, { files = nodeFiles }: FolderSinkOptions = {}): ProductSink {
  const base = resolve(root);
  return {
    root: base,
    async commit(path, bytes) {
      const target = resolve(base, path);
      if (!target.startsWith(base + sep)) throw pipelineErrors.productPath({ path, root: base });
      try {
        await makeFolder(dirname(target), files);
      } catch (cause) {
        throw storageError(dirname(target), cause);
      }
      await writeAtomically(files, target, bytes);
      const back = await readFile(target).catch((cause: unknown) => {
        throw storageError(target, cause);
      });
      const [wanted, found] = [digest(bytes), digest(back)];
      if (back.length !== bytes.length || wanted !== found) {
        throw pipelineErrors.productDiffers({
          path: target,
          wanted: `${bytes.length} bytes, ${wanted}`,
          found: `${back.length} bytes, ${found}`,
        });
      }
      return { path: relative(base, target), sha256: wanted, bytes: bytes.length };
    },
  };
}

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Folders are made durable too: an entry that only the cache knows is lost with the power. */
async function makeFolder(folder: string, files: Files): Promise<void> {
  const first = await mkdir(folder, { recursive: true });
  if (first === undefined) return;
  for (let made = folder; made.length >= first.length; made = dirname(made)) await files.syncFolder(dirname(made));
}

/** Removes what a killed process left half-written below a folder: `*.part` of our own naming. */
export async function removeParts(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => []);
  const parts = entries.filter((entry) => entry.isFile() && /\.[0-9a-f]{12}\.part$/.test(entry.name));
  const paths = parts.map((entry) => join(entry.parentPath, entry.name));
  await Promise.all(paths.map((path) => unlink(path).catch(() => {})));
  return paths;
}
