export { alignment } from './alignment.ts';
export { decodeAlignment, encodeAlignment } from './alignment-file.ts';
