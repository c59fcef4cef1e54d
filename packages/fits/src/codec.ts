import { Gunzip, gunzipSync, gzipSync } from 'fflate';
import { crc32 } from './crc32.ts';

/** Port: gzip. The built-in one is plain JavaScript; `@colibri/fits/node` brings zlib, which is faster. */
export interface Codec {
  /** Unpacks one gzip stream of at most `most` bytes; throws when it is damaged, cut, or longer. */
  gunzip(packed: Uint8Array, most: number): Uint8Array;
  /** Packs for speed (level 1, as cfitsio does for tiles). */
  gzip(bytes: Uint8Array): Uint8Array;
  /** Unpacks piece by piece, so that a reader can stop early; throws at a damaged or cut stream. */
  gunzipStream(packed: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>;
}

/** deflate cannot pack more tightly than 1 in 1032 (zlib's technical notes). */
export const MOST_RATIO = 1032;

/** Length that the trailer of a gzip stream announces [byte, modulo 2^32]. */
export function gzipLength(packed: Uint8Array): number {
  return new DataView(packed.buffer, packed.byteOffset, packed.byteLength).getUint32(packed.length - 4, true);
}

export const plainCodec: Codec = {
  gunzip(packed, most) {
    if (packed.length < 18 || packed[0] !== 0x1f || packed[1] !== 0x8b) throw new Error('not a gzip stream');
    const length = gzipLength(packed);
    if (length > most) throw new Error(`${length} bytes announced, at most ${most} expected`);
    if (length > packed.length * MOST_RATIO) throw new Error(`${length} bytes announced, more than ${packed.length} can hold`);
    const bytes = gunzipSync(packed, { out: new Uint8Array(length) });
    const wanted = new DataView(packed.buffer, packed.byteOffset).getUint32(packed.length - 8, true);
    if (bytes.length !== length || crc32(bytes) !== wanted) throw new Error('the unpacked bytes do not match their CRC');
    return bytes;
  },
  gzip: (bytes) => gzipSync(bytes, { level: 1, mtime: 0 }),
  gunzipStream,
};

/** fflate leaves the CRC alone, so it is checked here: each member of the stream ends with that of its bytes. */
async function* gunzipStream(packed: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  let ready: Uint8Array[] = [];
  let crc = 0;
  let length = 0;
  let tail: Uint8Array = new Uint8Array(0); // the last bytes seen, enough for a trailer
  let seen = 0;
  const check = (trailer: Uint8Array): void => {
    const view = new DataView(trailer.buffer, trailer.byteOffset, trailer.byteLength);
    if (trailer.length < 8) throw new Error('the stream is cut');
    if (view.getUint32(0, true) !== crc) throw new Error('the unpacked bytes do not match their CRC');
    if (view.getUint32(4, true) !== length >>> 0) throw new Error('the unpacked length does not match the trailer');
  };
  const inflater = new Gunzip((chunk) => {
    if (chunk.length === 0) return;
    crc = crc32(chunk, crc);
    length = (length + chunk.length) % 2 ** 32;
    ready.push(chunk);
  });
  inflater.onmember = (start) => {
    if (start === 0) return;
    const end = start - (seen - tail.length);
    check(tail.subarray(Math.max(0, end - 8), end));
    crc = 0;
    length = 0;
  };
  for await (const chunk of packed) {
    const joined = new Uint8Array(Math.min(tail.length, 64) + chunk.length);
    joined.set(tail.subarray(Math.max(0, tail.length - 64)));
    joined.set(chunk, joined.length - chunk.length);
    tail = joined;
    seen += chunk.length;
    // Small steps keep what one call can produce (1032-fold at most) small.
    for (let i = 0; i < chunk.length; i += 16_384) {
      inflater.push(chunk.slice(i, i + 16_384), false);
      yield* ready;
      ready = [];
    }
  }
  try {
    inflater.push(new Uint8Array(0), true);
  } catch (cause) {
    throw new Error('the stream is cut', { cause });
  }
  yield* ready;
  check(tail.subarray(Math.max(0, tail.length - 8)));
}

let current: Codec = plainCodec;

/** Chooses the codec for this process (or worker); the choice changes speed, never results. */
export function useCodec(codec: Codec): void {
  current = codec;
}

export const codec = (): Codec => current;
