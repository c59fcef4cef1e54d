import { codec, MOST_RATIO } from './codec.ts';
import { fitsGzip } from './errors.ts';
import type { Reach } from './reach.ts';
import { type ByteSource, readExactly } from './source.ts';

/** A gzip file as the bytes inside it, unpacked no further than asked, so that a bomb never goes off. */
export function gzipReach(packed: ByteSource): Reach {
  const chunks = codec().gunzipStream(pieces(packed))[Symbol.asyncIterator]();
  let bytes = new Uint8Array(0);
  let length = 0;
  let isDone = false;

  const grow = (room: number): void => {
    if (room <= bytes.length) return;
    const larger = new Uint8Array(room);
    larger.set(bytes.subarray(0, length));
    bytes = larger;
  };

  return {
    name: packed.name,
    get size() {
      return length;
    },
    most: packed.size * MOST_RATIO,
    async read(offset, count) {
      return bytes.subarray(offset, Math.min(length, offset + count));
    },
    async reach(end) {
      while (length < end && !isDone) {
        let next: IteratorResult<Uint8Array>;
        try {
          next = await chunks.next();
        } catch (cause) {
          const what = `the gzip stream fails after ${length} unpacked bytes: ${cause instanceof Error ? cause.message : String(cause)}.`;
          throw fitsGzip({ file: packed.name, hdu: 0, offset: length, what }, cause);
        }
        if (next.done) {
          isDone = true;
          break;
        }
        const needed = length + next.value.length;
        if (needed > bytes.length) grow(Math.max(needed, Math.min(end + 2 * 2880, 2 * needed)));
        bytes.set(next.value, length);
        length = needed;
      }
      return length;
    },
  };
}

async function* pieces(source: ByteSource): AsyncIterable<Uint8Array> {
  for (let at = 0; at < source.size; at += 65_536) {
    yield await readExactly(source, at, Math.min(65_536, source.size - at), 0);
  }
}
