export type { FileSource } from './file-source.ts';
export { openFileSource, readFitsFile } from './file-source.ts';
export { useZlib, zlibCodec } from './zlib-codec.ts';
