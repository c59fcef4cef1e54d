import { createHash } from 'node:crypto';
import { mkdir, readFile, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Files, nodeFiles, storageError, writeAtomically } from '@colibri/base/node';
import { decodeStars, encodeStars } from '../store/tile-file.ts';
import type { StarTable } from '../tables/star-table.ts';

/** Answers on disk, one FITS table each, named by the hash of the question. A release is fixed: they never expire. */
export interface AnswerCache {
  get(question: string): Promise<StarTable | null>;
  put(question: string, answer: StarTable): Promise<void>;
}

export function answerCache(folder: string, files: Files = nodeFiles): AnswerCache {
  const pathOf = (question: string): string => {
    const hash = createHash('sha256').update(question).digest('hex');
    return join(folder, hash.slice(0, 2), `${hash.slice(2, 32)}.fits`);
  };
  return {
    async get(question) {
      const path = pathOf(question);
      const bytes = await readFile(path).catch((error: { code?: string }) => {
        if (error.code === 'ENOENT') return null;
        throw storageError(path, error);
      });
      if (bytes === null) return null;
      try {
        return await decodeStars(bytes, path);
      } catch {
        // A damaged file is no answer: it is asked for again.
        await unlink(path).catch(() => {});
        return null;
      }
    },
    async put(question, answer) {
      const path = pathOf(question);
      await mkdir(dirname(path), { recursive: true }).catch((cause: unknown) => Promise.reject(storageError(path, cause)));
      await writeAtomically(files, path, encodeStars(answer, [['QUERY', question.slice(0, 60)]]));
    },
  };
}
