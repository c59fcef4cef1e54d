import { fitsReadFailed } from './errors.ts';

/** Port: bytes that can be read in pieces: a file, a buffer, an HTTP range. */
export interface ByteSource {
  /** For messages: usually the path. */
  readonly name: string;
  /** Bytes in all. */
  readonly size: number;
  /** Exactly `length` bytes from `offset`; the result may share memory with the source and is not to be written to. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** Bytes that are already in memory; `read` gives views, nothing is copied. */
export function bytesSource(bytes: Uint8Array, name = 'bytes'): ByteSource {
  return {
    name,
    size: bytes.length,
    read: async (offset, length) => bytes.subarray(offset, offset + length),
  };
}

/** Reads and insists on getting all of it: a file may shrink while it is open. */
export async function readExactly(source: ByteSource, offset: number, length: number, hdu: number): Promise<Uint8Array> {
  const bytes = await source.read(offset, length);
  if (bytes.length !== length) {
    const what = `${bytes.length} of ${length} bytes could be read.`;
    throw fitsReadFailed({ file: source.name, hdu, offset, what });
  }
  return bytes;
}
