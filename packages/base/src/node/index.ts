export { storageError, storageFull, storageIo } from './errors.ts';
export type { Files, WritableFile } from './files.ts';
export { nodeFiles, writeAtomically } from './files.ts';
