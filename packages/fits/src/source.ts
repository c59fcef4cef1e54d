import { fitsReadFailed } from './errors.ts';

/** Port: bytes that can be read in pieces: a file, a buffer, an HTTP range. */
export interface ByteSource {
  /** For messages: usually the path. */
  readonly name: string;
  /** Bytes in all. */
  readonly size: number;
  /** Exactly `length` bytes from `offset`; the result may share memory with the source and is not to be written to. */
  read(offset: number, length: number): Promise<Uint8Array>;
  /** The same into memory of the caller, where the source can do that; the number of bytes, less where it ends. */
  readInto?(offset: number, target: Uint8Array): Promise<number>;
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
  return bytes.length === length ? bytes : short(source, offset, bytes.length, length, hdu);
}

/** The same into memory of the caller, without a copy in between where the source can do that. */
export async function readExactlyInto(source: ByteSource, offset: number, target: Uint8Array, hdu: number): Promise<void> {
  if (!source.readInto) {
    target.set(await readExactly(source, offset, target.length, hdu));
    return;
  }
  const length = await source.readInto(offset, target);
  if (length !== target.length) short(source, offset, length, target.length, hdu);
}

function short(source: ByteSource, offset: number, found: number, asked: number, hdu: number): never {
  const what = `${found} of ${asked} bytes could be read.`;
  throw fitsReadFailed({ file: source.name, hdu, offset, what });
}
