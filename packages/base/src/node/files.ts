import { randomBytes } from 'node:crypto';
import { type FileHandle, open, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { storageError } from './errors.ts';

/** Port: the few file operations that a durable write needs, so that tests can make any of them fail. */
export interface Files {
  create(path: string): Promise<WritableFile>;
  rename(from: string, to: string): Promise<void>;
  syncFolder(path: string): Promise<void>;
  removeIfPresent(path: string): Promise<void>;
  randomName(): string;
}

export interface WritableFile {
  writeAll(bytes: Uint8Array): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** Makes `bytes` appear at `path` whole or not at all, and durable when the promise resolves. */
export async function writeAtomically(files: Files, path: string, bytes: Uint8Array): Promise<void> {
  const part = `${path}.${files.randomName()}.part`;
  try {
    const handle = await files.create(part); // fails if it exists
    try {
      await handle.writeAll(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await files.rename(part, path);
    await files.syncFolder(dirname(path));
  } catch (cause) {
    await files.removeIfPresent(part);
    throw storageError(path, cause);
  }
}

/** The machine's own disk. */
export const nodeFiles: Files = {
  async create(path) {
    const handle = await open(path, 'wx');
    return {
      writeAll: (bytes) => writeAll(handle, bytes),
      sync: () => handle.sync(),
      close: () => handle.close(),
    };
  },
  rename,
  async syncFolder(path) {
    const handle = await open(path, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
  async removeIfPresent(path) {
    await unlink(path).catch(() => {});
  },
  randomName: () => randomBytes(6).toString('hex'),
};

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done);
    done += bytesWritten;
  }
}
