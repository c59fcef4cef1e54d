import { type FileHandle, open, readFile } from 'node:fs/promises';
import type { Compute } from '@colibri/numerics';

/** A file's bytes, for as long as they are needed. */
export interface InputBytes {
  readonly bytes: Uint8Array;
  free(): void;
}

/** More than that is no frame that the memory of arithmetic could hold unpacked [byte]. */
const LARGEST = 2 ** 28;

/** Reads a file; one that is packed by tiles into the memory of `compute`, where all its threads unpack it without another copy. */
export async function readInput(path: string, compute: Compute): Promise<InputBytes> {
  if (compute.kind === 'scalar' || !/\.fz$/i.test(path)) return { bytes: await readFile(path), free: () => {} };
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    if (size === 0 || size > LARGEST) return { bytes: await file.readFile(), free: () => {} };
    const bytes = compute.uint8(size);
    const free = (): void => compute.free(bytes);
    try {
      const length = await fill(file, bytes);
      return { bytes: bytes.subarray(0, length), free };
    } catch (error) {
      free();
      throw error;
    }
  } finally {
    await file.close();
  }
}

/** Reads until the array is full or the file ends; the bytes read. */
async function fill(file: FileHandle, into: Uint8Array): Promise<number> {
  let done = 0;
  while (done < into.length) {
    const { bytesRead } = await file.read(into, done, into.length - done, done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done;
}
