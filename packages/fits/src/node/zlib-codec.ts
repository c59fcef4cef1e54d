import { Readable } from 'node:stream';
import { constants, createGunzip, gunzipSync, gzipSync } from 'node:zlib';
import { type Codec, useCodec } from '../codec.ts';

/** gzip by Node's zlib: the same results as the built-in codec, about three times faster. */
export const zlibCodec: Codec = {
  gunzip: (packed, most) => gunzipSync(packed, { maxOutputLength: Math.max(1, most) }),
  gzip: (bytes) => gzipSync(bytes, { level: constants.Z_BEST_SPEED }),
  async *gunzipStream(packed) {
    const input = Readable.from(packed, { objectMode: false });
    const gunzip = createGunzip();
    input.on('error', (error) => gunzip.destroy(error));
    try {
      yield* input.pipe(gunzip) as AsyncIterable<Uint8Array>;
    } finally {
      input.destroy();
      gunzip.destroy();
    }
  },
};

/** From here on this process (or worker) packs and unpacks with zlib. */
export const useZlib = (): void => useCodec(zlibCodec);
