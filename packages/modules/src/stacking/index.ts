export { chiStack } from './chi-stack.ts';
export * as stackingErrors from './errors.ts';
export { decodeStack, encodeStack } from './stack-file.ts';
export { stacking } from './stacking.ts';
