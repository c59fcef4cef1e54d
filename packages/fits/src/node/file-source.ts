import { open } from 'node:fs/promises';
import { fitsReadFailed } from '../errors.ts';
import type { FitsFile } from '../hdu.ts';
import { type OpenOptions, openFits } from '../open.ts';
import { type ByteSource, bytesSource } from '../source.ts';
import { useZlib } from './zlib-codec.ts';

export interface FileSource extends ByteSource {
  close(): Promise<void>;
}

/** A file that is read in pieces, as asked; close it when done. */
export async function openFileSource(path: string): Promise<FileSource> {
  useZlib();
  const handle = await open(path, 'r').catch((cause: unknown) => failed(path, 0, cause));
  try {
    const status = await handle.stat();
    if (!status.isFile()) throw failed(path, 0, new Error('not a regular file'));
    const readInto = async (offset: number, target: Uint8Array): Promise<number> => {
      let done = 0;
      while (done < target.length) {
        const { bytesRead } = await handle
          .read(target, done, target.length - done, offset + done)
          .catch((cause: unknown) => failed(path, offset, cause));
        if (bytesRead === 0) break;
        done += bytesRead;
      }
      return done;
    };
    return {
      name: path,
      size: status.size,
      async read(offset, length) {
        const bytes = new Uint8Array(length);
        const done = await readInto(offset, bytes);
        return done === length ? bytes : bytes.subarray(0, done);
      },
      readInto,
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function failed(file: string, offset: number, cause: unknown): never {
  const what = `cannot be read: ${cause instanceof Error ? cause.message : String(cause)}.`;
  throw fitsReadFailed({ file, hdu: 0, offset, what }, cause);
}

/** Reads a whole file into memory and opens it; nothing stays open. */
export async function readFitsFile(path: string, options?: OpenOptions): Promise<FitsFile> {
  const source = await openFileSource(path);
  try {
    return await openFits(bytesSource(await source.read(0, source.size), path), options);
  } finally {
    await source.close();
  }
}
